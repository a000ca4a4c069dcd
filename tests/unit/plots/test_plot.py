"""Plots without a library: ticks, scales, labels, and SVG that is well-formed."""

import itertools
import math
import re
import xml.etree.ElementTree as ET

import pytest

from ditherlab.plots.labels import Label, beside_points, spread_down
from ditherlab.plots.plot import Axis, Level, Line, Plot, Point
from ditherlab.plots.scale import Scale, spell_tick

SVG = "{http://www.w3.org/2000/svg}"
X, Y = Axis("x"), Axis("y")
LOG_X, LOG_Y = Axis("x", is_log=True), Axis("y", is_log=True)


def drawn(plot: Plot) -> ET.Element:
    return ET.fromstring(plot.svg())


def texts(plot: Plot) -> list[str]:
    return [element.text or "" for element in drawn(plot).iter(f"{SVG}text")]


def numbers_of_paths(plot: Plot) -> list[float]:
    paths = [path.attrib["d"] for path in drawn(plot).iter(f"{SVG}path")]
    return [float(number) for path in paths for number in re.findall(r"[-\d.naif]+", path)]


@pytest.mark.parametrize("low", [0.0, 1e-9, 0.013, 7.0, 980.0, 1e7])
@pytest.mark.parametrize("ratio", [1.01, 1.7, 3.9, 4.1, 30.0, 1e3, 1e8])
@pytest.mark.parametrize("is_log", [False, True])
def test_a_scale_has_some_round_ticks_inside_and_in_order(low, ratio, is_log):
    numbers = [low, low * ratio if low else ratio]
    scale = Scale.around(numbers, 0, 100, is_log=is_log)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 12
    assert ticks == sorted(set(ticks))
    assert all(scale.low * (1 - 1e-9) <= tick <= scale.high * (1 + 1e-9) for tick in ticks)
    for tick in filter(None, ticks if ratio > 2 else []):
        assert len(f"{tick:.9e}".partition("e")[0].rstrip("0")) <= 4, tick


def test_a_logarithmic_scale_puts_equal_factors_equally_far_apart():
    scale = Scale(1, 100, 0, 200, is_log=True)
    assert [scale.place(number) for number in (1, 10, 100)] == pytest.approx([0, 100, 200])
    # There is no place for zero: it stands at the end, where it misleads least.
    assert scale.place(0) == 0
    assert Scale.around([0.0, -1.0], 0, 1, is_log=True) is None


def test_a_straight_scale_goes_below_zero_only_if_a_number_does():
    assert Scale.around([0.1, 100], 0, 1).low == 0
    assert Scale.around([-5, 100], 0, 1).low < -5
    assert Scale.around([math.nan, math.inf], 0, 1) is None


@pytest.mark.parametrize(
    "plot",
    [
        Plot("p", X, Y),
        Plot("p", X, Y, lines=[Line("a", (), ())]),
        Plot("p", LOG_X, LOG_Y, points=[Point("a", 0.0, 1.0)]),
        Plot("p", X, Y, levels=[Level("a", 1.0)]),
    ],
)
def test_nothing_to_show_is_said(plot):
    assert texts(plot) == ["Nothing to show."]


@pytest.mark.parametrize(("x", "y"), [(X, Y), (LOG_X, LOG_Y)])
def test_one_point_is_drawn(x, y):
    line = Line("line", [3.0], [5.0], [5.0], [5.0])
    plot = Plot("p", x, y, lines=[line], points=[Point("point", 3.0, 5.0)])
    (circle,) = drawn(plot).iter(f"{SVG}circle")
    assert 100 < float(circle.attrib["cx"]) < 700
    assert all(map(math.isfinite, numbers_of_paths(plot)))
    assert {"line", "point"} <= set(texts(plot))


def test_higher_numbers_are_drawn_higher_and_the_band_lies_around_its_line():
    line = Line("a", [0, 1, 2], [1, 2, 3], [0.5, 1, 2], [2, 3, 4])
    band, curve = drawn(Plot("p", X, Y, lines=[line])).iter(f"{SVG}path")
    heights = [float(y) for y in re.findall(r" ([\d.]+)", curve.attrib["d"])]
    assert heights == sorted(heights, reverse=True)
    around = [float(y) for y in re.findall(r" ([\d.]+)", band.attrib["d"])]
    assert max(around) > max(heights) > min(heights) > min(around)


def test_names_are_escaped_and_long_ones_cut():
    name = 'a<b>&"c'
    long = "leave-one-out(num_samples=8, credit=local, control=linstat)"
    plot = Plot("<p>", X, Y, lines=[Line(name, [0, 1], [0, 1]), Line(long, [0, 1], [0, 2])])
    assert name in texts(plot)
    assert long not in texts(plot)
    titles = [element.text for element in drawn(plot).iter(f"{SVG}title")]
    assert titles == ["<p>", name, long]


def test_more_series_than_colors_differ_by_their_dashes():
    lines = [Line(str(n), [0, 1], [n, n + 1], style=n) for n in range(30)]
    styles = set()
    for group in drawn(Plot("p", X, Y, lines=lines)).iter(f"{SVG}g"):
        for path in group.iter(f"{SVG}path"):
            if path.attrib["class"] == "line":
                styles.add((group.attrib["class"], path.attrib.get("stroke-dasharray")))
    assert len(styles) == 30


def test_a_bias_is_a_foot_below_its_ring():
    point = Point("a", 1.0, 4.0, part=2.0, is_filled=False)
    plot = Plot("p", LOG_X, LOG_Y, points=[point])
    (circle,) = drawn(plot).iter(f"{SVG}circle")
    assert circle.attrib["class"] == "ring"
    assert max(numbers_of_paths(plot)) > float(circle.attrib["cy"])


def test_labels_of_a_column_never_overlap_and_stay_inside():
    labels = [Label(str(n), 0, 180.0, 0) for n in range(10)]
    heights = [label.y_px for label in spread_down(labels, 0, 200)]
    assert all(after - before >= 15 for before, after in itertools.pairwise(heights))
    assert max(heights) <= 200


def test_labels_beside_close_points_go_different_ways():
    labels = [Label("some name", x, 50.0, 0) for x in (150.0, 160.0)]
    after, before = beside_points(labels[::-1], right_px=300, px_per_letter=7)
    assert (after.is_before, after.x_px) == (False, pytest.approx(170.0))
    assert (before.is_before, before.x_px) == (True, pytest.approx(140.0))
    crowd = [Label("some name", x, 50.0, 0) for x in (150.0, 155.0, 160.0, 165.0)]
    placed = beside_points(crowd, right_px=300, px_per_letter=7)
    boxes = [(label.x_px - 63 * label.is_before, label.y_px) for label in placed]
    for one, other in itertools.combinations(boxes, 2):
        assert abs(one[0] - other[0]) >= 63 or abs(one[1] - other[1]) >= 15


def test_ticks_are_spelled_short():
    assert [spell_tick(number) for number in (0.1, 1500.0, 3e-7)] == ["0.1", "1,500", "3e-07"]


def test_a_file_of_its_own_brings_its_colors_along():
    plot = Plot("A line", X, Y, lines=[Line("cost", (1, 2), (3, 4))])
    root = ET.fromstring(plot.svg_file())
    style = root.find(f"{SVG}style").text
    assert "--series-0" in style
    assert "prefers-color-scheme: dark" in style
    assert "background: var(--paper)" in style
    assert drawn(plot).find(f"{SVG}style") is None
