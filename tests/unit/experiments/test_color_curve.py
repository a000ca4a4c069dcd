"""Quality against the number of colors."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ditherlab.errors import PictureError, RequestError
from ditherlab.experiments import (
    LEARNED,
    METHODS,
    CurvePoint,
    FigureTarget,
    PaletteTrial,
    PaletteVerdict,
    curve_tasks,
    measure_point,
    parse_ladder,
    run_tasks,
    smallest_palette,
    try_palette,
)
from ditherlab.images import Picture
from ditherlab.palette import Palette, named_palette


@pytest.fixture(scope="module")
def picture():
    rows, columns = np.mgrid[0:16, 0:16]
    planes = [rows * 10, columns * 10, (rows + columns) * 5]
    pixels = np.stack(planes, axis=-1).astype(np.uint8)
    return Picture(pixels, opaque=np.ones((16, 16), dtype=bool))


def point(num_colors, method=LEARNED):
    palette = Palette.from_hex(["000", "fff"])
    figures = {"cost": 1 / num_colors, "lp": 10.0 * num_colors, "raw": None}
    return CurvePoint(method, num_colors, PaletteVerdict(palette, "none", figures, 2, 0.0))


@pytest.mark.parametrize(
    ("text", "ladder"),
    [("2..8", (2, 3, 4, 6, 8)), ("7..7", (7,)), ("250..256", (250, 256)), ("5..6", (5, 6))],
)
def test_a_ladder_has_both_ends(text, ladder):
    assert parse_ladder(text) == ladder


@pytest.mark.parametrize("text", ["1..4", "8..2", "2..257", "16", "2-16", ""])
def test_other_ranges_are_refused(text):
    with pytest.raises(RequestError, match=r"`--colors` must be LOW..HIGH from 2 to 256, got"):
        parse_ladder(text)


@pytest.mark.parametrize("needed", range(2, 33))
def test_the_smallest_palette_is_found_between_the_points(needed):
    curve = [point(number) for number in (2, 4, 8, 16, 32)] + [point(2, "wu")]
    best, between = smallest_palette(FigureTarget("cost", 1 / needed + 1e-9), curve, point)
    assert best is not None and best.num_colors == needed
    assert len(between) <= 4
    best, _ = smallest_palette(FigureTarget("lp", 10.0 * needed), curve, point)
    assert best is not None and best.num_colors == needed


def test_a_figure_that_is_never_reached_has_no_palette():
    assert smallest_palette(FigureTarget("cost", 0.01), [point(8)], point) == (None, [])
    assert smallest_palette(FigureTarget("raw", 0.1), [point(8)], point) == (None, [])


def test_a_target_is_understood(monkeypatch):
    assert FigureTarget.parse("ls=0.9") == FigureTarget("ls", 0.9)
    with pytest.raises(
        RequestError, match=r"must be METRIC=VALUE, got 'flop=1'. Did you mean `flip`"
    ):
        FigureTarget.parse("flop=1")
    with pytest.raises(RequestError, match="`--target cost=` must be a number, got 'nan'"):
        FigureTarget.parse("cost=nan")
    monkeypatch.setattr("ditherlab.vision.packaged_metrics.find_spec", lambda _name: None)
    with pytest.raises(RequestError, match="`--target flip` needs a package"):
        FigureTarget.parse("flip=0.1")


def test_every_method_is_measured_with_the_same_dither(picture):
    points = [measure_point(task) for task in curve_tasks(picture, (4,), draws=True)]
    assert [one.method for one in points] == list(METHODS)
    best = min(points, key=lambda one: one.verdict.cost)
    assert best.method == LEARNED
    assert [one.verdict.png is not None for one in points] == [True] + [False] * 5


def test_gray_palettes_are_charged_for_colors(picture):
    gray, color = (
        try_palette(PaletteTrial(picture, named_palette(name), fit="none", num_sweeps=1)).cost
        for name in ("gray-16", "rgb-3bit")
    )
    assert gray > 2 * color


def test_tasks_keep_their_order_and_tell_how_many_have_ended():
    seen = []
    assert run_tasks(abs, [-3, 2, -1], None, seen.append) == [3, 2, 1]
    with ThreadPoolExecutor(2) as executor:
        assert run_tasks(abs, [-3, 2, -1], executor, seen.append) == [3, 2, 1]
    assert seen == [1, 2, 3, 1, 2, 3]


def test_a_process_that_dies_is_told():
    class Broken(ThreadPoolExecutor):
        def submit(self, *_words):
            from concurrent.futures import BrokenExecutor, Future

            future = Future()
            future.set_exception(BrokenExecutor())
            return future

    with (
        Broken() as executor,
        pytest.raises(PictureError, match="ended early, perhaps because memory"),
    ):
        run_tasks(abs, [1], executor)
