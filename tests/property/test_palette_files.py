"""What is written can be read again, and no file makes the reader stumble."""

import random
import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ditherlab.errors import PaletteError
from ditherlab.palette import (
    FORMATS,
    WRITABLE_FORMATS,
    Palette,
    PaletteFormat,
    parse_palette,
    read_palette_file,
)
from ditherlab.palette.formats import sniff_format
from tests.property.palette_samples import SAMPLES

LEVELS = st.integers(0, 255)
COLOR = st.tuples(LEVELS, LEVELS, LEVELS)
COLORS = st.lists(COLOR, min_size=2, max_size=256, unique=True)
LINES = st.text(st.characters(codec="utf-8")).map(lambda text: " ".join(text.split()))
PALETTES = st.builds(Palette, COLORS.map(tuple), LINES, LINES)
NAMES = st.sampled_from(["ash", "glow of fire", "Ölgrün", "7 up", "a-b", "石"])
NAMED_COLORS = st.lists(st.tuples(COLOR, NAMES), min_size=2, max_size=16, unique_by=lambda c: c[0])

# Those that hold the name of the palette, and those that hold the names of its colors.
NAMED = ("gimp", "adobe-ase", "paint-net", "lospec-json")
NAMING = ("gimp", "adobe-aco", "adobe-ase")

# Pictures are decoded by Pillow, which is slower, and fuzzed elsewhere.
NUM_FUZZED = {known.name: 10_000 for known in FORMATS} | {"png": 3_000}


def written(palette: Palette, name: str) -> bytes:
    write = WRITABLE_FORMATS[name].write
    assert write is not None
    return write(palette)


def read_or_refuse(content: bytes) -> None:
    try:
        assert isinstance(parse_palette(content, "stem.file"), Palette)
    except PaletteError as error:
        assert "\n" not in str(error)
        assert "stem.file" in str(error)


@pytest.mark.parametrize("name", WRITABLE_FORMATS)
@settings(deadline=None, max_examples=40)
@given(palette=PALETTES)
def test_round_trip(name: str, palette: Palette) -> None:
    content = written(palette, name)
    known = sniff_format(content)
    assert known is not None
    assert known.name == name
    assert parse_palette(content, "stem.file").colors == palette.colors


@pytest.mark.parametrize("name", WRITABLE_FORMATS)
@settings(deadline=None, max_examples=40)
@given(colors=NAMED_COLORS, palette_name=NAMES)
def test_names_come_back_where_the_format_has_them(
    name: str, colors: list[tuple[tuple[int, int, int], str]], palette_name: str
) -> None:
    named = Palette(
        tuple(color for color, _ in colors),
        name=palette_name,
        names=tuple(color_name for _, color_name in colors),
    )
    again = parse_palette(written(named, name), "stem.file")
    assert again.colors == named.colors
    # Properties of CSS have no spaces, and no two have one name.
    if name != "css":
        assert again.names == (named.names if name in NAMING else None)
        assert again.name == (palette_name if name in NAMED else "stem")


def test_a_file_is_read_like_its_contents() -> None:
    for name, contents in SAMPLES.items():
        with TemporaryDirectory() as folder:
            path = Path(folder, "stem.unknown")
            path.write_bytes(contents[0])
            palette = read_palette_file(path)
        assert palette.colors == parse_palette(contents[0], "stem.unknown").colors, name


def test_every_format_has_samples_that_are_told_by_their_contents() -> None:
    assert set(SAMPLES) == {known.name for known in FORMATS}
    for known in FORMATS:
        for content in SAMPLES[known.name]:
            assert sniff_format(content) is known


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_every_beginning_of_a_file_is_a_palette_or_refused(known: PaletteFormat) -> None:
    for content in SAMPLES[known.name]:
        assert isinstance(parse_palette(content, "stem.file"), Palette)
        for length in range(len(content)):
            read_or_refuse(content[:length])


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Change, insert, drop and repeat bytes; some numbers become as large as they can be."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[place : place + 1] = chance.randbytes(1)
            case 1:
                data[place : place + 4] = struct.pack("<I", chance.choice([0, 2**31, 2**32 - 1]))
            case 2:
                data[place:place] = chance.randbytes(chance.randrange(9))
            case 3:
                del data[place : place + chance.randrange(9)]
            case _:
                data[place:place] = data[place : place + chance.randrange(99)]
    return bytes(data)


def scratched(content: bytes, chance: random.Random) -> bytes:
    """Change some bytes into others that a text may hold: as long as before, and a text if it was.

    Most of these still reach the parser of their format.
    """
    data = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        data[chance.randrange(len(data))] = chance.choice(b'\n\r\t\0 09af#;:,-()[]{}"*/xzAF')
    return bytes(data)


def fuzzed(content: bytes, chance: random.Random) -> bytes:
    match chance.randrange(8):
        case 0:
            # Behind the first bytes, by which the format is told, nothing is as it should be.
            return content[: chance.randrange(32)] + chance.randbytes(chance.randrange(99))
        case 1 | 2 | 3:
            return damaged(content, chance)
        case _:
            return scratched(content, chance)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_fuzzed_files_are_palettes_or_refused(known: PaletteFormat) -> None:
    chance = random.Random(known.name)
    num_parsed, num_fuzzed = 0, NUM_FUZZED[known.name]
    for _ in range(num_fuzzed):
        content = fuzzed(chance.choice(SAMPLES[known.name]), chance)
        num_parsed += sniff_format(content) is known
        read_or_refuse(content)
    assert num_parsed > num_fuzzed / 3


@settings(deadline=None, max_examples=300)
@given(st.binary())
def test_any_bytes_are_a_palette_or_refused(content: bytes) -> None:
    read_or_refuse(content)


@settings(deadline=None)
@given(st.text())
def test_any_gpl_is_a_palette_or_refused(text: str) -> None:
    read_or_refuse(b"GIMP Palette\n" + text.encode("utf-8", "surrogatepass"))
