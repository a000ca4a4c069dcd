"""`ditherlab optimize --packed`: bare indices for a panel's driver."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ditherlab.palette import named_palette

ONCE = ("--sweeps", "1", "-o", "x.png")


def test_packed_indices_are_those_of_the_picture(optimize: Callable[..., Any], photo: Path) -> None:
    ended = optimize(
        photo, "--sweeps", "1", "--palette", "e-ink-7", "-o", "x.png", "--packed", "x.bin"
    )
    assert "Wrote x.bin: 4 bits a pixel." in ended.err
    packed = np.frombuffer(Path("x.bin").read_bytes(), dtype=np.uint8).reshape(24, 16)
    indices = np.stack([packed >> 4, packed & 15], axis=2).reshape(24, 32)
    assert (indices == np.array(Image.open("x.png"))).all()


def test_a_panel_gets_the_codes_of_its_driver(optimize: Callable[..., Any], photo: Path) -> None:
    optimize(photo, *ONCE, "--palette", "e-ink-6", "--packed", "x.bin")
    packed = np.frombuffer(Path("x.bin").read_bytes(), dtype=np.uint8).reshape(24, 16)
    codes = np.stack([packed >> 4, packed & 15], axis=2).reshape(24, 32)
    # Black, white, red, yellow, blue, green of the palette are 0, 1, 3, 2, 5, 6 there.
    assert (codes == np.array([0, 1, 3, 2, 5, 6])[np.array(Image.open("x.png"))]).all()
    assert 4 not in codes


def test_one_bit_a_pixel(optimize: Callable[..., Any], photo: Path) -> None:
    ended = optimize(
        photo, "--sweeps", "1", "--palette", "black-and-white", "-o", "x.png", "--packed", "x.bin"
    )
    assert "1 bit a pixel." in ended.err
    packed = np.frombuffer(Path("x.bin").read_bytes(), dtype=np.uint8).reshape(24, 4)
    white = np.array(Image.open("x.png").convert("L")) == 255
    assert (np.unpackbits(packed, axis=1) == white).all()


def test_transparent_pixels_are_refused_before_any_work(
    run: Callable[..., Any], holed: Path
) -> None:
    ended = run(
        "optimize", holed, "--palette", "e-ink-7", *ONCE, "--alpha", "cut", "--packed", "x.bin"
    )
    assert ended.code == 1
    assert "must have no transparent pixels" in ended.error
    assert not Path("x.png").exists()


def test_partly_transparent_pixels_are_refused_too(run: Callable[..., Any], photo: Path) -> None:
    with Image.open(photo) as image:
        image.putalpha(90)
        image.save("soft.png")
    for mode, code in (("keep", 1), ("blend", 0)):
        ended = run("optimize", "soft.png", *ONCE, "--alpha", mode, "--packed", "x.bin")
        assert ended.code == code
        assert ("must have no transparent pixels" in ended.err) is bool(code)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["-o", "x.png", "--packed", "x.png"], 2, "must be another file than"),
        (["--report", "x.json", "--packed", "./x.json"], 2, "must be another file than"),
        (["--packed", "photo-dithered.png"], 2, "must be another file than"),
        (["--packed", "-"], 2, "must be a file, got standard output"),
        (["--packed", "taken.bin"], 1, "taken.bin exists already"),
        (["--packed", "no/x.bin"], 1, "there is no folder"),
    ],
)
def test_what_could_not_be_written_is_refused(
    words: list[str], code: int, message: str, run: Callable[..., Any], photo: Path
) -> None:
    Path("taken.bin").write_bytes(b"mine")
    ended = run("optimize", photo, "--palette", "e-ink-7", *words)
    assert (ended.code, Path("taken.bin").read_bytes()) == (code, b"mine")
    assert message in ended.error
    assert not list(Path().glob("photo-dithered*"))


def test_an_existing_file_is_replaced_if_asked(optimize: Callable[..., Any], photo: Path) -> None:
    Path("x.bin").write_bytes(b"mine")
    optimize(photo, *ONCE, "--palette", "pico-8", "--packed", "x.bin", "--overwrite")
    assert len(Path("x.bin").read_bytes()) == 24 * 16


def test_inks_that_were_chosen_keep_their_codes(optimize: Callable[..., Any], photo: Path) -> None:
    words = ("--preset", "fast", "--colors", "3", "--gamut", "e-ink-6-measured", "-o", "x.png")
    ended = optimize(photo, *words, "--packed", "x.bin", "--json", "--overwrite")
    document = json.loads(ended.out)
    inks = named_palette("e-ink-6-measured")
    codes = dict(zip(inks.hex, inks.codes or (), strict=True))
    assert set(document["palette"]) <= codes.keys()
    assert document["gamut"] == inks.name
    assert document["palette_shown"] != document["palette"]
    bits = int(re.search(r"(\d) bits? a pixel", ended.err)[1])
    packed = np.unpackbits(
        np.frombuffer(Path("x.bin").read_bytes(), np.uint8).reshape(24, -1), axis=1
    )
    numbers = packed.reshape(24, 32, bits) @ (1 << np.arange(bits)[::-1])
    wanted = np.array([codes[color] for color in document["palette"]])
    assert (numbers == wanted[np.array(Image.open("x.png"))]).all()
