"""Progress bars for a terminal, and handling of Ctrl-C that keeps the picture of a run."""

import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ditherlab.solver.snapshot import Snapshot

_BAR_LENGTH = 1000


class SecondInterrupt(BaseException):
    """Ctrl-C was pressed twice: not even the picture so far is wanted.

    It is no `Exception`, which code of the user's might catch, and no `KeyboardInterrupt`, which
    the solver catches to return the picture so far.
    """


class Interruption:
    """A handler of Ctrl-C: the first one is recorded, the second one ends the program at once."""

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self) -> bool:
        """Return whether Ctrl-C was pressed."""
        return self.is_asked

    @contextmanager
    def listen(self) -> Iterator["Interruption"]:
        """Handle Ctrl-C inside the block."""
        before = signal.signal(signal.SIGINT, self._on_signal)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:
            raise SecondInterrupt
        self.is_asked = True


class CountdownBar:
    """Show the current measurement and the time left on standard error, if that is a terminal.

    The parts of the work take unequal times, so the caller estimates the time left.
    """

    def __init__(self, *, is_hidden: bool) -> None:
        self._start_s = time.monotonic()
        self._bar = _bar(_BAR_LENGTH, lambda text: text or "", is_hidden=is_hidden, eta=False)

    def __enter__(self) -> "CountdownBar":
        self._bar.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.render_finish()

    def show(self, what: str, seconds_left: float | None) -> None:
        """Show the current measurement; the bar shows the elapsed part of the total time."""
        text, step = what, 0
        if seconds_left is not None:
            gone_s = time.monotonic() - self._start_s
            position = round(_BAR_LENGTH * gone_s / max(gone_s + seconds_left, 1e-9))
            # The bar never moves backwards; the text shows that more time is needed.
            step = max(0, min(position, _BAR_LENGTH - 1) - self._bar.pos)
            text = f"{_spell_seconds(seconds_left)} left  {what}"
        # A wrapped line could not be overwritten.
        room = shutil.get_terminal_size().columns - self._bar.width - 5
        self._bar.update(step, text[: max(room, 0)])
        # click redraws only when the bar moves, not when only the text changes.
        self._bar.render_progress()


class ProgressBar:
    """Show the progress of a run on standard error, if that is a terminal."""

    def __init__(self, *, is_hidden: bool) -> None:
        self._bar = _bar(_BAR_LENGTH, self._describe, is_hidden=is_hidden)

    def __enter__(self) -> "ProgressBar":
        self._bar.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.render_finish()

    def show(self, snapshot: "Snapshot") -> None:
        """Move the bar to the progress of the run."""
        self._bar.update(round(snapshot.progress * _BAR_LENGTH) - self._bar.pos, snapshot)

    def _describe(self, snapshot: "Snapshot | None") -> str:
        if snapshot is None:
            return ""
        return (
            f"{snapshot.stage} {snapshot.step}  expected cost {snapshot.cost:.4g}  entropy "
            f"{snapshot.entropy:.3f}"
        )


def _spell_seconds(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _bar(
    length: int, describe: Callable[[Any], str], *, is_hidden: bool, eta: bool = True
) -> "click._termui_impl.ProgressBar[Any]":
    return click.progressbar(
        length=length,
        file=sys.stderr,
        hidden=is_hidden or not sys.stderr.isatty(),
        item_show_func=describe,
        show_eta=eta,
        show_percent=False,
        width=24,
    )
