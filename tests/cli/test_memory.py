"""A picture that is too large for the memory at hand is refused before the work."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ditherlab.kernels import KERNELS_VARIABLE, kernels_for

MIB = 2**20


@pytest.fixture(autouse=True)
def torch_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests are about planes, of which torch needs more than the kernels."""
    monkeypatch.setenv(KERNELS_VARIABLE, "torch")


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Pretend that so many bytes of memory are free."""
    return lambda num_bytes: monkeypatch.setattr(
        "ditherlab.solver.memory.free_memory_bytes", lambda device: num_bytes
    )


def test_a_picture_of_four_megapixels_is_refused_where_memory_is_small(
    run: Callable[..., Any],
    folder: Path,
    free: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.new("L", (2000, 1875), 1).save("large.png")
    free(128 * MIB)
    # If the check lets it pass, it must not take the memory of the tests.
    monkeypatch.setattr("ditherlab.solver.solver.Loop", None)
    ended = run("optimize", "large.png")
    assert ended.code == 1
    found = re.fullmatch(
        r"A picture of 2000 x 1875 pixels with 16 colors needs about \d+ MiB of memory for "
        r"(the metrics|`polish`), and 96 MiB are allowed\. Make it smaller than about (\d+) x "
        r"(\d+), use fewer colors, or allow more \(`--max-memory`, `Limits\(.*\)`\)\.",
        ended.error,
    )
    assert found
    assert 250 < int(found[3]) < int(found[2]) < 1000
    assert not Path("large-dithered.png").exists()


def test_more_colors_need_more_memory(
    photo: Path, run: Callable[..., Any], free: Callable[[int], None]
) -> None:
    free(4 * 2**20)
    assert run("optimize", photo, "--colors", "2", "--steps", "2").code == 0
    ended = run("optimize", photo, "--colors", "256", "--steps", "2", "--estimator", "st")
    assert ended.code == 1
    assert "with 256 colors needs about" in ended.error


def test_a_limit_below_the_need_is_one_line_before_the_work(
    photo: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.request.job.optimize", None)
    ended = run("optimize", photo, "--colors", "2", "--max-memory", "300kB")
    assert ended.code == 1
    assert ", and 293 KiB are allowed. Make it smaller than about " in ended.error
    ended = run("optimize", photo, "--colors", "2", "--max-memory", "9")
    assert ended.code == 1
    assert ended.error.startswith("The memory must be at least 608 bytes for ")
    assert not Path("photo-dithered.png").exists()


def test_the_kernels_need_room_for_a_tile(
    photo: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KERNELS_VARIABLE)
    if kernels_for("cpu") is None:
        pytest.skip("there are no compiled kernels here")
    ended = run("optimize", photo, "--colors", "2", "--max-memory", "500kB")
    assert ended.code == 1
    assert re.match(r"The memory must be at least (\d+ KiB|1\.\d MiB) for ", ended.error)
    assert run("optimize", photo, "--colors", "2", "--max-memory", "10MiB").code == 0


@pytest.mark.parametrize(
    "size", ["", "0", "0.2", "-5", "4G", "4 apples", "1e9", "GiB", "1_000", "9" * 30]
)
def test_a_size_that_is_none(size: str, run: Callable[..., Any]) -> None:
    # The source is missing: had anything been done before, that would be the message.
    ended = run("optimize", "missing.png", "--max-memory", size)
    assert ended.code == 2
    assert ended.error.startswith("`--max-memory` must be ")


def test_a_run_says_what_it_takes(
    photo: Path, optimize: Callable[..., Any], free: Callable[[int], None]
) -> None:
    free(400 * MIB)
    assert "memory: about " not in optimize(photo, "--colors", "2").err
    assert re.search(r"^memory: about \d\.\d MiB of 300 MiB$", optimize(photo, "-v").err, re.M)
    assert " of 2.0 GiB\n" in optimize(photo, "-v", "--max-memory", "2GiB").err


def test_a_run_that_takes_much_says_so_first(
    photo: Path, optimize: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.cli.console._MUCH_MEMORY_BYTES", 1000)
    sentence = r"The run takes about \d+ KiB of memory\.\n"
    assert re.match(sentence, optimize(photo, "--colors", "2").err)
    assert not re.search(sentence, optimize(photo, "--colors", "2", "-q").err)
