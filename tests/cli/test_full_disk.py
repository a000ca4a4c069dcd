"""A disk that is full, and formats that are too small: one line, and nothing is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ditherlab.devices import one_thread
from tests.forks import in_a_fork

OLD = b"old"
FAST = ("--palette", "#000,#f80,#fff", "--steps", "1", "--sweeps", "1")


@pytest.fixture(autouse=True)
def single_thread() -> Iterator[None]:
    # In a copy of a process, torch starts no other threads.
    with one_thread():
        yield


@pytest.mark.parametrize(("broken", "most_bytes"), [("x.png", 200), ("x.json", 1500)])
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_a_full_disk(
    broken: str,
    most_bytes: int,
    overwrite: list[str],
    photo: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    files = {".png": "-o", ".json": "--report"}
    wanted = [suffix for suffix in files if suffix in (".png", Path(broken).suffix)]
    if overwrite:
        for suffix in wanted:
            Path(f"x{suffix}").write_bytes(OLD)
    outputs = [word for suffix in wanted for word in (files[suffix], f"x{suffix}")]
    words = ("optimize", "photo.png", *FAST, *outputs, *overwrite)
    code = in_a_fork(words, most_file_bytes=most_bytes)
    _, err = capfd.readouterr()
    assert code == 1
    assert err.splitlines()[-1] == f"Error: {broken} cannot be written: file too large."
    assert "Traceback" not in err
    left = {path.name for path in Path().iterdir()} - {"photo.png", "x.png"}
    assert left == ({broken} - {"x.png"} if overwrite else set())
    if overwrite:
        assert Path(broken).read_bytes() == OLD
    if broken != "x.png":
        # What was written before stays.
        with Image.open("x.png") as image:
            image.load()


@pytest.mark.parametrize("size", [(1, 65_536), (65_536, 1)])
def test_a_picture_that_is_too_long_for_a_gif(
    size: tuple[int, int], run: Callable[..., Any]
) -> None:
    Image.linear_gradient("L").resize(size).save("long.png")
    ended = run("optimize", "long.png", *FAST, "-o", "x.gif")
    assert ended.code == 1
    assert ended.error == (
        f"A GIF file holds at most 65535 x 65535 pixels, got {size[0]} x {size[1]}. Write a PNG."
    )
    assert not Path("x.gif").exists()


def test_a_long_picture_is_written_as_a_png(run: Callable[..., Any]) -> None:
    Image.linear_gradient("L").resize((1, 65_536)).save("long.png")
    assert run("optimize", "long.png", *FAST, "-o", "x.png").code == 0
    with Image.open("x.png") as image:
        assert image.size == (1, 65_536)
