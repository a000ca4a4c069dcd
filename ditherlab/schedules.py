"""Schedules: functions that return a value for the progress of a run, from 0 to 1."""

from collections.abc import Callable

from ditherlab.errors import RequestError

Schedule = Callable[[float], float]


def constant(value: float) -> Schedule:
    """Return a schedule with one constant value."""
    return lambda _progress: value


def exponential(start: float, end: float) -> Schedule:
    """Return a schedule that decays or grows exponentially from `start` to `end`.

    Example:
        >>> schedule = exponential(1.0, 0.01)
        >>> [round(schedule(progress), 3) for progress in (0.0, 0.5, 1.0)]
        [1.0, 0.1, 0.01]
    """
    return lambda progress: float(start * (end / start) ** progress)


def parse_temperatures(text: str) -> tuple[float, float]:
    """Parse `START:END`, or one number for both.

    Raises:
        RequestError: If either value is not a positive number.

    Example:
        >>> parse_temperatures("1:0.1")
        (1.0, 0.1)
    """
    start, _, end = text.partition(":")
    try:
        temperatures = (float(start), float(end or start))
    except ValueError:
        temperatures = (0.0, 0.0)
    if not all(0 < temperature < float("inf") for temperature in temperatures):
        raise RequestError(
            f"A temperature must be two positive numbers START:END, got '{text}'. Try 1:0.01."
        )
    return temperatures
