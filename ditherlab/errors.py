"""What goes wrong, as one family of exceptions.

A message reads ``<what was given> must be <rule>, got <value>. <What to do instead.>``; the
command line prints it and exits with `exit_code`: 2 for a request that cannot be meant, 1 for one
that could not be carried out here.
"""


class DitherlabError(Exception):
    """Anything that ditherlab refuses or fails to do; never raised itself."""

    exit_code = 1


class RequestError(DitherlabError, ValueError):
    """A value, a name or a combination that no picture and no machine could make work."""

    exit_code = 2


class AbilityError(RequestError):
    """An estimator or optimizer needs what the objective or the estimator does not offer."""


class PictureError(DitherlabError, ValueError):
    """A file or an array that is no usable picture, or too small or large for what was asked."""


class PaletteError(DitherlabError, ValueError):
    """A file that holds no usable palette."""


class PaletteRequestError(RequestError):
    """A palette named or spelled out wrongly."""


class ResultsError(DitherlabError, ValueError):
    """A file that holds something else than the results of a sweep."""


class DeviceError(DitherlabError, RuntimeError):
    """A device that this machine, or this build of torch, does not have."""


class OutputError(DitherlabError, OSError):
    """A file that cannot be written, or would be overwritten."""


class ObjectiveError(DitherlabError, RuntimeError):
    """An objective that failed while it priced a picture."""
