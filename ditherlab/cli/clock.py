"""The clock that commands pass to the library; tests replace it."""

import time


def now() -> float:
    """Return the seconds of a monotonic clock."""
    return time.monotonic()
