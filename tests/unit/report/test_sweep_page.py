"""The page of a sweep, its table and its document: what they show, and what they leave out."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ditherlab.experiments import Cell, CellResult, ResultsFile
from ditherlab.images import Picture
from ditherlab.report import SweepPage, SweepReport
from ditherlab.report.sweep_plots import SweepPlots
from ditherlab.request.optimize_request import OptimizeRequest

Make = Callable[..., SweepReport]

PICTURE = Picture(np.zeros((1, 1, 3), dtype=np.uint8), np.ones((1, 1), dtype=bool))


def cell(**settings: Any) -> Cell:
    request = OptimizeRequest(seed=settings["seed"], objective=settings.get("objective", "ssim"))
    return Cell(PICTURE, repr(settings), None, request, settings)


def result(asked: Cell, cost: float | None, error: str | None = None) -> CellResult:
    curve = {"seconds": (0.0, 1.0), "evaluations": (1, 9), "expected_cost": (1.0, cost or 1.0)}
    return CellResult(
        key=asked.key,
        version="1",
        settings=asked.settings,
        outcome="failed" if error else "finished",
        error=error,
        cost=cost,
        metrics={} if error else {"raw": (cost or 0) / 2, "flip": 0.25},
        seconds=2.0,
        curve={} if error else curve,
    )


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def call(costs: Mapping[Cell, float | str | None]) -> SweepReport:
        file = ResultsFile(tmp_path / "results.jsonl")
        for asked, cost in costs.items():
            error = cost if isinstance(cost, str) else None
            file.results[asked.key] = result(asked, None if isinstance(cost, str) else cost, error)
        return SweepReport("sweep.toml", tuple(costs), file)

    return call


@pytest.fixture
def report(make: Make) -> SweepReport:
    """Two estimators with three seeds, of which one failed."""
    costs = {
        cell(picture="a&b.png", estimator=estimator, palette="ega", seed=seed): cost
        for estimator, row in {"st": (1.0, 2.0, 6.0), "arm": (3.0, 5.0, "Too <big>.")}.items()
        for seed, cost in enumerate(row)
    }
    return make(costs)


def html(report: SweepReport) -> str:
    return SweepPage(report, "ditherlab sweep sweep.toml", datetime.date(2026, 1, 2)).html()


def test_groups_are_over_the_seeds(report: SweepReport) -> None:
    first, second = report.document()["groups"]
    assert first["settings"] == {"picture": "a&b.png", "estimator": "st", "palette": "ega"}
    assert first["figures"]["cost"] == {
        "mean": 3.0,
        "median": 2.0,
        "lowest": 1.0,
        "highest": 6.0,
        "std": pytest.approx(7**0.5),
    }
    assert (second["ended"], second["failed"]) == (3, 1)
    assert second["figures"]["cost"]["highest"] == 5.0
    assert second["errors"] == {"Too <big>.": [2]}


def test_the_table_names_what_varies(report: SweepReport) -> None:
    heads, st, arm = (line.split() for line in report.table().splitlines())
    assert heads == ["cost", "raw", "flip", "s", "seeds", "failed"]
    assert st == ["st", "3", "1.5", "0.25", "2", "3", "-"]
    assert arm == ["arm", "4", "2", "0.25", "2", "3", "1"]


def test_the_page_shows_every_figure_with_bands(report: SweepReport) -> None:
    page = html(report)
    for label in ("cost of the finished picture, lower is better", "FLIP", "raw: SSIM of sRGB"):
        assert label in page
    told = re.findall(r"<title>(st: mean [^<]*)</title>", page)
    assert told[0] == "st: mean 3, median 2, 1 to 6"
    # A band in each plot of figures, and one around each line of the way there.
    assert page.count('<rect class="band"') == 4 * 2
    assert page.count('<path class="band"') == 2
    assert "expected cost" in page


def test_the_page_says_what_failed_and_how_it_was_made(report: SweepReport) -> None:
    page = html(report)
    assert "<li>arm, seed 2: Too &lt;big&gt;.</li>" in page
    assert "Failed cells, with reasons below: 1." in page
    assert "<code>ditherlab sweep sweep.toml</code>" in page
    assert "<h2>a&amp;b.png</h2>" in page
    assert "a&b" not in page
    assert "2026-01-02" in page


def test_the_page_needs_nothing_beside_itself(report: SweepReport) -> None:
    page = html(report)
    assert not re.search(r"<script|<link|src=\"(?!data:)|href=|url\(", page)
    assert str(report.file.path.parent) not in page


def test_several_pictures_have_an_overview(make: Make) -> None:
    costs = {
        cell(picture=picture, estimator=estimator, seed=0): cost
        for picture, estimator, cost in (
            ("a.png", "st", 1.0),
            ("b.png", "st", 3.0),
            ("a.png", "arm", 2.0),
            ("b.png", "arm", "No."),
        )
    }
    page = html(make(costs))
    overview = page[page.index("<h2>All pictures") : page.index("<h2>a.png")]
    assert '<th scope="row">st</th><td>1</td><td>0.25</td>' in overview
    # A mean over fewer pictures is none to compare with.
    assert '<th scope="row">arm</th><td>-</td><td>-</td>' in overview
    assert page.index("<h2>a.png") < page.index("<h2>b.png")


def test_costs_of_different_objectives_share_no_axis(make: Make) -> None:
    costs = {
        cell(picture="a.png", objective=objective, estimator=estimator, seed=0): cost
        for objective, estimator, cost in (
            ("ssim", "st", 0.5),
            ("ssim", "arm", 0.6),
            ("variance", "st", 1.0),
            ("variance", "arm", 2.0),
        )
    }
    page = html(make(costs))
    assert "<h3>Cost of <code>ssim</code></h3>" in page
    assert page.count(">cost of the finished picture, lower is better</text>") == 2
    assert page.count(">raw: SSIM of sRGB values, higher is better</text>") == 1


def test_numbers_become_an_axis(make: Make) -> None:
    costs = {
        cell(picture="a.png", estimator=estimator, colors=colors, seed=seed): 8.0 / colors + seed
        for estimator in ("st", "arm")
        for colors in (8, 2, 4)
        for seed in (0, 1)
    }
    report = make(costs)
    plot: Any = SweepPlots(report.summary, report.summary.groups, ("picture",)).figure("cost")
    assert [line.name for line in plot.lines] == ["st", "arm"]
    assert plot.lines[0].x == [2.0, 4.0, 8.0]
    assert plot.lines[0].low == [4.0, 2.0, 1.0]
    assert plot.lines[0].high == [5.0, 3.0, 2.0]
    assert plot.x.label == "colors"


def test_a_named_palette_among_numbers_keeps_the_rows(make: Make) -> None:
    costs: dict[Cell, float | str | None] = {
        cell(picture="a.png", colors=colors, seed=0): 1.0 for colors in (2, 4, 8)
    }
    costs[cell(picture="a.png", palette="ega", seed=0)] = 2.0
    report = make(costs)
    plot: Any = SweepPlots(report.summary, report.summary.groups).figure("cost")
    assert [row.name for row in plot.rows] == ["2 colors", "4 colors", "8 colors", "ega"]


def test_a_figure_that_nobody_has_is_not_drawn(make: Make) -> None:
    report = make({cell(picture="a.png", seed=0): None, cell(picture="a.png", seed=1): "No."})
    document = report.document()
    assert document["groups"][0]["figures"]["cost"] is None
    assert "cost of the finished picture" not in html(report)
    empty = replace(report, file=ResultsFile(report.file.path))
    assert empty.num_ended == 0
    assert "0 of 2" in html(empty)
