"""The records of benchmarks/speed, and the page made of them."""

import json
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.speed.cases import growth_cases, table_cases, thread_cases
from benchmarks.speed.measuring import (
    SCHEMA,
    Checkout,
    Usage,
    measure_process,
    read_records,
    record,
)
from benchmarks.speed.page import plots, put_table, table
from benchmarks.speed.pictures import make_picture

TORCH = Usage(cpu_s=1.0, wall_s=1.0, peak_bytes=200_000_000)
ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/speed"


def lines(checkout="this", factor=1.0):
    cases = [*table_cases(), *growth_cases(), *thread_cases()]
    return [
        record(case, Usage(1 + factor * n, 2.0, 250_000_000), TORCH, Checkout(ROOT, checkout))
        for n, case in enumerate(cases, start=1)
    ]


def test_a_record_has_the_schema_and_is_less_torch(tmp_path):
    path = tmp_path / "records.jsonl"
    written = lines()
    path.write_text("".join(json.dumps(line) + "\n" for line in written))
    assert read_records(path) == written
    assert written[0]["cpu_s"] == 1.0
    assert written[0]["bytes_per_px"] == round(50_000_000 / 512**2, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cpu_s": "1"}, r"line 1: `cpu_s` must be float, got '1'"),
        ({"width": 1.5}, r"`width` must be int"),
        ({"more": 1}, "the entries must be case, kind"),
    ],
)
def test_a_record_of_another_form_is_refused(tmp_path, change, message):
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps({**lines()[0], **change}) + "\n")
    with pytest.raises(ValueError, match=message):
        read_records(path)


def test_the_table_shows_both_checkouts_and_their_ratio():
    rows = table([*lines("base", 4.0), *lines("this")]).splitlines()
    assert rows[2].startswith("| 512 x 512, 16 learned, balanced | 4.00 | 1.00 | 0.25 |")
    assert len(rows) == 2 + len(list(table_cases()))


def test_the_plots_have_a_line_for_each_way():
    found = dict(plots([*lines("base", 4.0), *lines("this")]))
    assert sorted(found) == ["colors.svg", "size.svg"]
    for plot in found.values():
        assert [line.name for line in plot.lines] == ["before", "compiled"]


def test_a_process_is_measured_and_its_failure_told():
    usage = measure_process(["-c", "sum(range(10**6))"], Checkout(ROOT))
    assert usage.cpu_s > 0
    assert usage.peak_bytes > 1_000_000
    with pytest.raises(RuntimeError, match="exit code 3"):
        measure_process(["-c", "raise SystemExit(3)"], Checkout(ROOT))


@pytest.mark.parametrize(("width", "height"), [(64, 48), (600, 530)])
def test_a_picture_has_any_size_and_is_made_again_the_same(tmp_path, width, height):
    for name in ("one", "two"):
        make_picture(width, height, tmp_path / f"{name}.png")
    with Image.open(tmp_path / "one.png") as image:
        assert image.size == (width, height)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_the_published_records_have_the_schema():
    records = read_records(PAGE / "measured.jsonl")
    assert {line["kind"] for line in records} >= {"table", "size", "colors", "threads", "big"}
    assert set(records[0]) == set(SCHEMA)
    page = PAGE.with_suffix(".md").read_text()
    assert put_table(page, records) == page
