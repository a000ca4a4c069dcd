"""Colors that were found, written as a device's driver wants them."""

import pytest

from ditherlab.palette import Palette, named_palette, parse_gamut, spell_palette, written_for

INKS = named_palette("e-ink-6-measured")


def test_what_no_panel_shows_stays_as_it_is():
    found = Palette(((1, 2, 3), (4, 5, 6), (1, 2, 3)), name="x")
    assert written_for([], found) is found
    assert written_for([INKS], found) is found
    assert found.num_merged == 1


def test_inks_are_written_as_the_driver_wants_them():
    chosen = (INKS.seen[4], INKS.seen[0], INKS.seen[2])
    written = written_for([INKS], Palette(chosen, name="three", source="learned"))
    assert written.hex == ["#0000ff", "#000000", "#ff0000"]
    assert (written.seen, written.codes) == (chosen, (5, 0, 3))
    assert written.names == ("blue", "black", "red")
    assert (written.name, written.source) == ("three", "learned")


def test_nominal_colors_have_codes_too():
    nominal = named_palette("e-ink-7")
    written = written_for([nominal], Palette((nominal.colors[6], nominal.colors[2])))
    assert (written.colors, written.shown, written.codes) == (
        (nominal.colors[6], nominal.colors[2]),
        None,
        (6, 2),
    )


def test_the_first_panel_knows_best():
    other = Palette(((1, 1, 1), (2, 2, 2)), shown=(INKS.seen[0], (9, 9, 9)))
    found = Palette((INKS.seen[0], INKS.seen[1]))
    assert written_for([other, INKS], found).colors == ((1, 1, 1), INKS.colors[1])
    assert written_for([INKS, other], found).colors == INKS.colors[:2]


def test_free_colors_beside_inks_keep_out_of_their_way():
    # A free color that is just how the black ink is written must still be another entry.
    written = written_for([INKS], Palette(((0, 0, 0), INKS.seen[0], (7, 7, 7))))
    assert written.colors[1:] == ((0, 0, 0), (7, 7, 7))
    assert max(written.colors[0]) == 1
    assert written.seen == ((0, 0, 0), INKS.seen[0], (7, 7, 7))
    assert written.codes == (1, 0, 2)


def test_the_gamut_of_a_panel_keeps_its_name_and_its_entries():
    gamut = parse_gamut("e-ink-6-measured")
    assert (gamut.words, gamut.panel, gamut.listed) == (INKS.name, INKS, INKS.seen)
    assert parse_gamut(gamut.words) == gamut
    assert parse_gamut("ega").panel is None


@pytest.mark.parametrize("name", ["ega", "e-ink-3", "e-ink-6", "e-ink-4-measured"])
def test_words_for_a_palette_mean_it(name):
    palette = named_palette(name)
    gamut = parse_gamut(spell_palette(palette))
    assert gamut.colors == palette.seen
    assert gamut.panel == (palette if palette.is_panel else None)
    renamed = Palette(palette.colors, name="mine", codes=palette.codes, shown=palette.shown)
    assert spell_palette(renamed).startswith("#")


@pytest.mark.parametrize("corner", [(0, 0, 0), (255, 255, 255), (255, 0, 128), (0, 1, 254)])
def test_a_color_that_is_taken_is_written_as_the_nearest_that_is_free(corner):
    taken = corner
    panel = Palette((taken, (9, 9, 9)), shown=((1, 2, 3), (4, 5, 6)))
    # The panel writes what is seen as (1, 2, 3) as `taken`, so the color itself must move.
    written = written_for([panel], Palette(((1, 2, 3), taken)))
    assert written.colors[0] == taken
    moved = written.colors[1]
    assert all(0 <= level <= 255 for level in moved)
    assert sum((a - b) ** 2 for a, b in zip(moved, taken, strict=True)) == 1
    assert written.seen == ((1, 2, 3), taken)
