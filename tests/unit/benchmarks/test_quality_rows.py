"""The rows of the quality benchmark: strict, and the committed ones are whole."""

import json
from dataclasses import asdict, replace

import pytest

from benchmarks.quality.flat_grays import SpectrumRow, read_spectra
from benchmarks.quality.measuring import TOOLS, Gallery, Plan, measure_missing
from benchmarks.quality.pictures import PALETTES, PICTURES
from benchmarks.quality.rows import Row, RowError, Scores, append_row, read_recorded, read_rows
from benchmarks.quality.task import BOTH, Tool, ToolError

SCORES = Scores(
    raw=0.5,
    vs=0.9,
    vp=30.0,
    ls=0.9,
    lp=31.0,
    flip35=0.2,
    flip=0.1,
    flip100=0.09,
    kb=50.5,
    colors=8,
    cpu=1.5,
)


ROW = Row("coffee", "k8", "ditherlab 67", 0, "1.0", "a processor", "2026-11-22", SCORES)


def row_of(**changes):
    return replace(ROW, **changes)


@pytest.fixture
def values():
    return asdict(row_of())


def test_a_row_round_trips(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [row_of(), row_of(seed=1, scores=None, failure="it is not installed")]
    for row in rows:
        append_row(path, row)
    assert read_rows(path) == rows


def test_of_rows_about_the_same_the_last_one_counts(tmp_path):
    path = tmp_path / "rows.jsonl"
    append_row(path, row_of(scores=None, failure="interrupted"))
    append_row(path, row_of())
    assert read_rows(path) == [row_of()]


@pytest.mark.parametrize("name", [*asdict(row_of())])
def test_a_missing_field_is_refused(values, name):
    del values[name]
    with pytest.raises(RowError, match=f"lacks \\['{name}'\\]"):
        Row.from_json(values)


@pytest.mark.parametrize("name", [*asdict(SCORES)])
def test_a_missing_figure_is_refused(values, name):
    del values["scores"][name]
    with pytest.raises(RowError, match=f"lacks \\['{name}'\\]"):
        Row.from_json(values)


def test_an_unknown_field_is_refused(values):
    values["note"] = "hello"
    with pytest.raises(RowError, match=r"unknown \['note'\]"):
        Row.from_json(values)


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity"])
def test_a_figure_that_is_not_finite_is_refused_with_its_line(tmp_path, bad):
    path = tmp_path / "rows.jsonl"
    line = row_of().to_json()
    path.write_text(f"{line}\n{line.replace('0.09', bad)}\n")
    with pytest.raises(RowError, match=r"rows.jsonl, line 2: `flip100` is not finite"):
        read_rows(path)


@pytest.mark.parametrize("bad", [None, True, "0.1"])
def test_a_figure_that_is_no_number_is_refused(values, bad):
    values["scores"]["flip"] = bad
    with pytest.raises(RowError, match="`flip` is no number"):
        Row.from_json(values)


def test_a_figure_that_is_not_finite_is_not_written():
    broken = Scores(**{**asdict(SCORES), "ls": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        row_of(scores=broken).to_json()


@pytest.mark.parametrize("scores, failure", [(None, ""), (asdict(SCORES), "it failed")])
def test_a_row_has_either_scores_or_a_failure(values, scores, failure):
    with pytest.raises(RowError, match="either `scores` or a `failure`"):
        Row.from_json({**values, "scores": scores, "failure": failure})


def test_the_committed_rows_are_whole(quality_folder):
    rows = read_rows(quality_folder / "measured.jsonl")
    names = {tool.name for tool in TOOLS}
    for row in rows:
        assert row.picture in PICTURES
        assert row.palette in PALETTES
        assert row.tool in names
    for tool in ("pngquant --speed 1", "epaper-dithering FS + DBS"):
        done = {row.picture for row in rows if (row.palette, row.tool) == ("k8", tool)}
        assert done == set(PICTURES)


def test_the_committed_spectra_are_whole(quality_folder):
    for row in read_spectra(quality_folder / "measured-spectra.jsonl"):
        assert SpectrumRow.from_json(json.loads(row.to_json())) == row


def test_the_recorded_rows_are_whole():
    rows = read_recorded()
    joint = [row for row in rows if "joint palette+dither" in row.tool]
    assert {(row.picture, row.palette) for row in joint} == {
        (picture, palette) for picture in PICTURES for palette in ("k8", "k16")
    }
    assert all(row.tool.endswith("(recorded)") for row in rows)


def test_a_tool_that_fails_is_a_row_and_is_tried_again(tmp_path):
    pytest.importorskip("skimage")

    def fail(task):
        raise ToolError("it is not installed")

    plan = Plan(("chelsea",), ("bw",), (Tool("broken", BOTH, fail),))
    out, lines = tmp_path / "rows.jsonl", []
    for _ in range(2):
        measure_missing(plan, out, Gallery(tmp_path), lines.append)
    assert [row.failure for row in read_rows(out)] == ["it is not installed"]
    assert len(out.read_text().splitlines()) == 2
    assert lines[0].endswith("did not run: it is not installed")


def test_a_finished_row_is_not_measured_again(tmp_path):
    def refuse(task):
        raise AssertionError

    tool = Tool("done", BOTH, refuse)
    out = tmp_path / "rows.jsonl"
    append_row(out, row_of(tool="done", picture="chelsea", palette="bw"))
    measure_missing(Plan(("chelsea",), ("bw",), (tool,)), out, Gallery(tmp_path), print)
    assert len(out.read_text().splitlines()) == 1


def test_only_tools_that_draw_have_several_seeds():
    drawing = Tool("drawing", BOTH, print, is_random=True)
    plan = Plan(("chelsea",), ("bw",), (drawing, Tool("fixed", BOTH, print)), num_seeds=3)
    assert [(tool.name, seed) for _, _, tool, seed in plan.cases()] == [
        ("drawing", 0),
        ("drawing", 1),
        ("drawing", 2),
        ("fixed", 0),
    ]
