"""Safe writing of output files: atomically, and without overwriting unless asked to."""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from ditherlab.errors import OutputError
from ditherlab.images.label import path_label

# Temporary files have a name of their own, so that those of killed runs can be recognized.
_TEMPORARY = ".ditherlab-{token}.part"
_TEMPORARY_NAME = re.compile(r"\.ditherlab-[0-9a-f]{16}\.part")
_ABANDONED_AFTER_S = 24 * 3600.0


def write_atomically(path: str | os.PathLike[str], data: bytes, *, overwrite: bool) -> None:
    """Write a temporary file and move it into place, so that readers never see a partial file.

    A new file has the permissions that the umask grants; an overwritten file keeps its own. Links
    are followed when overwriting. A device or a pipe is written to directly. The file and its
    folder are flushed to the disk. Temporary files in the folder that a killed run left more than a
    day ago are removed.

    Args:
        path: path of the file.
        data: contents of the file.
        overwrite: whether an existing file may be replaced.

    Raises:
        OutputError: if the file exists and may not be replaced, its folder is missing or not
            writable, the path is a folder, or the disk is full. No temporary file is left behind.
    """
    target = Path(path)
    label = path_label(target)
    with _explained(label):
        mode = _checked_mode(target, label, overwrite=overwrite)
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(data)
        elif overwrite:
            _replace(target.resolve(), data, mode)
        else:
            _create(target, data, label)


def check_writable(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Check, before any work is done, that `write_atomically` could write a file.

    Args:
        path: path of the file.
        overwrite: whether an existing file may be replaced.

    Raises:
        OutputError: for every error that can be detected without writing.
    """
    target = Path(path)
    label = path_label(target)
    with _explained(label):
        mode = _checked_mode(target, label, overwrite=overwrite)
        is_new = mode is None or stat.S_ISREG(mode)
        place = target.resolve().parent if is_new else target
        if not os.access(place, os.W_OK):
            raise PermissionError


def free_path(folder: str | os.PathLike[str], stem: str, suffix: str) -> Path:
    """Find an unused name: `stem.png`, else `stem-2.png`, `stem-3.png`, and so on.

    Another program may create the file in the meantime; `write_atomically` without `overwrite`
    detects that.

    Args:
        folder: folder of the file.
        stem: the name without its suffix.
        suffix: the suffix with its dot, such as `.png`.

    Returns:
        The first path that does not exist, not even as a broken link.
    """
    first = Path(folder) / f"{stem}{suffix}"
    if not os.path.lexists(first):
        return first
    numbered = (first.with_name(f"{stem}-{number}{suffix}") for number in count(2))
    return next(path for path in numbered if not os.path.lexists(path))


def _checked_mode(target: Path, label: str, *, overwrite: bool) -> int | None:
    """Return the mode of an existing file, or None; raise if the target must not be written."""
    mode = _mode(target)
    if mode is not None and stat.S_ISDIR(mode):
        raise OutputError(f"{label} is a folder. Name a file in it.")
    folder = path_label(target.parent)
    if mode is None and not target.parent.is_dir():
        if os.path.lexists(target.parent):
            raise OutputError(
                f"{label} cannot be written: {folder} is not a folder. Choose another."
            )
        raise OutputError(f"{label} cannot be written: there is no folder {folder}. Make it first.")
    if not overwrite and os.path.lexists(target) and (mode is None or stat.S_ISREG(mode)):
        raise _taken(label)
    return mode


def _taken(label: str) -> OutputError:
    return OutputError(f"{label} exists already. Use --overwrite (`overwrite=True`) to replace it.")


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    with _written_beside(target, data) as beside:
        if mode is not None:
            beside.chmod(stat.S_IMODE(mode))
        beside.replace(target)


def _create(target: Path, data: bytes, label: str) -> None:
    with _written_beside(target, data) as beside:
        try:
            target.hardlink_to(beside)
        except FileExistsError:
            raise _taken(label) from None
        except (OSError, NotImplementedError):
            if not _claim(target, beside):
                raise _taken(label) from None


def _claim(target: Path, beside: Path) -> bool:
    """Move a file into place on a file system without hard links, such as FAT.

    An empty file reserves the name first.
    """
    try:
        target.open("xb").close()
    except FileExistsError:
        return False
    try:
        beside.replace(target)
    except BaseException:
        target.unlink()
        raise
    return True


@contextmanager
def _written_beside(target: Path, data: bytes) -> Iterator[Path]:
    remove_abandoned(target.parent)
    beside = target.with_name(_TEMPORARY.format(token=secrets.token_hex(8)))
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield beside
        _flush_folder(target.parent)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


def remove_abandoned(folder: Path, now_s: float | None = None) -> None:
    """Remove temporary files that killed runs left in a folder more than a day ago.

    Args:
        folder: The folder.
        now_s: The present time in seconds since 1970; None for that of the system.
    """
    now_s = time.time() if now_s is None else now_s
    # A folder that cannot be listed, or a file of another user, is left as it is.
    with suppress(OSError):
        for path in folder.iterdir():
            if _TEMPORARY_NAME.fullmatch(path.name) is None:
                continue
            with suppress(OSError):
                status = path.lstat()
                is_old = now_s - status.st_mtime > _ABANDONED_AFTER_S
                if stat.S_ISREG(status.st_mode) and is_old:
                    path.unlink()


def _flush_folder(folder: Path) -> None:
    """Flush the entry of a new file to the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _explained(label: str) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except PermissionError:
        raise OutputError(
            f"{label} cannot be written: permission denied. Choose another folder."
        ) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise OutputError(f"{label} cannot be written: {reason}.") from error
