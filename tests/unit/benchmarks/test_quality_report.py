"""The tables of the quality benchmark, from rows whose medians are known."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.quality import close_ups
from benchmarks.quality.close_ups import PLACES
from benchmarks.quality.flat_grays import SpectrumRow, read_spectra
from benchmarks.quality.measuring import Gallery
from benchmarks.quality.medians import Results, best_peer
from benchmarks.quality.pictures import FIXED, PALETTES, PICTURES, parse_color
from benchmarks.quality.report import with_fragment
from benchmarks.quality.rows import Row, Scores, read_recorded, read_rows
from benchmarks.quality.sections import sections
from benchmarks.quality.sheets import DETAIL_PX, DETAILS, draw_sheet
from benchmarks.quality.tables import Table
from benchmarks.quality.targets import TARGETS, Target
from benchmarks.quality.task import BOTH, Outcome, Task, Tool

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


def rows_of(tool, flips, palette="k8", seed=0):
    return [
        Row(picture, palette, tool, seed, "1", "", "", replace(SCORES, flip=flip))
        for picture, flip in zip(PICTURES, flips, strict=True)
    ]


@pytest.fixture
def results():
    return Results(
        [
            *rows_of("ditherlab 67", (0.1, 0.2, 0.3, 0.4, 0.5)),
            *rows_of("ditherlab 67", (0.2, 0.2, 0.3, 0.4, 0.7), seed=1),
            *rows_of("peer", (0.2, 0.3, 0.4, 0.5, 0.5)),
            *rows_of("other peer", (0.2, 0.3, 0.2, 0.6, 0.6)),
            *rows_of("none: nearest", (0.05, 0.9, 0.9, 0.9, 0.9)),
            *rows_of("partial", (0.05, 0.1, 0.1, 0.1, 0.1))[:4],
        ]
    )


def test_medians_are_over_pictures_and_want_all_of_them(results):
    standings = {standing.tool: standing["flip"] for standing in results.standings("k8")}
    assert standings == {
        "ditherlab 67": 0.3,
        "other peer": 0.3,
        "peer": 0.4,
        "none: nearest": 0.9,
    }


def test_the_best_peer_is_neither_ours_nor_no_dithering(results):
    assert best_peer(results.standings("k8"), "flip").tool == "other peer"


def test_a_pair_is_compared_with_the_best_other_of_any_kind(results):
    pairs = {pair.picture: pair for pair in results.pairs("ditherlab 67")}
    first, *_, last = PICTURES
    assert pairs[first].other == "none: nearest"
    assert pairs[first].ratio == pytest.approx(0.15 / 0.05)
    assert pairs[last].other == "peer"
    assert pairs[last].ratio == pytest.approx(0.6 / 0.5)


def test_the_spread_is_over_seeds(results):
    assert results.spread("k8", "ditherlab 67", "flip") == 0
    assert results.spread("k8", "peer", "flip") is None


def test_a_target_knows_its_better_end():
    lower = Target("k8", "ditherlab 67", "flip", 0.09)
    higher = Target("k8", "ditherlab 67", "ls", 0.97)
    assert [lower.is_met_by(value) for value in (0.08, 0.09, 0.1)] == [True, True, False]
    assert [higher.is_met_by(value) for value in (0.96, 0.97, 0.98)] == [False, True, True]
    assert len(TARGETS) == 30


def test_the_report_shows_what_was_missed_and_what_did_not_run(results):
    failed = Row("coffee", "bw", "broken", 0, "", "", "", None, "it is not installed")
    whole = Results([*results.rows, failed])
    spectrum = SpectrumRow("1/8", "peer", "1", "", "", 0.125, 0.05, 3.0, -9.0)
    pages = [table.to_markdown() for table in sections(whole, [spectrum])]
    text = "\n\n".join(pages)
    assert "| k8 | ditherlab 67 | `flip` | 0.090 | 0.300 | 0.300, other peer | **no** |" in text
    assert "| broken | bw | coffee | it is not installed |" in text
    assert "| 1/8 | peer | 0.1250 | 0.0500 | -9.0 | 3.0 |" in text
    assert "nan" not in text


def test_the_report_of_nothing_is_written():
    assert all(table.to_markdown() for table in sections(Results([]), []))


def test_the_page_holds_the_tables_of_the_committed_rows(quality_folder):
    measured = read_rows(quality_folder / "measured.jsonl")
    spectra = read_spectra(quality_folder / "measured-spectra.jsonl")
    page = (quality_folder.parent / "quality.md").read_text()
    for table in sections(Results([*measured, *read_recorded()]), spectra):
        assert table.to_markdown() in page, f"{table.title}: scripts/bench quality --only-report"


def test_a_table_is_markdown_and_html():
    table = Table("A & B", "Some **bold** `code`.", ("a", "b"), [("*x*", "1 < 2")])
    assert table.to_markdown().splitlines()[2:] == [
        "Some **bold** `code`.",
        "",
        "| a | b |",
        "| --- | --- |",
        "| *x* | 1 < 2 |",
    ]
    assert "<h2>A &amp; B</h2>" in table.to_html()
    assert "<b>bold</b> <code>code</code>" in table.to_html()
    assert "<td><i>x</i></td><td>1 &lt; 2</td>" in table.to_html()


def test_the_fragment_replaces_only_what_is_between_the_marks():
    page = "before <!-- quality:begin -->old<!-- quality:end --> after"
    once = with_fragment(page, "new")
    assert once == "before <!-- quality:begin -->\n\nnew\n\n<!-- quality:end --> after"
    assert with_fragment(once, "new") == once
    with pytest.raises(ValueError, match="lacks"):
        with_fragment("no marks", "new")


def test_a_sheet_shows_the_details_that_exist():
    pixels = np.zeros((427, 512, 3), dtype=np.uint8)
    pixels[..., 0] = 200
    name = "flower"
    sheet = draw_sheet({"source": {name: pixels}, "missing": {}}, (name,))
    assert sheet.getcolors(1 << 20)
    counts = {color: count for count, color in sheet.getcolors(1 << 20)}
    assert counts[200, 0, 0] == 2 * DETAIL_PX**2


def test_close_ups_show_every_palette_beside_its_source(tmp_path, monkeypatch):
    sky = np.full((427, 512, 3), (90, 140, 200), dtype=np.uint8)
    monkeypatch.setattr(close_ups, "read_target", lambda *_: sky)
    monkeypatch.setattr(close_ups, "task_of", lambda *_: Task(sky, ((0, 0, 0),), False))
    gallery = Gallery(tmp_path)
    for palette in PALETTES:
        for place in PLACES.values():
            Image.fromarray(255 - sky).save(gallery.path_of(place.picture, palette, "ours"))
    ours = Tool("ours", BOTH, lambda task: Outcome(255 - task.pixels, 0.0, ""))
    sheet = np.asarray(close_ups.draw_close_ups(ours, gallery))
    num_shown = len(PALETTES) * len(PLACES)
    assert (sheet == (90, 140, 200)).all(axis=2).sum() == num_shown * 64 * 48 * 16
    assert (sheet == (165, 115, 55)).all(axis=2).sum() == num_shown * 64 * 48 * 16
    dark, light = (np.array(close_ups.gradient()[row, 0], dtype=int) for row in (0, -1))
    assert (light - dark > 50).all()


@pytest.mark.parametrize("name", PICTURES)
def test_the_details_lie_in_the_smallest_picture_of_their_kind(name):
    detail = DETAILS[name]
    width, height = (451, 300) if name == "chelsea" else (512, 400)
    assert detail.left + DETAIL_PX <= width
    assert detail.top + DETAIL_PX <= height
    assert max(detail.close) + DETAIL_PX // 4 <= DETAIL_PX


def test_the_palettes_are_colors():
    sizes = {
        name: len({parse_color(word) for word in words.split()}) for name, words in FIXED.items()
    }
    assert sizes == {"bw": 2, "gameboy": 4, "acep7": 7, "ega16": 16}
