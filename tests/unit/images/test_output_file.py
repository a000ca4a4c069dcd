import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ditherlab.errors import OutputError
from ditherlab.images import free_path, write_atomically
from ditherlab.images.output_file import remove_abandoned

NOBODY = 65534


@pytest.fixture
def umask() -> Iterator[int]:
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def no_links(self: Path, target: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_new_file_has_its_contents_and_the_permissions_of_the_umask(
    tmp_path: Path, umask: int, overwrite: bool
) -> None:
    write_atomically(tmp_path / "new.png", b"pixels", overwrite=overwrite)
    assert (tmp_path / "new.png").read_bytes() == b"pixels"
    assert stat.S_IMODE((tmp_path / "new.png").stat().st_mode) == 0o666 & ~umask
    assert names(tmp_path) == ["new.png"]


def test_a_path_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_atomically("new.png", b"pixels", overwrite=False)
    assert names(tmp_path) == ["new.png"]


@pytest.mark.parametrize("links", [True, False])
def test_an_existing_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    (tmp_path / "old.png").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"old\.png exists already\. Use --overwrite"):
        write_atomically(tmp_path / "old.png", b"new", overwrite=False)
    assert (tmp_path / "old.png").read_bytes() == b"old"
    assert names(tmp_path) == ["old.png"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_in_the_last_moment_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    target = tmp_path / "contested.png"
    sync = os.fsync

    def rival(descriptor: int) -> None:
        sync(descriptor)
        target.write_bytes(b"rival")

    monkeypatch.setattr(os, "fsync", rival)
    with pytest.raises(OutputError, match="exists already"):
        write_atomically(target, b"new", overwrite=False)
    assert target.read_bytes() == b"rival"
    assert names(tmp_path) == ["contested.png"]


def test_where_there_are_no_links_a_new_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", no_links)
    write_atomically(tmp_path / "new.png", b"pixels", overwrite=False)
    assert (tmp_path / "new.png").read_bytes() == b"pixels"
    assert names(tmp_path) == ["new.png"]


def test_an_overwritten_file_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "old.png"
    target.write_bytes(b"old")
    target.chmod(0o640)
    write_atomically(target, b"new", overwrite=True)
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(tmp_path) == ["old.png"]


def test_a_link_is_followed_when_overwriting_and_kept_otherwise(tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to("real.png")
    with pytest.raises(OutputError, match="exists already"):
        write_atomically(link, b"new", overwrite=False)
    write_atomically(link, b"new", overwrite=True)
    assert link.is_symlink()
    assert (tmp_path / "real.png").read_bytes() == b"new"


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_or_an_interrupt_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool, links: bool
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"new\.png cannot be written: no space left on device\."):
        write_atomically(tmp_path / "new.png", b"pixels", overwrite=overwrite)
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "new.png", b"pixels", overwrite=overwrite)
    assert names(tmp_path) == []


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing/new.png", "there is no folder .*missing. Make it first"),
        ("folder", "folder is a folder"),
        ("file/new.png", "cannot be written: .*file is not a folder. Choose another"),
        ("x" * 300, "cannot be written: file name too long"),
        ("nul\0.png", "cannot be written: embedded null byte"),
    ],
)
def test_impossible_paths_are_refused_in_one_line(
    tmp_path: Path, path: str, message: str, overwrite: bool
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=message) as caught:
        write_atomically(tmp_path / path, b"pixels", overwrite=overwrite)
    assert len(str(caught.value).splitlines()) == 1
    assert names(tmp_path) == ["file", "folder"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_without_permission_is_refused(tmp_path: Path, overwrite: bool) -> None:
    tmp_path.chmod(0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        with pytest.raises(OutputError, match=r"new\.png cannot be written: permission denied"):
            write_atomically(tmp_path / "new.png", b"pixels", overwrite=overwrite)
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)
    assert names(tmp_path) == []


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b"pixels", overwrite=True)
    reader.join()
    assert read == [b"pixels"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_the_first_free_name_is_numbered_from_two(tmp_path: Path) -> None:
    assert free_path(tmp_path, "photo", ".png") == tmp_path / "photo.png"
    (tmp_path / "photo.png").touch()
    assert free_path(tmp_path, "photo", ".png") == tmp_path / "photo-2.png"
    (tmp_path / "photo-2.png").symlink_to("nowhere")
    assert free_path(str(tmp_path), "photo", ".png") == tmp_path / "photo-3.png"
    assert free_path(tmp_path, "photo.v1", ".png") == tmp_path / "photo.v1.png"


HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("name", "age_h", "is_removed"),
    [
        (".ditherlab-0123456789abcdef.part", 25, True),
        (".ditherlab-ffffffffffffffff.part", 1000, True),
        (".ditherlab-0123456789abcdef.part", 23, False),
        (".ditherlab-0123456789abcdef.part", -5, False),
        (".ditherlab-0123456789abcde.part", 99, False),
        (".ditherlab-0123456789abcdef.part.png", 99, False),
        (".0123456789abcdef.part", 99, False),
        ("photo.png", 9999, False),
    ],
)
def test_files_of_killed_runs_are_removed_after_a_day(
    name: str, age_h: float, is_removed: bool, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"part")
    now_s = (tmp_path / name).stat().st_mtime + age_h * HOUR_S
    remove_abandoned(tmp_path, now_s)
    assert (tmp_path / name).exists() is not is_removed


def test_only_files_are_removed_and_any_run_removes_them(tmp_path: Path) -> None:
    folder = tmp_path / ".ditherlab-0123456789abcdef.part"
    folder.mkdir()
    os.utime(folder, (0, 0))
    left = tmp_path / ".ditherlab-aaaaaaaaaaaaaaaa.part"
    left.write_bytes(b"part")
    os.utime(left, (0, 0))
    link = tmp_path / ".ditherlab-bbbbbbbbbbbbbbbb.part"
    link.symlink_to(folder)
    os.utime(link, (0, 0), follow_symlinks=False)
    write_atomically(tmp_path / "new.png", b"pixels", overwrite=False)
    assert names(tmp_path) == [folder.name, link.name, "new.png"]


def test_a_temporary_file_has_the_name_that_is_recognized(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As if by a signal that cannot be handled."""

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(os, "fsync", kill)
    monkeypatch.setattr(Path, "unlink", kill)
    with pytest.raises(Killed):
        write_atomically(tmp_path / "new.png", b"pixels", overwrite=False)
    (left,) = tmp_path.iterdir()
    monkeypatch.undo()
    remove_abandoned(tmp_path, left.stat().st_mtime + 25 * HOUR_S)
    assert names(tmp_path) == []


def test_the_folder_is_flushed_after_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    sync = os.fsync

    def record(descriptor: int) -> None:
        flushed.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        assert not flushed[-1] or (tmp_path / "new.png").exists()
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    for overwrite in (False, True):
        write_atomically(tmp_path / "new.png", b"pixels", overwrite=overwrite)
    assert flushed == [False, True] * 2
