from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab.discrete.cells import cell_rule
from ditherlab.errors import DeviceError, RequestError
from ditherlab.estimators import ESTIMATORS, ST, LeaveOneOut, Moments, ScoreFunction
from ditherlab.images import Picture
from ditherlab.objectives import SSIM, ViewedError
from ditherlab.optimizers import Adam
from ditherlab.palette import Palette, named_palette
from ditherlab.problem import Limits
from ditherlab.recipe import Recipe
from ditherlab.solver.solver import optimize
from tests.objectives import Brightness
from tests.solving import problem_of, solve, ticking

BLACK_AND_WHITE = named_palette("black-and-white")
PICO_8 = named_palette("pico-8")
SIX_COLORS = Palette.from_hex(["#000", "#fff", "#d22", "#2b4", "#25c", "#fc3"])


def assert_lowered(solution):
    """The expected cost fell, and not by returning to an earlier picture."""
    assert not solution.notes
    first, last = solution.history.snapshots[0], solution.history.snapshots[-1]
    assert last.cost < first.cost


# The estimator's steps and nothing else.
STEPS_ONLY: dict[str, Any] = {"objective": ViewedError(), "start": "nearest", "polish": "none"}

# On a picture of many pixels these are too noisy: they go nowhere with so few draws.
NOISY = ("score-function", "rebar", "stochastic-triples")


@pytest.mark.parametrize("name", [name for name in ESTIMATORS.classes if name not in NOISY])
def test_every_estimator_lowers_its_expected_cost(name, photo):
    estimator = ESTIMATORS.parse(name)
    palette = BLACK_AND_WHITE if estimator.num_colors == 2 else PICO_8
    if name in ("arsm", "carms", "local-expectation", "measure-valued", "rao-blackwell"):
        # They price pictures for every color, or every two colors.
        palette = SIX_COLORS
    if estimator.max_num_pictures is not None:
        photo, palette = photo.crop(left=9, top=7, width=3, height=3), BLACK_AND_WHITE
    steps = 30 if palette is SIX_COLORS else 60
    assert_lowered(solve(photo, palette=palette, estimator=estimator, steps=steps, **STEPS_ONLY))


@pytest.mark.parametrize("name", NOISY)
def test_noisy_estimators_lower_their_expected_cost_on_few_pixels(name, photo):
    tiny = photo.crop(left=20, top=20, width=4, height=3)
    estimator = ESTIMATORS.parse(name).with_num_samples(16)
    palette = BLACK_AND_WHITE
    assert_lowered(solve(tiny, palette=palette, estimator=estimator, steps=150, **STEPS_ONLY))


UPHILL: dict[str, Any] = {"palette": PICO_8, "estimator": ScoreFunction(), **STEPS_ONLY}


def test_steps_that_lead_uphill_end_with_the_best_state(photo):
    solution = solve(photo, steps=40, seconds_between_reports=0.0, **UPHILL)
    first, *others, last = solution.history.snapshots
    assert others[-2].cost > first.cost
    assert last.cost < others[-2].cost
    assert "is too noisy here. The picture is the best one seen, of step" in solution.notes[-1]
    nearest = solve(photo, steps=1, **UPHILL)
    changed = (solution.indices != nearest.indices).mean()
    assert changed < 0.2


@pytest.mark.parametrize("step_s", [0.0, 0.01, 100.0])
def test_the_best_state_does_not_depend_on_the_speed_of_the_machine(step_s, photo):
    fast = solve(photo, steps=40, **UPHILL)
    slow = solve(photo, steps=40, clock=ticking(step_s), **UPHILL)
    assert np.array_equal(fast.indices, slow.indices)
    assert fast.notes == slow.notes


def test_a_learned_palette_beats_its_start(photo):
    costs = solve(photo, palette=5, steps=60, **STEPS_ONLY).history.costs
    assert costs[-1] < costs[0] / 2


def test_the_same_seed_gives_the_same_picture_and_another_one_another(photo):
    settings = {"palette": 6, "steps": 12, "estimator": ST(), **STEPS_ONLY}
    first, second = solve(photo, **settings), solve(photo, **settings)
    assert np.array_equal(first.indices, second.indices)
    assert first.palette == second.palette
    other = solve(photo, seed=1, **settings)
    assert not np.array_equal(first.indices, other.indices)


def test_permuting_a_palette_changes_no_cost(photo):
    last = [
        solve(photo, palette=palette, steps=40, **STEPS_ONLY).history.snapshots[-1].cost
        for palette in (PICO_8, Palette(PICO_8.colors[::-1]))
    ]
    # The draws that break ties differ, so the pictures do; what they cost hardly does.
    assert last[0] == pytest.approx(last[1], rel=0.1)


def test_mean_light_survives_black_and_white_dithering():
    pixels = np.full((64, 64, 3), 120, dtype=np.uint8)
    picture = Picture(pixels=pixels, opaque=np.ones((64, 64), dtype=bool))
    light = ((120 / 255 + 0.055) / 1.055) ** 2.4
    white = solve(picture, palette=BLACK_AND_WHITE).indices.mean()
    assert white == pytest.approx(light, abs=0.01)


def test_a_black_box_leaves_the_learned_palette_where_it_starts(photo):
    settings = {"palette": 4, "objective": Brightness()}
    solution = solve(photo, steps=5, **settings)
    assert solution.settings["estimator"] == "leave-one-out"
    assert any("no gradient for colors" in note for note in solution.notes)
    assert solution.palette == solve(photo, steps=1, **settings).palette


def test_a_cost_that_is_not_a_number_keeps_the_last_good_picture(photo):
    solution = solve(
        photo,
        palette=PICO_8,
        objective=Brightness(num_good=3),
        estimator=ScoreFunction(num_samples=1),
        steps=50,
    )
    assert solution.outcome == "not-finite"
    assert np.isfinite([snapshot.cost for snapshot in solution.history.snapshots]).all()
    assert solution.history.snapshots
    assert solution.indices.max() > 0


def test_a_cost_that_never_is_a_number_leaves_the_start(photo):
    settings = {"palette": PICO_8, "estimator": ScoreFunction(num_samples=1), "steps": 3}
    solution = solve(photo, objective=Brightness(num_good=0), **settings)
    assert solution.outcome == "not-finite"
    assert not solution.history.snapshots
    recipe = Recipe.parse("nearest")
    start = optimize(problem_of(photo, palette=PICO_8), recipe, device="cpu")
    assert np.array_equal(solution.indices, start.indices)


def test_stopping_gives_the_picture_so_far(photo):
    snapshots = []
    solution = solve(
        photo,
        palette=PICO_8,
        steps=10_000,
        on_progress=snapshots.append,
        should_stop=lambda: len(snapshots) > 0,
        **STEPS_ONLY,
    )
    assert solution.outcome == "interrupted"
    assert solution.num_steps < 10_000
    assert solution.indices.shape == (32, 48)


def test_an_interrupt_gives_the_picture_so_far(photo):
    snapshots = []

    def interrupt_once(snapshot):
        snapshots.append(snapshot)
        if len(snapshots) == 1:
            raise KeyboardInterrupt

    solution = solve(photo, palette=PICO_8, on_progress=interrupt_once, **STEPS_ONLY)
    assert solution.outcome == "interrupted"
    assert len(snapshots) == 1
    assert solution.indices.shape == (32, 48)


def test_reports_draw_for_themselves_and_change_nothing(photo):
    settings = {"palette": PICO_8, "estimator": LeaveOneOut(), "steps": 8, **STEPS_ONLY}
    plain = solve(photo, **settings)
    priced = solve(photo, num_report_samples=2, seconds_between_reports=0, **settings)
    assert np.array_equal(plain.indices, priced.indices)
    assert plain.history.costs == priced.history.costs
    assert plain.history.num_evaluations == priced.history.num_evaluations


def test_costs_are_those_of_drawn_pictures_whatever_the_estimator_believes(photo):
    settings = {"palette": PICO_8, "objective": SSIM(), "steps": 1}

    def first_costs(estimator, **arguments):
        history = solve(photo, estimator=estimator, **settings, **arguments).history
        return history.snapshots[0].cost, history.costs[0]

    expected, _ = first_costs(LeaveOneOut(num_samples=64))
    # Of order 0 the estimator's own value knows nothing of the noise that a drawn picture shows.
    shown, recorded = first_costs(Moments(order=0))
    assert shown == recorded == pytest.approx(expected, abs=0.004)
    shown, _ = first_costs(Moments(order=0), num_report_samples=64)
    assert shown == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize("palette", [PICO_8, 4])
def test_a_transparent_picture_has_nothing_to_draw(palette, photo):
    picture = replace(photo, opaque=np.zeros((32, 48), dtype=bool))
    solution = solve(picture, palette=palette)
    assert solution.outcome == "nothing-to-draw"
    assert solution.to_png().startswith(b"\x89PNG")


def test_transparent_pixels_do_not_reach_the_learned_palette(photo):
    pixels = photo.pixels.copy()
    pixels[:, 24:] = [0, 255, 0]
    opaque = np.ones((32, 48), dtype=bool)
    opaque[:, 24:] = False
    solution = solve(Picture(pixels=pixels, opaque=opaque), palette=4)
    assert all(green < 255 for _, green, _ in solution.palette.colors)


def test_a_picture_of_few_colors_gets_just_those(photo):
    pixels = np.zeros((32, 48, 3), dtype=np.uint8)
    pixels[:, 20:] = [200, 30, 40]
    picture = Picture(pixels=pixels, opaque=np.ones((32, 48), dtype=bool))
    solution = solve(picture, palette=8)
    assert np.array_equal(solution.picture.pixels, pixels)
    assert solution.num_colors_used == len(solution.palette) == 2


def test_a_missing_device_is_named(photo):
    with pytest.raises(DeviceError, match=r"got 'cuda:99'. There is: .*cpu"):
        solve(photo, device="cuda:99")


def test_a_wrong_seed_is_refused(photo):
    with pytest.raises(RequestError, match="seed must be from 0"):
        solve(photo, seed=-1)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_every_estimator_runs_on_cuda(photo):
    for name in ESTIMATORS.classes:
        solution = solve(
            photo, palette=5, estimator=ESTIMATORS.parse(name), device="cuda", steps=20
        )
        snapshots = solution.history.snapshots
        assert snapshots[-1].cost < snapshots[0].cost


def test_adam_minimizes_what_mean_field_does(photo):
    settings = {"palette": PICO_8, "steps": 200, **STEPS_ONLY}
    mean_field = solve(photo, **settings).history.snapshots[-1].cost
    adam = solve(photo, optimizer=Adam(), **settings).history.snapshots[-1].cost
    assert adam == pytest.approx(mean_field, rel=0.5)


@pytest.mark.parametrize("name", ["moments", "gumbel-softmax", "leave-one-out", "st"])
def test_locked_colors_stay_while_the_others_learn(name, photo):
    locked = ((254, 1, 2), (3, 3, 3))
    settings = {"palette": 5, "locked": locked, "estimator": ESTIMATORS.parse(name)}
    solution, start = solve(photo, steps=20, **settings), solve(photo, steps=1, **settings)
    assert solution.palette.colors[:2] == locked
    assert solution.palette.colors[2:] != start.palette.colors[2:]
    assert solution.settings["locked"] == ["#fe0102", "#030303"]


def test_a_picture_out_of_reach_is_clipped_with_a_note(photo):
    solution = solve(photo, palette=named_palette("game-boy"), steps=2)
    assert solution.settings["fit"] == "clip"
    assert solution.notes[-1].startswith("The palette cannot show most of the picture's colors: ")
    told = solve(photo, palette=named_palette("game-boy"), steps=2, fit="clip")
    assert not told.notes
    assert np.array_equal(told.indices, solution.indices)


def colors_of(image):
    return set(map(tuple, np.asarray(image.convert("RGB")).reshape(-1, 3).tolist()))


def test_a_solution_looks_as_shown_and_is_written_as_nominal(photo):
    inks = ((30, 20, 40), (170, 180, 180))
    palette = replace(BLACK_AND_WHITE, shown=inks)
    solution = solve(photo, palette=palette, steps=3)
    assert set(map(tuple, solution.picture.pixels.reshape(-1, 3).tolist())) == set(inks)
    with Image.open(BytesIO(solution.to_png())) as written:
        assert colors_of(written) == set(BLACK_AND_WHITE.colors)
    with Image.open(BytesIO(solution._repr_png_())) as shown:
        assert colors_of(shown) == set(inks)


ZX = cell_rule("zx-spectrum")


@pytest.fixture
def holed(photo):
    photo.opaque[3:9, 5:20] = False
    return photo


WITH_CELLS: dict[str, Any] = {"palette": ZX.palette, "cells": ZX, "sweeps": 2}


def num_breaches(solution):
    return ZX.num_breaches(solution.indices, solution.source.opaque)


def test_a_picture_obeys_its_machine(holed):
    solution = solve(holed, seconds_between_reports=0, **WITH_CELLS)
    assert solution.outcome == "finished"
    assert num_breaches(solution) == 0
    assert solution.settings["cells"] == "zx-spectrum"
    snapshots = solution.history.snapshots
    assert {snapshot.stage for snapshot in snapshots} == {"cells", "polish"}
    assert snapshots[-1].progress == 1
    free = solve(holed, **{**WITH_CELLS, "cells": None})
    assert num_breaches(free) > 0
    assert "cells" not in free.settings


@pytest.mark.parametrize("num_reports", [1, 2, 7, 14, 16])
@pytest.mark.parametrize("how", ["asked", "raised"])
def test_a_picture_obeys_its_machine_whenever_it_is_interrupted(holed, num_reports, how):
    snapshots = []

    def interrupt(snapshot):
        snapshots.append(snapshot)
        if how == "raised" and len(snapshots) == num_reports:
            raise KeyboardInterrupt

    solution = solve(
        holed,
        on_progress=interrupt,
        should_stop=lambda: how == "asked" and len(snapshots) >= num_reports,
        seconds_between_reports=0,
        **WITH_CELLS,
    )
    assert solution.outcome == "interrupted"
    assert len(snapshots) == num_reports
    assert num_breaches(solution) == 0


@pytest.mark.parametrize("limits", [Limits(seconds=1e-6), Limits(evaluations=5)])
def test_a_picture_obeys_its_machine_when_the_limit_is_reached(holed, limits):
    solution = solve(holed, limits=limits, **WITH_CELLS)
    assert solution.outcome.startswith("out-of-")
    assert num_breaches(solution) == 0
