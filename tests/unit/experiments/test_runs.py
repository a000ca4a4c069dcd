"""Estimators at work: equal limits, fair starts, and honest summaries."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ditherlab.errors import PictureError
from ditherlab.estimators import ST, LeaveOneOut, Moments
from ditherlab.experiments import (
    BaselineFigures,
    Curve,
    PriceList,
    RunComparison,
    RunFigures,
    Spread,
    compare_runs,
    fix_palette,
    group_runs,
    summarize_runs,
    typical_run,
)
from ditherlab.experiments.runs import Budgets
from ditherlab.objectives import SSIM, Variance, ViewedError
from ditherlab.optimizers import Adam
from ditherlab.palette import Palette, named_palette
from ditherlab.problem import LearnedPalette, Limits, Problem
from ditherlab.solver.snapshot import Snapshot
from ditherlab.solver.solver import optimize
from tests.solving import solve, ticking

ESTIMATORS = {"few": LeaveOneOut(num_samples=2), "many": LeaveOneOut(num_samples=40)}


@dataclass(frozen=True)
class Broken(ViewedError):
    """An objective that can price pictures, but not be optimized."""

    def bind(self, target):
        if Broken.is_broken:
            raise PictureError("It broke.")
        return super().bind(target)


@pytest.fixture
def problem(photo):
    picture = photo.crop(left=10, top=4, width=24, height=16)
    return Problem(picture=picture, palette=LearnedPalette(3), objective=ViewedError())


def compare(problem, estimators, *, seconds, **arguments):
    """Compare runs by a clock that goes on by a second whenever it is asked."""
    return compare_runs(
        problem,
        estimators,
        seed=4,
        device="cpu",
        max_seconds=seconds,
        clock=ticking(),
        **arguments,
    )


def snapshot(seconds, cost):
    return Snapshot("descend", 0, seconds, cost, 0.0, 0.0, int(10 * seconds), 0)


def run(name="a", seed=0, cost=1.0, **changes):
    figures = RunFigures(name, "equal-time", seed, "out-of-time", cost, cost)
    return replace(figures, **{"indices": np.zeros((1, 1), dtype=np.uint8), **changes})


def test_all_runs_get_the_same_and_the_slowest_sets_the_evaluations(problem):
    found = compare(problem, ESTIMATORS, num_seeds=2, seconds=3_000)
    assert isinstance(found.problem.palette, Palette)
    # Two thirds of the time, less what setting up takes, for four runs.
    assert found.budgets.seconds == pytest.approx(3_000 * 2 / 3 / 4, rel=0.06)
    assert [(r.budget, r.seed, r.estimator) for r in found.runs] == [
        (budget, seed, name)
        for budget in ("equal-time", "equal-evaluations")
        for seed in (4, 5)
        for name in ESTIMATORS
    ]
    assert all(r.spent_its_budget for r in found.runs)
    # By this clock, steps of few draws take as long as others: they price fewer pictures.
    assert found.budgets.slowest == "few"
    for r in found.runs:
        if r.budget == "equal-evaluations":
            assert r.num_evaluations <= found.budgets.evaluations
    few, many = group_runs(found, "equal-evaluations").values()
    assert few[0].num_steps > 10 * many[0].num_steps > 0


def test_all_start_from_the_same_probabilities_and_move_by_the_same_optimizer(problem):
    found = compare(problem, {"a": Moments(), "b": Moments()}, num_seeds=1, seconds=600)
    first, second, *_ = found.runs
    assert first.snapshots[0].cost == second.snapshots[0].cost
    assert found.optimizer == str(Adam())


def test_each_run_is_what_the_one_loop_does(problem):
    found = compare(problem, {"a": LeaveOneOut()}, num_seeds=1, seconds=600)
    *_, last = found.runs
    again = optimize(
        found.problem,
        f"nearest | descend(estimator=leave-one-out, optimizer=adam, steps={10**9}) | draw",
        limits=Limits(evaluations=found.budgets.evaluations),
        seed=4,
        device="cpu",
    )
    assert last.outcome == again.outcome == "out-of-evaluations"
    assert np.array_equal(last.indices, again.indices)
    assert last.num_evaluations == again.history.num_evaluations


def test_stopping_keeps_the_runs_that_ended(problem):
    reports = []
    found = compare(
        problem,
        ESTIMATORS,
        num_seeds=2,
        seconds=3_000,
        on_progress=reports.append,
        should_stop=lambda: bool(reports) and reports[-1].number == 3,
    )
    assert [(r.seed, r.estimator) for r in found.runs] == [(4, "few"), (4, "many")]
    assert reports[0].num_runs == 8
    assert 0 < reports[-1].seconds_left < reports[0].seconds_left <= 3_000


def test_a_run_that_cannot_be_done_is_recorded(problem, monkeypatch):
    monkeypatch.setattr(Broken, "is_broken", False, raising=False)
    broken = replace(problem, objective=Broken())

    def break_it(progress):
        Broken.is_broken = progress.task.seed == 4

    found = compare(broken, {"st": ST()}, num_seeds=2, seconds=1_200, on_progress=break_it)
    assert [(r.seed, r.outcome) for r in found.runs] == [
        (4, "failed"),
        (5, "out-of-time"),
        (4, "failed"),
        (5, "out-of-evaluations"),
    ]
    assert found.runs[0].reason == "It broke."
    assert [summary.num_failed for summary in summarize_runs(found, "equal-time")] == [1]


def test_a_picture_costs_what_the_objective_says(photo):
    palette = named_palette("pico-8")
    solution = solve(photo, palette=palette, objective=ViewedError(), steps=100, polish="none")
    price = PriceList.of(solution.problem).price(solution.indices)
    # In the end nothing is random any more.
    assert solution.history.snapshots[-1].cost == pytest.approx(price, rel=0.05)


def test_without_a_value_a_picture_costs_what_is_expected_of_it(photo):
    palette = named_palette("pico-8")
    without, squared = (
        PriceList.of(Problem(picture=photo, palette=palette, objective=objective))
        for objective in (Variance(c=0.2), Variance(c=1))
    )
    assert "value" not in without.cost.abilities
    for one, other in zip(without.baselines(), squared.baselines(), strict=True):
        # A picture that is sure of itself has no variance.
        assert one.cost == pytest.approx(other.cost, rel=1e-5)


def test_the_nearest_colors_cost_least_where_single_pixels_count(photo):
    problem = Problem(picture=photo, palette=named_palette("pico-8"), objective=SSIM())
    nearest, floyd_steinberg = PriceList.of(problem).baselines()
    assert (nearest.name, floyd_steinberg.name) == ("nearest", "floyd-steinberg")
    assert nearest.cost < floyd_steinberg.cost


def test_a_gray_picture_keeps_its_gray_palette(photo):
    gray = replace(photo, pixels=photo.pixels[:, :, :1].repeat(3, axis=2))
    problem = fix_palette(Problem(picture=gray, palette=LearnedPalette(3)))
    assert problem.is_gray
    assert PriceList.of(problem).colors.shape == (1, 3, 1)


def test_a_summary_compares_with_the_better_baseline(problem):
    baselines = [
        BaselineFigures(name, cost, np.zeros((1, 1), dtype=np.uint8))
        for name, cost in (("good", 1.5), ("bad", 9.0), ("broken", None))
    ]
    runs = [run(cost=1.0), run(cost=2.0, seed=1), run("b", cost=None, outcome="not-finite")]
    found = RunComparison(problem, "adam", Budgets(1.0), tuple(baselines), tuple(runs))
    good, broken = summarize_runs(found, "equal-time")
    assert good.cost == Spread(1.5, pytest.approx(0.5**0.5), 1.0, 2.0, 1.5)
    assert (good.difference.mean, good.difference.lowest, good.num_failed) == (0.0, -0.5, 0)
    assert (broken.cost, broken.difference, broken.num_failed) == (None, None, 1)
    assert summarize_runs(found, "equal-evaluations") == []


def test_a_curve_covers_what_all_seeds_reached():
    first = run(snapshots=(snapshot(0.0, 4.0), snapshot(2.0, 2.0)))
    second = run(snapshots=(snapshot(1.0, 5.0), snapshot(3.0, 1.0)))
    failed = run(outcome="not-finite", snapshots=(snapshot(0.0, 99.0),))
    curve = Curve.of([first, second, failed], "seconds")
    assert (curve.x[0], curve.x[-1]) == (1.0, 2.0)
    assert (curve.lowest[0], curve.mean[0], curve.highest[0]) == (3.0, 4.0, 5.0)
    assert (curve.lowest[-1], curve.highest[-1]) == (2.0, 3.0)
    assert Curve.of([failed], "seconds") is None


def test_the_typical_run_has_the_median_cost():
    runs = [run(cost=cost, seed=seed) for seed, cost in enumerate((3.0, None, 1.0, 2.0))]
    assert typical_run(runs).cost == 2.0
    assert typical_run([run(indices=None)]) is None
