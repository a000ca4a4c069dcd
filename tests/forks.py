"""The program in a copy of the test's process, which has loaded torch already."""

import os
import resource
import signal
import sys
import warnings

import ditherlab.__main__
from tests.faults import Faults
from tests.processes import TIMEOUT_S

_FAILED_IN_THE_TEST = 99


def in_a_fork(
    words: tuple[str, ...], faults: Faults | None = None, most_file_bytes: int | None = None
) -> int:
    """Run the program in a copy of this process; return its exit code, or minus a signal.

    Args:
        words: The command line.
        faults: What fails.
        most_file_bytes: Size of a file at which the disk counts as full; None for no limit.
    """
    with warnings.catch_warnings():
        # Newer versions of Python warn of locks that threads may hold; the program needs none.
        warnings.simplefilter("ignore")
        process = os.fork()
    if process == 0:
        try:
            signal.alarm(TIMEOUT_S)
            sys.argv[1:] = words
            if most_file_bytes is not None:
                limits = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_file_bytes, limits[1]))
            with (faults or Faults()).active():
                ditherlab.__main__.main()
        finally:
            os._exit(_FAILED_IN_THE_TEST)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)
