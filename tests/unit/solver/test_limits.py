"""Limits of time, evaluations and memory; the bar and the cooling follow the clock."""

from typing import Any

import pytest

from ditherlab.discrete.direct_binary_search import Cooling
from ditherlab.errors import PictureError
from ditherlab.estimators import LeaveOneOut
from ditherlab.objectives import ViewedError
from ditherlab.palette import named_palette
from ditherlab.problem import Limits
from ditherlab.solver.solver import optimize
from tests.solving import problem_of, solve, ticking

PICO_8 = named_palette("pico-8")

# The estimator's steps and nothing else.
STEPS_ONLY: dict[str, Any] = {"objective": ViewedError(), "start": "nearest", "polish": "none"}


def test_time_ends_a_run_and_hastens_its_annealing(photo):
    solution = solve(
        photo,
        palette=PICO_8,
        steps=10**9,
        limits=Limits(seconds=700),
        clock=ticking(),
        **STEPS_ONLY,
    )
    assert solution.outcome == "out-of-time"
    assert solution.history.snapshots[-1].entropy < 0.5


def test_the_bar_is_where_the_clock_is(photo):
    """Learning and polishing share the time; the bar shows the share of the clock."""
    limit_s = 900
    parts = []
    solve(
        photo,
        palette=4,
        steps=10**9,
        sweeps=10**9,
        pixels=200,
        limits=Limits(seconds=limit_s),
        clock=ticking(),
        on_progress=lambda snapshot: parts.append((snapshot.progress, snapshot.seconds / limit_s)),
        seconds_between_reports=20,
    )
    assert len(parts) > 20
    assert all(abs(bar - clock) < 0.02 for bar, clock in parts)
    assert parts[-1][0] > 0.98


def test_the_polish_cools_by_its_own_part_of_the_time(photo, monkeypatch):
    """After learning for .4 of the time, a polish that cools starts as hot as any."""
    shares = []
    asked = Cooling.temperature
    monkeypatch.setattr(
        Cooling, "temperature", lambda self, share: shares.append(share) or asked(self, share)
    )
    recipe = f"learn-palette(steps={10**9}, pixels=200) | error-diffusion | polish(sweeps={10**9})"
    optimize(
        problem_of(photo, palette=4),
        recipe,
        limits=Limits(seconds=1_000),
        clock=ticking(),
        device="cpu",
    )
    assert shares[0] < 0.05
    assert shares == sorted(shares)
    assert shares[-1] > 0.97


def test_evaluations_end_a_run_before_they_are_exceeded(photo):
    settings = {
        "palette": PICO_8,
        "estimator": LeaveOneOut(num_samples=4),
        "steps": 10**9,
        **STEPS_ONLY,
    }
    solution = solve(photo, limits=Limits(evaluations=30), **settings)
    history = solution.history
    # Six steps and the last price take 28; another step would take 32.
    assert (solution.outcome, solution.num_steps) == ("out-of-evaluations", 6)
    assert history.num_evaluations == history.snapshots[-1].num_evaluations == 28
    assert history.snapshots[0].num_evaluations == 4
    least = solve(photo, limits=Limits(evaluations=1), **settings)
    assert (least.outcome, least.history.num_evaluations) == ("out-of-evaluations", 4)


def test_evaluations_drive_the_annealing_if_they_are_the_limit(photo):
    settings = {"palette": PICO_8, "seconds_between_reports": 0, **STEPS_ONLY}
    limited = solve(photo, steps=10**9, limits=Limits(evaluations=60), **settings)
    snapshots = limited.history.snapshots
    assert snapshots[-1].entropy < 0.5 < snapshots[1].entropy
    progress = [snapshot.progress for snapshot in snapshots]
    assert progress == sorted(progress)
    by_steps = solve(photo, steps=59, **settings).history.snapshots
    assert snapshots[-1].cost == pytest.approx(by_steps[-1].cost, rel=0.01)


def test_evaluations_are_a_setting_as_they_decide_the_picture(photo):
    settings = {"palette": PICO_8, "sweeps": 0}
    assert "max_evaluations" not in solve(photo, **settings).settings
    limited = solve(photo, limits=Limits(evaluations=9), **settings)
    assert limited.settings["max_evaluations"] == 9


def test_too_little_memory_is_refused_before_the_run(photo):
    with pytest.raises(PictureError, match=r"must be at least .* for .*, got 100 bytes"):
        solve(photo, palette=PICO_8, limits=Limits(memory_bytes=100))
