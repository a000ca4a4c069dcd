"""Checks of the options of a run that only Python has."""

import os
from typing import Any

from ditherlab.errors import RequestError
from ditherlab.naming import spell_value
from ditherlab.problem import Limits
from ditherlab.request.plain_values import checked_value
from ditherlab.solver.checkpoint import Checkpoint


def check_callables(**options: Any) -> None:
    """Refuse options that are no functions, by their names.

    Raises:
        RequestError: If one cannot be called.
    """
    for name, value in options.items():
        if not callable(value):
            raise RequestError(f"`{name}=` must be a function, got {spell_value(value)}.")


def check_paths(**options: Any) -> None:
    """Refuse options that are no paths, by their names; None and checkpoints are passed over.

    Raises:
        RequestError: If one is no path.
    """
    for name, value in options.items():
        if value is not None and not isinstance(value, str | os.PathLike | Checkpoint):
            raise RequestError(f"`{name}=` must be a path, got {spell_value(value)}.")


def check_limits(limits: object) -> None:
    """Refuse anything but `Limits` or None.

    Raises:
        RequestError: If it is something else.
    """
    if limits is not None and not isinstance(limits, Limits):
        raise RequestError(
            f"`limits=` must be `Limits`, got {spell_value(limits)}. Use `Limits(seconds=20)`, or "
            "`max_seconds=20`."
        )


def check_reports(seconds_between_reports: Any, num_report_samples: Any) -> None:
    """Check the options about reports.

    Raises:
        RequestError: If one is no number, or too small.
    """
    seconds = checked_value("`seconds_between_reports=`", seconds_between_reports, float)
    if not seconds >= 0:
        raise RequestError(f"`seconds_between_reports=` must be at least 0, got {seconds:g}.")
    num_samples = checked_value("`num_report_samples=`", num_report_samples, int)
    if num_samples is not None and num_samples < 1:
        raise RequestError(
            f"`num_report_samples=` must be at least 1, got {num_samples}. Leave it out to report "
            "the costs of steps."
        )
