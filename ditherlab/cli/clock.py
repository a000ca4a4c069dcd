"""The clock that commands hand to the library; tests replace it."""

import time


def now() -> float:
    """Return seconds that never go back."""
    return time.monotonic()
