"""Deadlines for computing a cost: set around a block of code, checked by the code that waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_over: ContextVar[Callable[[], bool] | None] = ContextVar("_is_over", default=None)


class DeadlineError(Exception):
    """The deadline passed before the cost was computed; caught by the code that set it."""


@contextmanager
def deadline(is_over: Callable[[], bool]) -> Iterator[None]:
    """Set a deadline for the block: `check_deadline` raises once `is_over` returns True.

    The deadlines of enclosing blocks apply too.

    Example:
        >>> with deadline(lambda: True):
        ...     check_deadline()
        Traceback (most recent call last):
        ...
        ditherlab.black_box.deadline.DeadlineError
    """
    outer = _is_over.get()
    token = _is_over.set(is_over if outer is None else lambda: outer() or is_over())
    try:
        yield
    finally:
        _is_over.reset(token)


@contextmanager
def no_deadline() -> Iterator[None]:
    """Lift the deadlines of enclosing blocks, for work that is short and must be done.

    Example:
        >>> with deadline(lambda: True), no_deadline():
        ...     check_deadline()
    """
    token = _is_over.set(None)
    try:
        yield
    finally:
        _is_over.reset(token)


def check_deadline() -> None:
    """Raise if the deadline of an enclosing block has passed.

    Raises:
        DeadlineError: If a deadline has passed; never outside a `deadline` block.
    """
    is_over = _is_over.get()
    if is_over is not None and is_over():
        raise DeadlineError
