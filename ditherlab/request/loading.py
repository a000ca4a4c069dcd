"""The time limit for loading Python code."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ditherlab.black_box.deadline import deadline

# An import of torch alone takes seconds.
_LEAST_SECONDS = 5.0


@contextmanager
def loading_deadline(max_seconds: float | None, clock: Callable[[], float]) -> Iterator[None]:
    """Limit the time for loading Python code in the block.

    Args:
        max_seconds: The time limit of the run; loading has at least `_LEAST_SECONDS`.
        clock: Returns seconds.
    """
    start_s = clock()
    limit_s = math.inf if max_seconds is None else max(max_seconds, _LEAST_SECONDS)
    with deadline(lambda: clock() - start_s > limit_s):
        yield
