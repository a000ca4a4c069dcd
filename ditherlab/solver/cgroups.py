"""Limits of memory that the system sets to a group of processes, such as a container."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_OWN_GROUPS = Path("/proc/self/cgroup")
_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class _Version:
    """The files of one version of control groups.

    Attributes:
        folder: In which the groups lie.
        limit: File with the limit in bytes; in version 2 it may hold `max`.
        usage: File with the bytes in use, file caches included.
        cache: Word of `memory.stat` for file caches that the system gives up.
    """

    folder: str
    limit: str
    usage: str
    cache: str


_VERSIONS = (
    _Version("", "memory.max", "memory.current", "inactive_file"),
    _Version("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def group_memory_bytes() -> int | None:
    """Return what is left of the tightest limit of this process's groups; None without a limit."""
    left = [
        num_bytes
        for version in _VERSIONS
        for group in _groups(version)
        if (num_bytes := _left(group, version)) is not None
    ]
    return min(left, default=None)


def _groups(version: _Version) -> Iterator[Path]:
    """Yield the folders of the groups that this process is in, and of those around them."""
    own = PurePosixPath("/")
    with suppress(OSError):
        for line in _OWN_GROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if version.folder in controllers.split(","):
                own = PurePosixPath(path)
    # In a container, the path may be one of the machine outside.
    for place in (own, *own.parents):
        yield _ROOT / version.folder / str(place).lstrip("/")


def _left(group: Path, version: _Version) -> int | None:
    try:
        limit = int((group / version.limit).read_text())
        usage = int((group / version.usage).read_text())
    except (OSError, ValueError):
        return None
    return max(0, limit - usage + _cache_bytes(group, version))


def _cache_bytes(group: Path, version: _Version) -> int:
    with suppress(OSError, ValueError):
        for line in (group / "memory.stat").read_text().splitlines():
            word, _, value = line.partition(" ")
            if word == version.cache:
                return int(value)
    return 0
