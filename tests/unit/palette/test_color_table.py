"""Positions of a palette are kept: what stands at place 5 is written as 5."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ditherlab.errors import PaletteRequestError
from ditherlab.images import Picture, encoder_for, read_picture
from ditherlab.palette import (
    WRITABLE_FORMATS,
    ColorTable,
    Palette,
    parse_palette,
    resolve_palette,
    spell_entries,
)
from ditherlab.problem import LearnedPalette, Problem
from ditherlab.solver.solver import optimize
from tests.png_files import png

COLOR = st.sampled_from([(v, v, v) for v in range(0, 256, 51)])
ENTRIES = st.lists(COLOR, min_size=2, max_size=20).filter(lambda found: len(set(found)) > 1)

# black, white, yellow, red, black again, blue, green: as the driver of a panel with 7 codes.
PANEL = [
    (0, 0, 0),
    (255, 255, 255),
    (255, 255, 0),
    (255, 0, 0),
    (0, 0, 0),
    (0, 0, 255),
    (0, 255, 0),
]


@given(ENTRIES)
def test_the_first_of_each_color_is_drawn(entries: list[tuple[int, int, int]]) -> None:
    palette = Palette(tuple(entries))
    assert palette.entries == tuple(entries)
    assert palette.places == tuple(entries.index(color) for color in palette.colors)
    assert len(set(palette.colors)) == len(palette)


@given(ENTRIES, st.data())
def test_hidden_entries_are_never_drawn(
    entries: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    hidden = data.draw(st.sets(st.integers(0, len(entries) - 1), max_size=3))
    left = {color for place, color in enumerate(entries) if place not in hidden}
    if len(left) < 2:
        return
    palette = Palette.of_entries(entries, hidden=hidden)
    assert set(palette.colors) == left
    assert not hidden & set(palette.places)
    assert [palette.entries[place] for place in palette.places] == list(palette.colors)
    again = resolve_palette(",".join(spell_entries(palette)))
    assert (again.entries, again.places) == (palette.entries, palette.places)


@pytest.mark.parametrize("name", WRITABLE_FORMATS)
@given(entries=ENTRIES, data=st.data())
def test_a_file_keeps_the_places(
    name: str, entries: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    hidden = data.draw(st.sets(st.integers(0, len(entries) - 1), max_size=2))
    if len({color for place, color in enumerate(entries) if place not in hidden}) < 2:
        return
    palette = Palette.of_entries(entries, hidden=hidden)
    write = WRITABLE_FORMATS[name].write
    assert write is not None
    again = parse_palette(write(palette), "some.file")
    drawn = dict(zip(again.colors, again.places, strict=True))
    for color, place in zip(palette.colors, palette.places, strict=True):
        # A hidden entry becomes a copy of the first color, and the first copy is drawn.
        if color != palette.colors[0]:
            assert drawn[color] == place
    assert len(again.entries) == len(entries)


@pytest.mark.parametrize("name", ["png", "adobe-act", "paint-net"])
@pytest.mark.parametrize("place", [0, 1, 4, 6])
def test_formats_with_alpha_keep_a_transparent_entry(name: str, place: int) -> None:
    palette = Palette(tuple(PANEL)).with_transparent_index(place)
    write = WRITABLE_FORMATS[name].write
    assert write is not None
    again = parse_palette(write(palette), "some.file")
    assert (again.colors, again.places) == (palette.colors, palette.places)
    # A transparent entry after all colors is where one is put by default.
    assert again.transparent == (None if name == "png" and place == 6 else place)


@pytest.mark.parametrize(
    ("text", "place", "places"),
    [
        ("(#000),(#000),#f00,#000,#fff", 0, (2, 3, 4)),
        ("(#000),(#000),#f00,#000,#fff", 1, (2, 3, 4)),
        ("(#f00),#f00,#000,#f00,#fff", 1, (2, 3, 4)),
        ("#000,#f00,(#fff),(#000),#fff", 0, (1, 4)),
        ("(#111),#111,(#111),#222,#333", 5, (1, 3, 4)),
    ],
)
def test_what_is_never_drawn_stays_so(text: str, place: int, places: tuple[int, ...]) -> None:
    palette = resolve_palette(text).with_transparent_index(place)
    assert palette.places == places
    # The settings of a picture give the same palette.
    again = resolve_palette(",".join(spell_entries(palette))).with_transparent_index(place)
    assert (again.places, again.entries) == (palette.places, palette.entries)


@pytest.mark.parametrize("place", [0, 1, 3, 4, 6, 7, 12, 255])
def test_a_transparent_index_is_reserved(place: int) -> None:
    palette = Palette(tuple(PANEL)).with_transparent_index(place)
    assert palette.transparent == place
    assert place not in palette.places
    assert palette.entries[: len(PANEL)] == tuple(PANEL)
    assert len(palette.entries) == max(len(PANEL), place + 1)
    for color, at in zip(palette.colors, palette.places, strict=True):
        assert PANEL[at] == color
    # Black stands twice, so it is drawn at its other place.
    black = dict(zip(palette.colors, palette.places, strict=True)).get((0, 0, 0))
    assert black == (4 if place == 0 else 0)


def test_names_and_codes_follow_their_colors() -> None:
    palette = Palette(
        tuple(PANEL[1:4]), names=("white", "yellow", "red"), codes=(1, 2, 7), shown=((9, 9, 9),) * 3
    )
    left = palette.with_transparent_index(1)
    assert (left.names, left.codes, left.places) == (("white", "red"), (1, 7), (0, 2))


def test_names_follow_a_color_that_is_drawn_at_a_later_place() -> None:
    entries = [(0, 0, 0), (255, 255, 255), (0, 0, 0), (255, 0, 0)]
    palette = Palette.of_entries(entries, names=("ink", "paper", "ink again", "red"))
    left = palette.with_transparent_index(0)
    assert left.colors == ((255, 255, 255), (0, 0, 0), (255, 0, 0))
    assert left.names == ("paper", "ink", "red")
    assert left.places == (1, 2, 3)


@pytest.mark.parametrize("place", [-1, 256, 1000])
def test_an_index_out_of_range_is_refused(place: int) -> None:
    with pytest.raises(PaletteRequestError, match="`--transparent-index` must be from 0 to 255"):
        Palette(tuple(PANEL)).with_transparent_index(place)


def test_too_few_colors_left_are_refused() -> None:
    with pytest.raises(PaletteRequestError, match="2 to 256 different colors, got 1"):
        Palette(((0, 0, 0), (9, 9, 9))).with_transparent_index(0)


def test_a_table_that_contradicts_the_colors_is_refused() -> None:
    with pytest.raises(PaletteRequestError, match="must draw its colors"):
        Palette(((0, 0, 0), (9, 9, 9)), table=ColorTable(((9, 9, 9), (0, 0, 0)), (0, 1)))
    with pytest.raises(PaletteRequestError, match="at most 256 entries"):
        ColorTable.of([(0, 0, 0)] * 257)


def test_a_longer_list_is_merged_with_a_note() -> None:
    palette = Palette.of_entries([(0, 0, 0), (9, 9, 9)] * 150)
    assert (len(palette), palette.table) == (2, None)
    assert "over 256 entries" in palette.notes[0]


def source(*, transparent: bool = False) -> Picture:
    pixels = np.random.default_rng(3).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    opaque = np.ones((32, 32), dtype=bool)
    opaque[:4] = not transparent
    return Picture(pixels, opaque)


def plte(data: bytes) -> list[tuple[int, ...]]:
    table = Image.open(BytesIO(data)).getpalette()
    assert table is not None
    return [tuple(table[start : start + 3]) for start in range(0, len(table), 3)]


def test_fillers_are_written_and_packed_but_never_drawn() -> None:
    """The picture of the table: blue is 5 and green 6, because black stands at 0 and 4."""
    samples = b"\0" + bytes([0x01, 0x23, 0x45, 0x60])
    flat = bytes(level for color in PANEL for level in color)
    palette = parse_palette(png(7, 1, 4, 3, samples, PLTE=flat), "panel.png")
    solution = optimize(Problem(picture=source(), palette=palette), "nearest", device="cpu")
    data = solution.to_png()
    assert plte(data) == PANEL
    places = np.asarray(Image.open(BytesIO(data)))
    assert set(np.unique(places)) == {0, 1, 2, 3, 5, 6}
    assert solution.packed_bits == 4
    packed = np.frombuffer(solution.to_packed(), dtype=np.uint8).reshape(32, 16)
    assert (np.stack([packed >> 4, packed & 15], axis=2).reshape(32, 32) == places).all()
    assert (solution.pictures[0].pixels == read_picture(BytesIO(data)).pixels).all()


@pytest.mark.parametrize("suffix", [".png", ".gif"])
@pytest.mark.parametrize("place", [0, 3, 15])
def test_learned_colors_make_room_for_a_transparent_index(suffix: str, place: int) -> None:
    learned = LearnedPalette(15, transparent_index=place)
    problem = Problem(picture=source(transparent=True), palette=learned)
    solution = optimize(problem, "learn-palette(steps=2) | nearest", device="cpu")
    data = solution.encode(encoder_for(f"x{suffix}"))
    image = Image.open(BytesIO(data))
    assert image.info["transparency"] == place
    assert len(solution.palette.entries) == 16
    places = np.asarray(image)
    assert (places[:4] == place).all()
    assert (places[4:] != place).all()
    # 15 colors and a transparent one stay a file of 4 bits.
    assert suffix != ".png" or data[24] == 4


def test_a_full_palette_takes_a_hidden_entry_for_transparency() -> None:
    colors = [(value, 0, 0) for value in range(200)] + [(0, 0, 0)] * 56
    problem = Problem(picture=source(transparent=True), palette=Palette(tuple(colors)))
    image = Image.open(BytesIO(optimize(problem, "nearest", device="cpu").to_png()))
    assert image.info["transparency"] == 200
