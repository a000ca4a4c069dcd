"""Pictures that `optimize` writes: formats, folders, sizes, positions of palettes."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ditherlab.images import ENCODERS, Encoder
from tests.png_files import png

Optimize = Callable[..., Any]
Run = Callable[..., Any]

QUICK = ("--palette", "pico-8", "--preset", "fast")


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.name)
def test_the_suffix_sets_the_format(encoder: Encoder, photo: Path, optimize: Optimize) -> None:
    optimize(photo, *QUICK, "-o", "plain.png")
    for suffix in encoder.suffixes:
        ended = optimize(photo, *QUICK, "--json", "-o", f"x{suffix.upper()}")
        path = Path(f"x{suffix.upper()}")
        with Image.open(path) as image, Image.open("plain.png") as plain:
            assert image.format == encoder.name.upper()
            assert (np.asarray(image.convert("RGB")) == np.asarray(plain.convert("RGB"))).all()
        # The size that is reported is the file's.
        assert json.loads(ended.out)["bytes"] == path.stat().st_size


@pytest.mark.parametrize("name", ["x.jpg", "x.jpeg", "x", "x.txt", "x.svg", "x.png.bak"])
def test_any_other_suffix_is_refused_before_any_work(name: str, run: Run) -> None:
    # The source is missing: had anything been done before, that would be the message.
    ended = run("optimize", "missing.png", "-o", name)
    assert ended.code == 2
    assert ended.error.startswith("`--output` must be a file that ends in one of .png .gif")


@pytest.mark.parametrize("output", ["there", "there/", "./there", "./", "."])
def test_a_folder_gets_a_file_named_after_the_source(
    output: str, photo: Path, optimize: Optimize
) -> None:
    Path("there").mkdir()
    for name in ("photo-dithered.png", "photo-dithered-2.png"):
        ended = optimize(photo, *QUICK, "-o", output)
        assert f"Wrote {Path(output) / name}." in ended.out.decode()
        assert (Path(output) / name).exists()


def test_a_folder_that_is_not_there(photo: Path, run: Run) -> None:
    ended = run("optimize", photo, "-o", "missing/")
    assert ended.code == 1
    assert "there is no folder missing" in ended.error


@pytest.mark.parametrize("name", ["x.bmp", "x.tif", "x.dib"])
def test_transparency_that_a_format_cannot_hold_is_refused(
    name: str, holed: Path, run: Run
) -> None:
    ended = run("optimize", holed, "--alpha", "cut", *QUICK, "-o", name)
    assert ended.code == 1
    assert "holds no transparent pixels, got some. Write a PNG" in ended.err.splitlines()[-1]
    assert not Path(name).exists()
    assert run("optimize", holed, "--background", "#fff", *QUICK, "-o", name).code == 0


@pytest.mark.parametrize("words", [["optimize", "photo.png"], ["optimize", "-"]])
def test_bytes_are_not_written_to_a_terminal(
    words: list[str], photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    ended = run(*words, "-o", "-")
    assert ended.code == 1
    assert ended.error.startswith("Standard output is a terminal, which cannot show")


def test_a_picture_is_not_read_from_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(BytesIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("ditherlab.cli.reading.standard_input", Terminal)
    ended = run("optimize", "-")
    assert (ended.code, ended.error) == (
        1,
        "Standard input is a terminal. Name a file, or pipe a picture in.",
    )


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
@pytest.mark.parametrize("dpi", [72, 300])
def test_the_resolution_of_the_source_is_kept(
    suffix: str, dpi: int, photo: Path, optimize: Optimize
) -> None:
    with Image.open(photo) as image:
        image.save("fine.png", dpi=(dpi, dpi))
    optimize("fine.png", *QUICK, "-o", f"x{suffix}")
    with Image.open(f"x{suffix}") as image:
        assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.03)


def test_a_file_larger_than_the_source_is_said(photo: Path, optimize: Optimize) -> None:
    ended = optimize(photo, *QUICK, "-o", "x.png")
    sizes = (Path("x.png").stat().st_size, photo.stat().st_size)
    assert f"It is larger than the source: {sizes[0]} bytes, and not {sizes[1]}.\n" in ended.err
    with Image.open(photo) as image:
        image.resize((320, 240)).save("large.bmp")
    assert "larger than the source" not in optimize("large.bmp", *QUICK, "-o", "y.png").err


def test_soft_alpha_is_kept_on_request(holed: Path, optimize: Optimize) -> None:
    alpha = np.linspace(0, 255, 24 * 32).reshape(24, 32).round().astype(np.uint8)
    with Image.open(holed) as image:
        image.putalpha(Image.fromarray(alpha))
        image.save("soft.png")
    for name in ("x.png", "x.webp"):
        optimize(
            "soft.png", "--alpha", "keep", "--palette", "game-boy", "--fit", "none", "-o", name
        )
        with Image.open(name) as image:
            shown = np.asarray(image.convert("RGBA"))[..., 3].astype(int)
        assert abs(shown - alpha).max() <= 4
        assert (shown[alpha == 0] == 0).all()


@pytest.mark.parametrize("num_colors", [128, 200, 256])
def test_soft_alpha_needs_room_for_each_color(num_colors: int, photo: Path, run: Run) -> None:
    with Image.open(photo) as image:
        image.putalpha(90)
        image.save("soft.png")
    ended = run("optimize", "soft.png", "--alpha", "keep", "--colors", num_colors)
    assert ended.code == 2
    assert ended.error.startswith(
        "A palette beside partly transparent pixels must have at most 127"
    )


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ([], "were put on white"),
        (["--alpha", "cut"], "Every pixel is transparent: none has an alpha of at least one half"),
    ],
)
def test_what_happens_to_soft_alpha_is_said(
    words: list[str], note: str, photo: Path, optimize: Optimize
) -> None:
    with Image.open(photo) as image:
        image.putalpha(100)
        image.save("soft.png")
    assert note in optimize("soft.png", *QUICK, *words).err


PANEL = bytes([0, 0, 0, 255, 255, 255, 255, 255, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 0, 255, 0])


def test_the_places_of_a_palette_are_kept(photo: Path, optimize: Optimize, run: Run) -> None:
    data = png(7, 1, 4, 3, b"\0" + bytes([0x01, 0x23, 0x45, 0x60]), PLTE=PANEL)
    Path("panel.png").write_bytes(data)
    words = ("--palette", "panel.png", "--preset", "fast", "--overwrite")
    ended = optimize(photo, *words, "--packed", "x.bin", "-o", "x.png")
    assert "Repeated colors, which keep their places and are not drawn: 1." in ended.err
    with Image.open("x.png") as image:
        places = np.asarray(image)
        assert bytes(image.getpalette()) == PANEL
    assert 4 not in places
    assert {5, 6} & set(places.ravel().tolist())
    packed = np.frombuffer(Path("x.bin").read_bytes(), dtype=np.uint8)
    assert (np.stack([packed >> 4, packed & 15], axis=1).ravel() == places.ravel()).all()
    # The settings in the picture give the same bytes.
    assert run("optimize", photo, "--like", "x.png", "-o", "again.png").code == 0
    assert Path("again.png").read_bytes() == Path("x.png").read_bytes()


@pytest.mark.parametrize("place", [0, 5, 16])
@pytest.mark.parametrize("words", [["--palette", "pico-8"], ["--colors", "15"]])
def test_the_transparent_index_is_reserved(
    place: int, words: list[str], holed: Path, optimize: Optimize, run: Run
) -> None:
    asked = (*words, "--transparent-index", place, "--alpha", "cut", "--preset", "fast")
    optimize(holed, *asked, "-o", "x.png")
    with Image.open("x.png") as image:
        assert image.info["transparency"] in (place, bytes([255] * place + [0]))
        holes = np.asarray(image.convert("RGBA"))[..., 3] == 0
        assert (np.asarray(image)[holes] == place).all()
        assert not (np.asarray(image)[~holes] == place).any()
    again = ("--alpha", "cut", "--like", "x.png", "-o", "again.png")
    assert run("optimize", holed, *again).code == 0
    assert Path("again.png").read_bytes() == Path("x.png").read_bytes()


@pytest.mark.parametrize("place", [-1, 256, 9999])
@pytest.mark.parametrize("words", [["--palette", "pico-8"], ["--colors", "4"]])
def test_a_transparent_index_out_of_range(
    place: int, words: list[str], photo: Path, run: Run
) -> None:
    ended = run("optimize", photo, *words, "--transparent-index", place)
    assert ended.code == 2
    assert ended.error.startswith("`--transparent-index` must be from 0 to 255")


@pytest.mark.parametrize("word", ["pico-8,ega", "pico-8, ega", "ega,pico-8"])
def test_among_takes_commas(word: str, photo: Path, run: Run) -> None:
    ended = run("palette", "rank", photo, "--among", word, "--jobs", "1", "--json")
    assert {ranked["name"] for ranked in json.loads(ended.out)["palettes"]} == {"pico-8", "ega"}
