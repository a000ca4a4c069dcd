"""The exceptions that ditherlab raises, all derived from `DitherlabError`.

A message reads ``<what was given> must be <rule>, got <value>. <What to do instead.>``. The
command line prints it and exits with `exit_code`: 2 for an invalid request, 1 for a valid request
that failed.
"""


class DitherlabError(Exception):
    """Base class of all errors of ditherlab; never raised itself."""

    exit_code = 1


class RequestError(DitherlabError, ValueError):
    """A value, a name or a combination that is invalid for any picture and on any machine."""

    exit_code = 2


class AbilityError(RequestError):
    """An estimator or optimizer needs an ability that the objective or estimator lacks."""


class PictureError(DitherlabError, ValueError):
    """A file or array that is not a usable picture, or has the wrong size for the request."""


class PaletteError(DitherlabError, ValueError):
    """A file without a usable palette."""


class PaletteRequestError(RequestError):
    """An unknown palette name, or invalid colors in a request."""


class ResultsError(DitherlabError, ValueError):
    """A file that does not hold the results of a sweep."""


class CheckpointError(DitherlabError, ValueError):
    """A file that is no checkpoint, or one that the run at hand cannot go on from."""


class DeviceError(DitherlabError, RuntimeError):
    """A device that this machine or this build of torch lacks."""


class OutputError(DitherlabError, OSError):
    """An output file that cannot be written, or exists already."""


class CodeError(DitherlabError, RuntimeError):
    """A Python file or module of the user's own that cannot be loaded."""


class ObjectiveError(DitherlabError, RuntimeError):
    """An objective that failed while it priced a picture."""


class ProofError(DitherlabError, AssertionError):
    """An estimator whose mean is another than it claims."""


class ProcessError(DitherlabError, RuntimeError):
    """Worker processes that cannot be started."""


class StageError(DitherlabError, RuntimeError):
    """A stage of the user's own that failed, or left a state that is not valid."""
