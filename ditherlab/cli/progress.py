"""A progress bar on a terminal, and Ctrl-C that ends a run without losing its picture."""

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


class Interruption:
    """Remember a first Ctrl-C; a second one ends the program at once."""

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self) -> bool:
        """Say whether the run shall end."""
        return self.is_asked

    @contextmanager
    def listen(self) -> Iterator["Interruption"]:
        """Catch Ctrl-C inside the block."""
        before = signal.signal(signal.SIGINT, self._on_signal)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:
            # Not KeyboardInterrupt, with which the solver would hand out what it has.
            raise click.Abort
        self.is_asked = True


class CountdownBar:
    """Show what is being measured and how long all of it still takes, if anybody watches.

    The work is uneven, so that the time left cannot be told from the part that is done: whoever
    measures tells it.
    """

    def __init__(self, *, is_hidden: bool) -> None:
        self._start_s = time.monotonic()
        self._bar = _bar(_BAR_LENGTH, lambda words: words or "", is_hidden=is_hidden, eta=False)

    def __enter__(self) -> "CountdownBar":
        self._bar.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.render_finish()

    def show(self, what: str, seconds_left: float | None) -> None:
        """Name what is being measured; the bar stands where the clock does."""
        words, step = what, 0
        if seconds_left is not None:
            gone_s = time.monotonic() - self._start_s
            position = round(_BAR_LENGTH * gone_s / max(gone_s + seconds_left, 1e-9))
            # A bar that went backwards would look broken; the words say that more time is needed.
            step = max(0, min(position, _BAR_LENGTH - 1) - self._bar.pos)
            words = f"{_spell_seconds(seconds_left)} left  {what}"
        # A line that wraps could not be overwritten.
        room = shutil.get_terminal_size().columns - self._bar.width - 5
        self._bar.update(step, words[: max(room, 0)])
        # click draws nothing as long as the bar stands, though the words change.
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
        """Move the bar to where the run is."""
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
