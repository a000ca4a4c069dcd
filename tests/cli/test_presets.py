"""Presets and the time limit of `ditherlab optimize`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ditherlab.recipe.presets import PRESETS
from tests.solving import num_polish_costs, ticking

Optimize = Callable[..., Any]


def settings(ended: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ended.out)
    return document


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_steps_and_sweeps(
    preset: str, photo: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_run = preset == "fast"
    if not is_run:  # The settings of the others are known without steps.
        monkeypatch.setattr("ditherlab.cli.clock.now", ticking(1.0))
    limits = [] if is_run else ["--max-seconds", "0.001"]
    document = settings(
        run("optimize", photo, "--json", "--colors", "4", "--preset", preset, *limits)
    )
    expected = PRESETS[preset]
    assert f"(steps={expected.num_steps}," in document["recipe"].replace(
        "estimator=moments, optimizer=mean-field, ", ""
    )
    assert document["sweeps"] == expected.num_sweeps
    assert document["polish_temperature"] == expected.polish_temperature
    if is_run:
        assert document["steps"] == expected.num_steps
        # One of the pixels of each class at a time, after the steps.
        assert len(document["costs"]) == expected.num_steps + num_polish_costs(expected.num_sweeps)


def test_the_time_may_be_limited(
    photo: Path, optimize: Optimize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.cli.clock.now", ticking(0.001))
    ended = optimize(photo, "--json", "--steps", "1000000", "--max-seconds", "0.2")
    document = settings(ended)
    assert document["outcome"] == "out-of-time"
    assert 0 < document["steps"] < 1000000
    assert "The time is up: photo-dithered.png is the picture so far.\n" in ended.err
