"""Estimators that work where another one is refused."""

from collections.abc import Callable, Iterator
from math import log2

from ditherlab.estimators.registry import ESTIMATORS
from ditherlab.protocol import Estimator
from ditherlab.specs import variants_of


def alternatives(refused: Estimator, suits: Callable[[Estimator], bool]) -> Iterator[str]:
    """Yield estimators that suit as text, those most like a refused one first."""
    others = sorted(ESTIMATORS.defaults().values(), key=str)
    for other in (*variants_of(refused), *others):
        if suits(other):
            yield str(other)


def takes_size(estimator: Estimator, num_colors: int, num_pixels: int) -> bool:
    """Return whether an estimator takes so many colors, and the pictures are few enough to list."""
    if estimator.num_colors not in (None, num_colors):
        return False
    most = estimator.max_num_pictures
    return most is None or (num_pixels <= log2(most) and num_colors**num_pixels <= most)
