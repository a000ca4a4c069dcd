"""A watcher: a small process that ends its process group as soon as the group's owner is gone.

It also works if a process of the group never lets another thread run, or has started others. A
parent-death signal would not do: Linux sends it when the *thread* ends that started the process.
The file is a program too, which imports nothing else of this package:

    python watcher.py LIFELINE OWNER
"""

import os
import select
import signal
import sys

_POLL_INTERVAL_S = 0.5
_MAX_DESCRIPTORS = 1 << 16


def start_watcher(lifeline: int, owner: int) -> None:
    """Make this process the leader of a group, and start its watcher.

    Args:
        lifeline: The end to read of a pipe that nobody writes to. When its other end is closed, or
            the owner or this process has ended, the watcher kills the group. It is closed here.
        owner: The number of the process that holds the other end.
    """
    arguments = [sys.executable, "-I", "-S", __file__, str(lifeline), str(owner)]
    try:
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)
        os.set_inheritable(lifeline, True)
        os.posix_spawn(sys.executable, arguments, os.environ)
        os.close(lifeline)
    except OSError as error:
        # Without a watcher, this process might outlive the run; the run reports that it has ended.
        os.write(2, f"No watcher process could be started: {error.strerror}.\n".encode())
        os._exit(1)


def watch(lifeline: int, owner: int) -> None:
    """Wait until the group has to end, and kill it, this process included."""
    worker = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    # An open copy of another descriptor would hide that its owner has ended.
    os.closerange(0, lifeline)
    os.closerange(lifeline + 1, _MAX_DESCRIPTORS)
    while not select.select([lifeline], [], [], _POLL_INTERVAL_S)[0]:
        # A process that was forked from the owner may hold the lifeline too.
        if os.getppid() != worker or not _exists(owner):
            break
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    watch(int(sys.argv[1]), int(sys.argv[2]))
