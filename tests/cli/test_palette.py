"""`ditherlab palette show`, `convert`, `extract` and `join`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ditherlab.cli import swatches
from ditherlab.cli.swatches import nearest_of_256, swatch, terminal_depth
from ditherlab.palette import WRITABLE_FORMATS, named_palette, read_palette_file

PICO_8 = named_palette("pico-8")


def test_show_is_plain_text_in_a_pipe(run: Callable[..., Any]) -> None:
    ended = run("palette", "show", "okabe-ito")
    text = ended.out.decode()
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in text
    assert text.startswith("okabe-ito, 8 colors, Masataka Okabe")
    assert "#56b4e9  sky blue" in text
    assert "nearest pairs" in text


def test_show_paints_in_a_terminal(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.cli.palette_show.terminal_depth", lambda: "true")
    # What click strips, as there is no terminal here.
    monkeypatch.setattr("ditherlab.cli.palette_show.write_swatches", sys.stdout.write)
    assert b"\x1b[48;2;255;0;77m" in run("palette", "show", "pico-8").out


@pytest.mark.parametrize(
    ("environment", "is_terminal", "depth"),
    [
        ({"COLORTERM": "truecolor"}, True, "true"),
        ({"COLORTERM": "24bit"}, True, "true"),
        ({"TERM": "xterm"}, True, "256"),
        ({"COLORTERM": "truecolor"}, False, "none"),
        ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, True, "none"),
        ({"COLORTERM": "truecolor", "NO_COLOR": ""}, True, "true"),
        ({"TERM": "dumb"}, True, "none"),
    ],
)
def test_how_many_colors_a_terminal_shows(
    environment: dict[str, str], is_terminal: bool, depth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stream:
        def isatty(self) -> bool:
            return is_terminal

    monkeypatch.setattr(swatches.sys, "stdout", Stream())
    assert terminal_depth(environment) == depth


def test_nearest_of_the_terminals_colors() -> None:
    assert swatch((0, 255, 0), "256", width=1) == "\x1b[48;5;46m \x1b[0m"
    assert nearest_of_256((255, 255, 255)) == 231
    assert nearest_of_256((128, 128, 128)) == 244
    assert nearest_of_256((255, 0, 90)) == 197


def test_show_as_json(run: Callable[..., Any]) -> None:
    ended = run("palette", "show", "#000,#fff,#f00", "--json", "--report", "x.json")
    document = json.loads(ended.out)
    assert ended.out == Path("x.json").read_bytes()
    assert [color["hex"] for color in document["colors"]] == ["#000000", "#ffffff", "#ff0000"]
    assert document["colors"][1]["contrast"] == {"black": 21.0, "white": 1.0}
    assert len(document["distances"]) == 3


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_show_draws_a_sheet(suffix: str, run: Callable[..., Any]) -> None:
    ended = run("palette", "show", "pico-8", "-o", f"x.{suffix}")
    assert ended.out.decode().endswith(f"Wrote x.{suffix}.\n")
    content = Path(f"x.{suffix}").read_bytes()
    assert content.startswith(b"\x89PNG" if suffix == "png" else b"<svg ")
    again = run("palette", "show", "pico-8", "-o", f"x.{suffix}")
    assert (again.code, Path(f"x.{suffix}").read_bytes()) == (1, content)
    assert run("palette", "show", "pico-8", "-o", f"x.{suffix}", "--overwrite").code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["show", "pico8"], 2, "`PALETTE` must be a name, a file or colors"),
        (["show", "none.gpl"], 1, "none.gpl does not exist."),
        (["show", "pico-8", "-o", "x.gif"], 2, "must be a file that ends in .png or .svg"),
        (["show", "pico-8", "--report", "x.txt"], 2, "must be a file that ends in .json"),
        (["convert", "pico-8", "x.jpg"], 2, "must end in one of .aco .act"),
        (["convert", "pico-8", "x.gpl", "--format", "gpl"], 2, "There are: adobe-aco"),
        (["convert", "pico-8", "taken.gpl"], 1, "taken.gpl exists already."),
        (["convert", "-", "x.gpl"], 1, "standard input is empty."),
        (["join", "pico-8", "-o", "x.gpl"], 2, "must be given at least twice"),
        (["join", "-", "-"], 2, "got `-` twice"),
        (["join", "pico-8", "ega", "--threshold", "-1"], 2, "must be at least 0, got -1"),
        (["extract", "none.png"], 1, "none.png"),
        (["extract", "photo.png", "--colors", "1"], 2, "`--colors` must be 2 to 256, got 1."),
        (["extract", "photo.png", "--method", "wu", "--seed", "1"], 2, "has no effect with `wu`"),
        (["extract", "photo.png", "--method", "k-means", "--preset", "fast"], 2, "has no effect"),
        (["extract", "photo.png", "-o", "taken.gpl"], 1, "taken.gpl exists already."),
    ],
)
def test_what_cannot_be_done(
    words: list[str], code: int, message: str, run: Callable[..., Any], photo: Path
) -> None:
    Path("taken.gpl").write_bytes(b"mine")
    ended = run("palette", *words)
    assert ended.code == code
    assert message in ended.error
    assert Path("taken.gpl").read_bytes() == b"mine"
    assert sorted(path.name for path in Path().iterdir()) == ["photo.png", "taken.gpl"]


def test_convert_there_and_back_in_every_format(run: Callable[..., Any]) -> None:
    for name, known in WRITABLE_FORMATS.items():
        path = f"{name}{known.suffixes[0]}"
        ended = run("palette", "convert", "pico-8", path, "--format", name)
        assert ended.out.decode() == f"Wrote {path}: 16 colors, {known.title}.\n"
        assert read_palette_file(path).colors == PICO_8.colors


def test_convert_in_a_pipe(run: Callable[..., Any]) -> None:
    gpl = run("palette", "convert", "pico-8", "-", "--format", "gimp").out
    ended = run("palette", "convert", "-", "-", stdin=gpl)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.decode().split() == [text.removeprefix("#") for text in PICO_8.hex]


def test_join_counts_what_it_leaves_out(run: Callable[..., Any]) -> None:
    ended = run("palette", "join", "ega", "windows-16", "-o", "x.hex")
    lines = ended.out.decode().splitlines()
    assert lines[0] == "Left out: 2 equal and 0 near (below 0.02)."
    assert lines[1].startswith("Wrote x.hex: 30 colors")
    assert read_palette_file("x.hex").colors[:16] == named_palette("ega").colors
    piped = run("palette", "join", "ega", "windows-16")
    assert len(piped.out.split()) == 30
    assert piped.err.startswith("Left out: ")


@pytest.mark.parametrize("method", ["median-cut", "max-coverage", "octree", "k-means", "wu"])
def test_extract_by_classical_methods(method: str, run: Callable[..., Any], photo: Path) -> None:
    words = ["palette", "extract", photo, "--colors", "6", "--method", method]
    ended = run(*words, "-o", "x.gpl")
    assert (ended.code, ended.err) == (0, "")
    found = read_palette_file("x.gpl")
    assert 2 <= len(found) <= 6
    assert found.name == "photo"
    listed = [f"#{text}" for text in run(*words).out.decode().split()]
    assert listed == found.hex


def test_extract_what_optimize_learns(
    run: Callable[..., Any], optimize: Callable[..., Any], photo: Path
) -> None:
    words = ["palette", "extract", photo, "--colors", "3", "--preset", "fast"]
    listed = run(*words).out.decode().split()
    assert run("optimize", photo, "--colors", "3", "--preset", "fast", "-o", "x.png").code == 0
    levels = Image.open("x.png").getpalette()
    assert levels is not None
    assert [tuple(bytes.fromhex(text)) for text in listed] == list(
        zip(levels[0:9:3], levels[1:9:3], levels[2:9:3], strict=True)
    )


def test_extract_leaves_transparent_pixels_out(run: Callable[..., Any]) -> None:
    picture = Image.new("RGBA", (4, 1), (255, 0, 0, 0))
    picture.putpixel((1, 0), (1, 2, 3, 255))
    picture.putpixel((2, 0), (4, 5, 6, 255))
    picture.save("holed.png")
    for method in ("learned", "wu"):
        ended = run("palette", "extract", "holed.png", "--method", method)
        assert ended.out == b"010203\n040506\n"
