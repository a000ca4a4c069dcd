"""A run of a large picture says once, after two seconds, how long it will take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ditherlab.cli.progress
from ditherlab.cli.progress import TimeLeft
from ditherlab.solver.snapshot import Snapshot
from tests.solving import ticking

MANY = 4_000_001


def snapshot(seconds: float, progress: float) -> Snapshot:
    return Snapshot("polish", 1, seconds, 0.1, 0.0, progress, 1, 0)


def notes_of(num_pixels: int, *reports: tuple[float, float]) -> list[str]:
    notes: list[str] = []
    time_left = TimeLeft(num_pixels, notes.append)
    for seconds, progress in reports:
        time_left.see(snapshot(seconds, progress))
    return notes


@pytest.mark.parametrize(
    ("reports", "notes"),
    [
        ([(0.5, 0.1), (1.9, 0.2)], []),
        ([(0.5, 0.1), (2.0, 0.2), (3.0, 0.3)], ["The picture is ready in about 8 seconds."]),
        ([(2.5, 0.0), (3.0, 0.5)], ["The picture is ready in about 3 seconds."]),
        ([(2.0, 0.02)], ["The picture is ready in about 2 minutes."]),
        ([(10.0, 0.01)], ["The picture is ready in about 16 minutes."]),
        ([(100.0, 0.01)], ["The picture is ready in about 2.8 hours."]),
        ([(4.0, 0.75)], ["The picture is ready in about a second."]),
        ([(4.0, 0.9), (5.0, 0.91)], []),
    ],
)
def test_it_is_said_once(reports: list[tuple[float, float]], notes: list[str]) -> None:
    assert notes_of(MANY, *reports) == notes
    assert notes_of(4_000_000, *reports) == []


def test_it_stands_on_standard_error(
    photo: Path, optimize: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ditherlab.cli.progress, "_MANY_PIXELS", 100)
    monkeypatch.setattr("ditherlab.cli.clock.now", ticking())
    words = ("--palette", "#000,#fff", "--sweeps", "30")
    err = optimize(photo, *words).err
    assert err.count(" is ready in about ") == 1
    assert err.startswith("The picture is ready in about ")
    assert " is ready in " not in optimize(photo, *words, "-q").err


def test_a_bar_goes_on_below_it(
    photo: Path, run: Callable[..., Any], terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ditherlab.cli.progress, "_MANY_PIXELS", 100)
    monkeypatch.setattr("ditherlab.cli.clock.now", ticking())
    monkeypatch.setenv("COLUMNS", "100")
    with terminal() as shown:
        run("optimize", photo, "--palette", "#000,#fff", "--sweeps", "30")
    text = shown.decode()
    before, _, after = text.partition("\r\nThe picture is ready in about ")
    assert "polish" in before
    assert "polish" in after
