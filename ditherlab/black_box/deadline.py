"""How long to wait for a cost: whoever starts a run says it, whoever waits asks for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_gives_up: ContextVar[Callable[[], bool] | None] = ContextVar("_gives_up", default=None)


class DeadlineError(Exception):
    """Nobody waits for this cost any more; the one who set the limit catches it."""


@contextmanager
def deadline(gives_up: Callable[[], bool]) -> Iterator[None]:
    """Let whoever waits inside the block ask `gives_up` whether to go on waiting.

    The limits of blocks around this one hold inside it, too.

    Example:
        >>> with deadline(lambda: True):
        ...     check_deadline()
        Traceback (most recent call last):
        ...
        ditherlab.black_box.deadline.DeadlineError
    """
    outer = _gives_up.get()
    token = _gives_up.set(gives_up if outer is None else lambda: outer() or gives_up())
    try:
        yield
    finally:
        _gives_up.reset(token)


def check_deadline() -> None:
    """Stop waiting if nobody wants the answer any more.

    Raises:
        DeadlineError: If the limit is reached; without a limit, never.
    """
    gives_up = _gives_up.get()
    if gives_up is not None and gives_up():
        raise DeadlineError
