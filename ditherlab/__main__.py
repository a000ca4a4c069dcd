"""The program: what must be done before anything is imported that takes time.

Ctrl-C and signals that end a process are one message and exit code 130 from the first moment.
"""

import os
import signal
import sys
from contextlib import suppress
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

    def stop(self) -> None:
        """Ignore signals from now on: all is written, and the exit code is known."""
        for name in ("SIGINT", *_ENDING_SIGNALS):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            # C++ code of a module may end the process if an error is raised while it is imported.
            _write_message()
            os._exit(_INTERRUPTED)
        if self.has_come and number == signal.SIGINT:
            os._exit(_INTERRUPTED)
        if not self.has_come:
            self.has_come = True
            raise KeyboardInterrupt


def main() -> None:
    """Run the program."""
    interrupts = _Interrupts()
    code: object = 0
    try:
        interrupts.listen()
        _reserve_standard_descriptors()
        from ditherlab.cli import main as run_command

        run_command()
    except SystemExit as end:
        code = 0 if end.code is None else end.code
    except KeyboardInterrupt:
        _write_message()
        code = _INTERRUPTED
    interrupts.stop()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    # Without this, torch is torn down for a while, in which Python handles no signal any more.
    os._exit(code if isinstance(code, int) else 1)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _write_message() -> None:
    with suppress(OSError):
        os.write(2, b"Error: Interrupted; nothing was written.\n")


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
