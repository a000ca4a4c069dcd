"""Progress bars for a terminal, and handling of Ctrl-C that keeps the picture of a run."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ditherlab.cli.streams import write_to_stderr
from ditherlab.images import printable

if TYPE_CHECKING:
    from ditherlab.solver.snapshot import Snapshot

_BAR_LENGTH = 1000
_MIN_COLUMNS = 40

# A run of more pixels says after so many seconds how long it will take.
_MANY_PIXELS = 4_000_000
_LOOKS_S = 2.0

# Sent by `kill` and at shutdown, and by a terminal that is closed.
_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")


class SecondInterrupt(BaseException):
    """The program shall end at once: not even the picture so far is wanted, or it is written.

    It is no `Exception`, which code of the user's might catch, and no `KeyboardInterrupt`, which
    the solver catches to return the picture so far.
    """


class Interruption:
    """A handler of Ctrl-C and of signals to end: the first is recorded, the second ends at once."""

    def __init__(self) -> None:
        self.is_asked = False
        self._ends_at_once = False

    def __call__(self) -> bool:
        """Return whether an end was asked for."""
        return self.is_asked

    @contextmanager
    def listen(self) -> Iterator["Interruption"]:
        """Handle signals inside the block; those to end stay ignored if they are."""
        before = {signal.SIGINT: signal.signal(signal.SIGINT, self._on_signal)}
        for name in _ENDING_SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, self._on_signal)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def end_at_once(self) -> None:
        """End the program at the next signal, because the picture is written."""
        self._ends_at_once = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # A terminal that closes and a system that shuts down may send several signals.
        is_repeated = self.is_asked and number == signal.SIGINT
        if self._ends_at_once or is_repeated:
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

    def note(self, text: str) -> None:
        """Write a line to standard error; the bar goes on below it."""
        write_to_stderr(text if self._bar.hidden else f"\n{text}")

    def _describe(self, snapshot: "Snapshot | None") -> str:
        if snapshot is None:
            return ""
        return (
            f"{snapshot.stage} {snapshot.step}  expected cost {snapshot.cost:.4g}  entropy "
            f"{snapshot.entropy:.3f}"
        )


class TimeLeft:
    """Say once how long the run of a large picture will take.

    Args:
        num_pixels: Of the picture.
        note: Gets the sentence.
    """

    def __init__(self, num_pixels: int, note: Callable[[str], None]) -> None:
        self._is_over = num_pixels <= _MANY_PIXELS
        self._note = note

    def see(self, snapshot: "Snapshot") -> None:
        """Say it, if the run has begun a while ago and is not nearly done."""
        if self._is_over or snapshot.seconds < _LOOKS_S or not snapshot.progress:
            return
        self._is_over = True
        left_s = snapshot.seconds * (1 - snapshot.progress) / snapshot.progress
        if left_s >= 1:
            self._note(f"The picture is ready in about {_spell_duration(left_s)}.")


def _spell_duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds" if round(seconds) > 1 else "a second"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def _spell_seconds(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _shows_bars() -> bool:
    """Return whether standard error is a terminal that can overwrite a line."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    has_room = shutil.get_terminal_size().columns >= _MIN_COLUMNS
    return is_terminal and has_room and os.environ.get("TERM") != "dumb"


def _bar(
    length: int, describe: Callable[[Any], str], *, is_hidden: bool, eta: bool = True
) -> "click._termui_impl.ProgressBar[Any]":
    return click.progressbar(
        length=length,
        file=sys.stderr,
        hidden=is_hidden or not _shows_bars(),
        item_show_func=lambda item: printable(describe(item)),
        show_eta=eta,
        show_percent=False,
        width=24,
    )
