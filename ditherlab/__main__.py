"""The program: what must be done before anything is imported that takes time.

Ctrl-C and signals that end a process are one message and exit code 130 from the first moment.
"""

import os
import signal
import sys
from types import FrameType

_INTERRUPTED = 130
_STANDARD_DESCRIPTORS = (0, 1, 2)
_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")


class _Interrupts:
    """The handler of signals that end the program, until a command handles them itself."""

    def __init__(self) -> None:
        self.has_come = False

    def listen(self) -> None:
        """Handle Ctrl-C, and the signals to end and of a closed terminal in the same way."""
        signal.signal(signal.SIGINT, self._on_signal)
        for name in _ENDING_SIGNALS:
            number = getattr(signal, name, None)
            # `nohup` and shells have signals ignored that must not end the program.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.has_come = True
        raise KeyboardInterrupt


def main() -> None:
    """Run the program."""
    interrupts = _Interrupts()
    try:
        interrupts.listen()
        _reserve_standard_descriptors()
        from ditherlab.cli import main as run_command

        run_command()
    except KeyboardInterrupt:
        _end()
    except Exception:
        # Modules that are interrupted while they are imported raise errors of their own.
        if not interrupts.has_come:
            raise
        _end()


def _end() -> None:
    if sys.stderr is not None:
        sys.stderr.write("Error: Interrupted; nothing was written.\n")
    sys.exit(_INTERRUPTED)


def _reserve_standard_descriptors() -> None:
    """Open the null device in place of standard streams that are closed.

    Otherwise the next file that is opened would get the number of a standard stream, and messages
    of C libraries would end up in it.
    """
    for descriptor in _STANDARD_DESCRIPTORS:
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is taken, which is this one.
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    main()
