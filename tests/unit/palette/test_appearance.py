import coloraide
import numpy as np
import pytest

from ditherlab.errors import PaletteRequestError, RequestError
from ditherlab.palette import Palette, named_palette, spell_colors
from ditherlab.palette.appearance import (
    colors_to_oklab,
    contrast_ratios,
    nearest_neighbors,
    oklab_distances,
    oklab_to_oklch,
)
from ditherlab.palette.joining import join_palettes
from ditherlab.palette.portrait import Portrait
from ditherlab.palette.sheet import sheet_png, sheet_svg
from ditherlab.vision.color import srgb_to_oklab


def test_oklab_is_that_of_the_tensors() -> None:
    palette = named_palette("nes")
    tensor = srgb_to_oklab(palette.srgb(), dim=1).numpy()
    assert colors_to_oklab(palette.colors) == pytest.approx(tensor, abs=2e-6)


@pytest.mark.parametrize("color", [(255, 128, 0), (18, 52, 86), (0, 255, 128)])
def test_oklch_and_contrast_are_those_of_another_library(color: tuple[int, int, int]) -> None:
    other = coloraide.Color(spell_colors([color])[0])
    assert oklab_to_oklch(colors_to_oklab([color]))[0] == pytest.approx(
        other.convert("oklch").coords(), rel=1e-3
    )
    for against in ("#000000", "#ffffff"):
        rgb = tuple(bytes.fromhex(against[1:]))
        expected = other.contrast(against, method="wcag21")
        # That library has luminance weights of more digits.
        assert contrast_ratios([color], rgb)[0] == pytest.approx(expected, rel=1e-3)  # type: ignore[arg-type]


def test_grays_have_no_hue() -> None:
    assert (oklab_to_oklch(colors_to_oklab([(0,) * 3, (77,) * 3, (255,) * 3]))[:, 2] == 0).all()


def test_distances_are_symmetric_and_neighbors_are_others() -> None:
    apart = oklab_distances(named_palette("pico-8").colors)
    assert (apart == apart.T).all()
    assert (np.diag(apart) == 0).all()
    for index, pair in enumerate(nearest_neighbors(apart)):
        assert pair.first == index != pair.second
        assert pair.distance == np.delete(apart[index], index).min()


def test_a_portrait_is_of_the_colors_that_are_seen() -> None:
    document = Portrait(named_palette("e-ink-6-measured")).document()
    red = document["colors"][2]
    assert (red["hex"], red["shown"], red["name"], red["code"]) == ("#ff0000", "#711813", "red", 3)
    assert red["contrast"]["white"] == pytest.approx(11.4, abs=0.01)
    first, second = document["nearest_pairs"][0]["indices"]
    assert document["nearest_pairs"][0]["distance"] == document["distances"][first][second]


def test_two_colors_have_one_pair() -> None:
    assert len(Portrait(Palette.from_hex(["#000", "#fff"])).nearest_pairs) == 1


@pytest.mark.parametrize("name", ["black-and-white", "nes", "web-safe", "e-ink-6-measured"])
def test_small_and_large_palettes_can_be_drawn(name: str) -> None:
    palette = named_palette(name)
    assert sheet_svg(palette).count(b"<rect") == len(palette) + 1
    assert sheet_png(palette).startswith(b"\x89PNG")


def test_names_on_a_sheet_are_escaped() -> None:
    palette = Palette(((0, 0, 0), (9, 9, 9)), names=("<b> & \x1b[31m", "\ud800"))
    assert b"&lt;b&gt; &amp; [31m" in sheet_svg(palette)
    sheet_png(palette)


def test_joining_keeps_the_first_of_near_colors_and_its_name() -> None:
    first = Palette(((0, 0, 0), (255, 0, 0)), name="a", names=("ink", "blood"))
    second = Palette(((255, 0, 0), (2, 2, 2), (255, 4, 0), (0, 0, 255)), name="b")
    joined = join_palettes([first, second], 0.1)
    assert joined.palette.colors == ((0, 0, 0), (255, 0, 0), (0, 0, 255))
    assert joined.palette.names == ("ink", "blood", "")
    assert (joined.num_equal, joined.num_near, joined.palette.name) == (1, 2, "a and b")
    whole = join_palettes([first, second], 0.0)
    assert (len(whole.palette), whole.num_equal, whole.num_near) == (5, 1, 0)


def test_palettes_that_cannot_be_joined() -> None:
    ours, theirs = named_palette("web-safe"), named_palette("master-system")
    with pytest.raises(PaletteRequestError, match=r"must be 2 to 256 different colors, got 272\."):
        join_palettes([ours, theirs], 0.0)
    for threshold in (-0.1, float("nan")):
        with pytest.raises(RequestError, match=r"^`--threshold` must be at least 0, got"):
            join_palettes([ours, theirs], threshold)
    with pytest.raises(PaletteRequestError, match=r"must be 2 to 256 different colors, got 1\."):
        join_palettes([ours, theirs], 9.0)
