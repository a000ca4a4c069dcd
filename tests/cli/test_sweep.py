"""`ditherlab sweep`: its files, its ends, and that it goes on where it was killed."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from ditherlab.cli.optimize import optimize
from ditherlab.experiments import read_sweep
from ditherlab.request.optimize_request import OptimizeRequest

Run = Callable[..., Any]

QUICK = """
pictures = ["photo.png"]
palettes = ["#000,#fff"]
objectives = ["viewed-error"]
estimators = ["moments", "st"]
polish = "none"
steps = 2
seeds = [0, 1]
"""
# Cells of which each takes a third of a second, so that one can be caught in the middle.
SLOW = QUICK.replace("steps = 2", "max-seconds = 0.3\nsteps = 100000").replace(
    "[0, 1]", "[0, 1, 2, 3]"
)
RESULT = {
    "key", "version", "settings", "outcome", "error", "cost", "expected_cost", "metrics", "seconds",
    "steps", "evaluations", "backward_passes", "palette", "colors_used", "device", "curve",
}  # fmt: skip
SUMMARY = {
    "sweep", "version", "results", "cells", "ended", "kept", "failed", "complete", "groups",
    "notes",
}  # fmt: skip
GROUP = {"settings", "cells", "ended", "failed", "errors", "figures"}
SPREAD = {"mean", "std", "lowest", "highest", "median"}


@pytest.fixture
def sweep(photo: Path) -> Path:
    Path("sweep.toml").write_text(QUICK)
    return Path("sweep.toml")


def lines(path: str = "sweep-results.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in told.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end_s = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_results_are_lines_and_the_report_a_page(sweep: Path, run: Run, threads: None) -> None:
    ended = run("sweep", sweep, "--report", "sweep.html")
    assert (ended.code, ended.err) == (0, "")
    heads, *rows = ended.out.decode().splitlines()
    figures = ["cost", "raw", "vs", "vp", "ls", "lp", "flip", "s"]
    assert heads.split() == [*figures, "seeds", "failed"]
    assert [row.split()[0] for row in rows] == ["moments", "st"]
    found = lines()
    assert [set(line) for line in found] == [RESULT] * 4
    assert {line["key"] for line in found} == {cell.key for cell in read_sweep(sweep)}
    assert {(line["settings"]["estimator"], line["settings"]["seed"]) for line in found} == {
        (estimator, seed) for estimator in ("moments", "st") for seed in (0, 1)
    }
    assert all(line["error"] is None and line["outcome"] == "finished" for line in found)
    assert all(line["palette"] == ["#000000", "#ffffff"] for line in found)
    page = Path("sweep.html").read_text()
    assert "<h1>The sweep sweep.toml</h1>" in page
    assert "ditherlab sweep sweep.toml" in page


def test_json_is_the_summary(sweep: Path, run: Run, threads: None) -> None:
    ended = run("sweep", sweep, "--json", "--report", "sweep.json")
    document = json.loads(ended.out)
    assert json.loads(Path("sweep.json").read_text()) == document
    assert set(document) == SUMMARY
    assert (document["cells"], document["ended"], document["kept"]) == (4, 4, 0)
    assert [set(group) for group in document["groups"]] == [GROUP] * 2
    for group in document["groups"]:
        assert all(set(spread) == SPREAD for spread in group["figures"].values())
    assert "moments" in ended.err
    assert run("sweep", sweep, "-q", "--json").err == ""


def test_a_second_call_runs_nothing(sweep: Path, run: Run, threads: None) -> None:
    first = run("sweep", sweep)
    content = Path("sweep-results.jsonl").read_bytes()
    second = run("sweep", sweep)
    assert (second.code, second.out) == (0, first.out)
    assert Path("sweep-results.jsonl").read_bytes() == content
    assert json.loads(run("sweep", sweep, "--json").out)["kept"] == 4


def test_a_dry_run_lists_the_cells_and_writes_nothing(sweep: Path, run: Run, threads: None) -> None:
    ended = run("sweep", sweep, "--dry-run", "--report", "sweep.html")
    told = [line.split(maxsplit=2) for line in ended.out.decode().splitlines()]
    keys = [cell.key for cell in read_sweep(sweep)]
    assert [line[0] for line in told] == [key[:12] for key in keys]
    assert [line[1] for line in told] == ["new"] * 4
    assert [line[2] for line in told][:2] == ["moments, seed 0", "moments, seed 1"]
    assert sorted(path.name for path in Path().iterdir()) == ["photo.png", "sweep.toml"]
    run("sweep", sweep)
    document = json.loads(run("sweep", sweep, "--dry-run", "--json").out)
    assert [(cell["key"], cell["state"]) for cell in document["cells"]] == [
        (key, "finished") for key in keys
    ]
    assert document["cells"][0]["settings"]["estimator"] == "moments"


def test_a_failing_cell_is_told_and_the_others_are_kept(
    sweep: Path, run: Run, threads: None
) -> None:
    sweep.write_text(QUICK.replace('"#000,#fff"', '"ega"').replace('"st"', '"arm"'))
    ended = run("sweep", sweep, "--report", "sweep.html")
    assert ended.code == 1
    assert ended.err.startswith("Failed: arm, seeds 0, 1: `arm` needs a palette of 2 colors, got")
    assert [line["outcome"] for line in lines()].count("failed") == 2
    assert "Failed cells" in Path("sweep.html").read_text()
    assert run("sweep", sweep).code == 1
    assert len(lines()) == 4
    assert run("sweep", sweep, "--retry-failed").code == 1
    assert len(lines()) == 6


def test_a_torn_line_is_told_and_its_cell_runs_again(sweep: Path, run: Run, threads: None) -> None:
    run("sweep", sweep, "--results", "mine.jsonl")
    content = Path("mine.jsonl").read_bytes()
    Path("mine.jsonl").write_bytes(content[:-20])
    ended = run("sweep", sweep, "--results", "mine.jsonl", "--json")
    note = "mine.jsonl, line 4 is incomplete: its cell runs again."
    assert ended.err.startswith(note)
    assert json.loads(ended.out)["notes"] == [note]
    assert json.loads(ended.out)["kept"] == 3
    assert len(Path("mine.jsonl").read_text().splitlines()) == 5


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["none.toml"], 2, "none.toml cannot be read: no such file or directory."),
        (["sweep.toml", "--report", "sweep.txt"], 2, "must be a file that ends in .json or .html"),
        (["sweep.toml", "--report", "photo.png.html", "--results", "photo.png.html"], 2, "twice"),
        (["sweep.toml", "--results", "sweep.toml"], 2, "must be another file than the sweep"),
        (
            ["sweep.toml", "--results", "photo.png"],
            1,
            "photo.png, line 1: This is not the result of a",
        ),
        (["sweep.toml", "--jobs", "0"], 2, "Invalid value for '--jobs'"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], code: int, message: str, sweep: Path, run: Run
) -> None:
    ended = run("sweep", *words)
    assert ended.code == code
    assert message in ended.error


def test_the_defaults_are_those_of_optimize() -> None:
    typed = optimize.make_context("optimize", ["photo.png"]).params
    assert {f.name: typed[f.name] for f in fields(OptimizeRequest)} == asdict(OptimizeRequest())


def test_killed_in_the_middle_it_goes_on(sweep: Path, start: Run, run: Run, threads: None) -> None:
    sweep.write_text(SLOW)
    process = start("sweep", sweep, "--jobs", "1", "--report", "sweep.html")
    results = Path("sweep-results.jsonl")
    wait_until(lambda: results.exists() and results.read_bytes().count(b"\n") >= 2)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert workers
    # Nobody is left behind who would go on computing.
    wait_until(lambda: not any(is_alive(worker) for worker in workers), 10)
    before = results.read_bytes()
    num_kept = before.count(b"\n")
    assert 2 <= num_kept < 8
    assert not Path("sweep.html").exists()
    ended = run("sweep", sweep, "--jobs", "4", "--report", "sweep.html", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["kept"] == num_kept
    assert results.read_bytes().startswith(before)
    assert len({line["key"] for line in lines()}) == len(lines()) == 8
    assert Path("sweep.html").exists()


def test_ctrl_c_keeps_what_is_finished(sweep: Path, start: Run) -> None:
    sweep.write_text(SLOW)
    # A group of its own, as on a terminal: its workers get the signal, too.
    process = start("sweep", sweep, "--jobs", "1", "--report", "s.html", start_new_session=True)
    results = Path("sweep-results.jsonl")
    wait_until(lambda: results.exists() and results.read_bytes().count(b"\n") >= 1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    num_kept = len(lines())
    assert process.returncode == 130
    assert 1 <= num_kept < 8
    assert err.decode() == (
        f"Interrupted: {num_kept} of 8 cells have ended, and their results are in "
        "sweep-results.jsonl. Run the same command to resume.\n"
    )
    assert b"moments" in out
    assert not Path("s.html").exists()
