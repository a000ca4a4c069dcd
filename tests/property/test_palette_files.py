"""What is written can be read again, and no file makes the reader stumble."""

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
