"""The file of results: what was written is found again, whatever tore it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ditherlab.errors import OutputError, ResultsError
from ditherlab.experiments import CellResult, ResultsFile

RESULT = CellResult(
    key="a" * 64,
    version="1",
    settings={"picture": "photo.png", "seed": 0},
    outcome="finished",
    cost=0.5,
    metrics={"raw": 0.25, "vs": None},
    palette=("#000000", "#ffffff"),
    curve={"seconds": (0.0, 1.0), "expected_cost": (2.0, 1.0)},
)
RESULTS = [replace(RESULT, key=str(number) * 64) for number in range(3)]


def written(path: Path) -> bytes:
    file = ResultsFile.open(path)
    for result in RESULTS:
        file.add(result)
    return path.read_bytes()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    content = written(path)
    assert content.count(b"\n") == len(RESULTS)
    found = ResultsFile.open(path)
    assert list(found.results.values()) == RESULTS
    assert found.notes == []


def test_without_a_file_there_is_nothing_and_none_is_made(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    assert ResultsFile.open(path).results == {}
    assert not path.exists()


def test_a_later_line_stands_in_for_an_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    file = ResultsFile.open(path)
    file.add(replace(RESULT, outcome="failed", error="It broke."))
    assert ResultsFile.open(path).results[RESULT.key].is_failed
    file.add(RESULT)
    assert ResultsFile.open(path).results == {RESULT.key: RESULT}


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.floats(0, 1))
def test_a_file_cut_anywhere_keeps_its_whole_lines_and_takes_more(
    part: float, tmp_path: Path
) -> None:
    path = tmp_path / "results.jsonl"
    path.unlink(missing_ok=True)
    content = written(path)
    cut = content[: round(part * len(content))]
    path.write_bytes(cut)
    file = ResultsFile.open(path)
    # A line that lacks nothing but its end is whole.
    whole = [result for result in RESULTS if result.line().encode() in cut]
    assert list(file.results.values()) == whole
    assert len(file.notes) == (len(cut.splitlines()) > len(whole))
    assert all(note.endswith("is incomplete: its cell runs again.") for note in file.notes)
    file.add(RESULT)
    assert list(ResultsFile.open(path).results.values()) == [*whole, RESULT]


@pytest.mark.parametrize(
    "content", ['{"cells": 3}\n', "notes about cells\n", "[1, 2]", '{"outcome": "finished"}\n']
)
def test_another_file_is_left_alone(content: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(
        ResultsError, match=r"notes.txt, line 1: This is not the result of a cell. Name"
    ):
        ResultsFile.open(path)
    assert path.read_text() == content


def test_names_that_are_not_known_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(RESULT.line().replace('"version"', '"author": "me", "version"') + "\n")
    assert ResultsFile.open(path).results == {RESULT.key: RESULT}


def test_a_folder_and_a_missing_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be read: is a directory"):
        ResultsFile.open(tmp_path)
    file = ResultsFile.open(tmp_path / "none" / "results.jsonl")
    with pytest.raises(OutputError, match=r"cannot be written: no such file .* by --results"):
        file.add(RESULT)
    assert file.results == {}
