from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab.discrete.cells import cell_rule
from ditherlab.errors import (
    AbilityError,
    DeviceError,
    PaletteRequestError,
    PictureError,
    RequestError,
)
from ditherlab.estimators import ESTIMATORS, ST, LeaveOneOut, Moments, ScoreFunction
from ditherlab.images import Picture
from ditherlab.objectives import SSIM, Variance, ViewedError, parse_objective
from ditherlab.optimizers import Adam, MeanField
from ditherlab.palette import Palette, named_palette
from ditherlab.problem.problem import Problem
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.solver.solver import optimize
from ditherlab.types import DrawCosts, DrawnImages

BLACK_AND_WHITE = named_palette("black-and-white")
PICO_8 = named_palette("pico-8")
SIX_COLORS = Palette.from_hex(["#000", "#fff", "#d22", "#2b4", "#25c", "#fc3"])


@dataclass(frozen=True)
class Brightness(Objective):
    """A black box: the mean brightness, or NaN after some evaluations."""

    num_good: int = 1_000_000

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value"})

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        return BrightnessCost(self.abilities, [self.num_good])


@dataclass(frozen=True, eq=False)
class BrightnessCost(Cost):
    abilities: frozenset[Ability]
    left: list[int]

    def cost(self, images: DrawnImages) -> DrawCosts:
        self.left[0] -= 1
        return images.mean(dim=(2, 3, 4)) * (1 if self.left[0] >= 0 else torch.nan)


def assert_lowered(solution):
    """The expected cost fell, and not by returning to an earlier picture."""
    assert not solution.notes
    first, last = solution.history.looks[0], solution.history.looks[-1]
    assert last.cost < first.cost


# The estimator's steps and nothing else.
STEPS_ONLY: dict[str, Any] = {"objective": ViewedError(), "start": "nearest", "polish": "none"}

# On a picture of many pixels these are too noisy: they go nowhere with so few draws.
NOISY = ("score-function", "rebar", "stochastic-triples")


@pytest.mark.parametrize("name", [name for name in ESTIMATORS.classes if name not in NOISY])
def test_every_estimator_lowers_its_expected_cost(name, photo):
    estimator = ESTIMATORS.parse(name)
    palette = BLACK_AND_WHITE if estimator.num_colors == 2 else PICO_8
    if name == "arsm":  # The number of its swaps grows with the square of that of the colors.
        palette = SIX_COLORS
    if estimator.max_num_pictures is not None:
        photo, palette = photo.crop(left=9, top=7, width=3, height=3), BLACK_AND_WHITE
    problem = Problem(
        picture=photo, palette=palette, estimator=estimator, num_steps=60, **STEPS_ONLY
    )
    assert_lowered(optimize(problem))


@pytest.mark.parametrize("name", NOISY)
def test_noisy_estimators_lower_their_expected_cost_on_few_pixels(name, photo):
    tiny = photo.crop(left=20, top=20, width=4, height=3)
    estimator = ESTIMATORS.parse(name).with_num_samples(16)
    palette = BLACK_AND_WHITE
    problem = Problem(
        picture=tiny, palette=palette, estimator=estimator, num_steps=150, **STEPS_ONLY
    )
    assert_lowered(optimize(problem))


def test_a_walk_uphill_ends_with_the_best_picture_seen(photo):
    problem = Problem(
        picture=photo, palette=PICO_8, estimator=ScoreFunction(), num_steps=40, **STEPS_ONLY
    )
    solution = optimize(problem, seconds_between_looks=0.0)
    first, *others, last = solution.history.looks
    assert others[-1].cost > first.cost
    assert last.cost < others[-1].cost
    assert "is too noisy here. The picture is the best one seen, of step" in solution.notes[-1]
    nearest = optimize(replace(problem, num_steps=1))
    changed = (solution.indices != nearest.indices).mean()
    assert changed < 0.2


def test_a_learned_palette_beats_its_start(photo):
    problem = Problem(picture=photo, palette=5, num_steps=60, **STEPS_ONLY)
    costs = optimize(problem).history.costs
    assert costs[-1] < costs[0] / 2


def test_the_same_seed_gives_the_same_picture_and_another_one_another(photo):
    problem = Problem(picture=photo, palette=6, num_steps=12, estimator=ST(), **STEPS_ONLY)
    first, second = optimize(problem), optimize(problem)
    assert np.array_equal(first.indices, second.indices)
    assert first.palette == second.palette
    other = optimize(replace(problem, seed=1))
    assert not np.array_equal(first.indices, other.indices)


def test_permuting_a_palette_changes_no_cost(photo):
    reversed_palette = Palette(PICO_8.colors[::-1])
    problem = Problem(picture=photo, palette=PICO_8, num_steps=40, **STEPS_ONLY)
    last = [
        optimize(replace(problem, palette=palette)).history.looks[-1].cost
        for palette in (PICO_8, reversed_palette)
    ]
    # The draws that break ties differ, so the pictures do; what they cost hardly does.
    assert last[0] == pytest.approx(last[1], rel=0.1)


def test_a_gray_palette_is_matched_on_luminance(photo):
    problem = Problem(picture=photo, palette=BLACK_AND_WHITE)
    assert problem.target().images.shape == (1, 1, 32, 48)
    assert optimize(problem).outcome == "finished"


def test_mean_light_survives_black_and_white_dithering():
    pixels = np.full((64, 64, 3), 120, dtype=np.uint8)
    picture = Picture(pixels=pixels, opaque=np.ones((64, 64), dtype=bool))
    light = ((120 / 255 + 0.055) / 1.055) ** 2.4
    white = optimize(Problem(picture=picture, palette=BLACK_AND_WHITE)).indices.mean()
    assert white == pytest.approx(light, abs=0.01)


def test_a_black_box_leaves_the_learned_palette_where_it_starts(photo):
    problem = Problem(picture=photo, palette=4, objective=Brightness(), num_steps=5)
    solution = optimize(problem)
    assert isinstance(problem.chosen_estimator, LeaveOneOut)
    assert any("no gradient for colors" in note for note in solution.notes)
    assert solution.palette == optimize(replace(problem, num_steps=1)).palette


def test_a_cost_that_is_not_a_number_keeps_the_last_good_picture(photo):
    problem = Problem(
        picture=photo,
        palette=PICO_8,
        objective=Brightness(num_good=3),
        estimator=ScoreFunction(num_samples=1),
        num_steps=50,
    )
    solution = optimize(problem)
    assert solution.outcome == "not-finite"
    assert np.isfinite([look.cost for look in solution.history.looks]).all()
    assert solution.history.looks


def test_stopping_gives_the_picture_so_far(photo):
    looks = []
    problem = Problem(picture=photo, palette=PICO_8, num_steps=10_000, **STEPS_ONLY)
    solution = optimize(problem, on_look=looks.append, should_stop=lambda: len(looks) > 0)
    assert solution.outcome == "interrupted"
    assert solution.num_steps < 10_000
    assert solution.indices.shape == (32, 48)


def test_an_interrupt_gives_the_picture_so_far(photo):
    looks = []

    def interrupt_once(look):
        looks.append(look)
        if len(looks) == 1:
            raise KeyboardInterrupt

    problem = Problem(picture=photo, palette=PICO_8, **STEPS_ONLY)
    solution = optimize(problem, on_look=interrupt_once)
    assert solution.outcome == "interrupted"
    assert len(looks) == 2


def test_time_ends_a_run_and_hastens_its_annealing(photo):
    problem = Problem(picture=photo, palette=PICO_8, num_steps=10**9, max_seconds=0.3, **STEPS_ONLY)
    solution = optimize(problem)
    assert solution.outcome == "out-of-time"
    assert solution.history.looks[-1].entropy < 0.5


def test_evaluations_end_a_run_before_they_are_exceeded(photo):
    problem = Problem(
        picture=photo,
        palette=PICO_8,
        estimator=LeaveOneOut(num_samples=4),
        num_steps=10**9,
        max_evaluations=30,
        **STEPS_ONLY,
    )
    history = optimize(problem).history
    # Six steps and the last look take 28; another step would take 32.
    assert (optimize(problem).outcome, len(history.costs)) == ("out-of-evaluations", 6)
    assert history.num_evaluations == history.looks[-1].num_evaluations == 28
    assert history.looks[0].num_evaluations == 4
    assert optimize(replace(problem, max_evaluations=1)).num_steps == 1


def test_evaluations_drive_the_annealing_if_they_are_the_budget(photo):
    steps = Problem(picture=photo, palette=PICO_8, num_steps=59, **STEPS_ONLY)
    problem = replace(steps, num_steps=10**9, max_evaluations=60)
    looks = optimize(problem, seconds_between_looks=0).history.looks
    assert looks[-1].entropy < 0.5 < looks[1].entropy
    assert [look.progress for look in looks] == sorted(look.progress for look in looks)
    by_steps = optimize(steps).history.looks
    assert looks[-1].cost == pytest.approx(by_steps[-1].cost, rel=0.01)


def test_evaluations_are_a_setting_as_they_decide_the_picture(photo):
    problem = Problem(picture=photo, palette=PICO_8)
    assert "max_evaluations" not in problem.settings
    assert replace(problem, max_evaluations=9).settings["max_evaluations"] == 9


def test_looks_draw_for_themselves_and_change_nothing(photo):
    problem = Problem(
        picture=photo, palette=PICO_8, estimator=LeaveOneOut(), num_steps=8, **STEPS_ONLY
    )
    plain = optimize(problem)
    priced = optimize(problem, num_look_samples=2, seconds_between_looks=0)
    assert np.array_equal(plain.indices, priced.indices)
    assert plain.history.costs == priced.history.costs
    assert plain.history.num_evaluations == priced.history.num_evaluations


def test_looks_price_drawn_pictures_whatever_the_estimator_believes(photo):
    problem = Problem(picture=photo, palette=PICO_8, objective=SSIM(), num_steps=1)
    blind = replace(problem, estimator=Moments(order=0))
    drawn = optimize(replace(problem, estimator=LeaveOneOut(num_samples=64)))
    expected = pytest.approx(drawn.history.looks[0].cost, abs=0.003)
    # Of order 0 the estimator's own value knows nothing of the noise that a drawn picture shows.
    assert optimize(blind).history.looks[0].cost != expected
    assert optimize(blind, num_look_samples=64).history.looks[0].cost == expected


def test_a_transparent_picture_has_nothing_to_draw(photo):
    picture = replace(photo, opaque=np.zeros((32, 48), dtype=bool))
    for palette in (PICO_8, 4):
        solution = optimize(Problem(picture=picture, palette=palette))
        assert solution.outcome == "nothing-to-draw"
        assert solution.to_png().startswith(b"\x89PNG")


def test_transparent_pixels_do_not_reach_the_learned_palette(photo):
    pixels = photo.pixels.copy()
    pixels[:, 24:] = [0, 255, 0]
    opaque = np.ones((32, 48), dtype=bool)
    opaque[:, 24:] = False
    solution = optimize(Problem(picture=Picture(pixels=pixels, opaque=opaque), palette=4))
    assert all(green < 255 for _, green, _ in solution.palette.colors)


def test_a_picture_of_few_colors_gets_just_those(photo):
    pixels = np.zeros((32, 48, 3), dtype=np.uint8)
    pixels[:, 20:] = [200, 30, 40]
    picture = Picture(pixels=pixels, opaque=np.ones((32, 48), dtype=bool))
    solution = optimize(Problem(picture=picture, palette=8))
    assert np.array_equal(solution.picture.pixels, pixels)
    assert solution.num_colors_used == len(solution.palette) == 2


def test_the_variance_loss_is_drawn_and_an_expected_cost_is_not(photo):
    assert Problem(picture=photo, objective=Variance()).chosen_draw == "sample"
    assert Problem(picture=photo, objective=Variance(c=1)).chosen_draw == "mode"
    assert Problem(picture=photo, objective=Variance(), draw="mode").chosen_draw == "mode"


def test_defaults_fit_the_objective(photo):
    def chosen(words):
        problem = Problem(picture=photo, objective=parse_objective(words))
        return str(problem.chosen_estimator), str(problem.chosen_optimizer)

    assert chosen("perceptual") == ("moments", "mean-field")
    assert chosen("viewed-error") == ("moments", "mean-field")
    assert chosen("variance") == ("moments", "adam")
    assert chosen("ssim") == ("gumbel-softmax", "adam")
    assert chosen("viewed-error+0.1*viewed-ssim") == ("gumbel-softmax", "adam")
    inexact = Problem(picture=photo, objective=SSIM(), estimator=Moments())
    assert isinstance(inexact.chosen_optimizer, Adam)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"palette": 1}, RequestError, "number of colors must be from 2 to 256, got 1"),
        ({"palette": 257}, RequestError, "from 2 to 256, got 257"),
        ({"num_steps": 0}, RequestError, "steps must be at least 1, got 0"),
        ({"max_seconds": -1.0}, RequestError, "above 0 seconds, got -1"),
        ({"max_evaluations": 0}, RequestError, "evaluations must be at least 1, got 0"),
        ({"seed": -1}, RequestError, "seed must be from 0"),
        (
            {"objective": Variance(), "estimator": ST()},
            AbilityError,
            "`st` needs an objective with `gradient` and `value`, which `variance` does not "
            r"offer\. What works: `moments`",
        ),
        (
            {"objective": ViewedError(), "estimator": ST(), "optimizer": MeanField()},
            AbilityError,
            "`mean-field` needs an estimator that gives color costs, and `st` gives none. "
            "Use `local-expectation` or `moments`, or `adam`",
        ),
    ],
)
def test_impossible_problems_are_refused_when_built(changes, error, message, photo):
    with pytest.raises(error, match=message):
        Problem(picture=photo, **changes)


def test_a_picture_smaller_than_the_window_is_refused(photo):
    small = Picture(pixels=photo.pixels[:5, :5], opaque=photo.opaque[:5, :5])
    with pytest.raises(PictureError, match="`ssim` must be at least 11 pixels"):
        Problem(picture=small, objective=SSIM())
    assert optimize(Problem(picture=small, palette=PICO_8, num_steps=3)).outcome == "finished"


def test_a_missing_device_is_named(photo):
    with pytest.raises(DeviceError, match=r"got 'cuda:99'. There is: .*cpu"):
        optimize(Problem(picture=photo, device="cuda:99"))


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_every_estimator_runs_on_cuda(photo):
    for name in ESTIMATORS.classes:
        problem = Problem(
            picture=photo, palette=5, estimator=ESTIMATORS.parse(name), device="cuda", num_steps=20
        )
        looks = optimize(problem).history.looks
        assert looks[-1].cost < looks[0].cost


def test_adam_minimizes_what_mean_field_does(photo):
    problem = Problem(picture=photo, palette=PICO_8, num_steps=200, **STEPS_ONLY)
    mean_field = optimize(problem).history.looks[-1].cost
    adam = optimize(replace(problem, optimizer=Adam())).history.looks[-1].cost
    assert adam == pytest.approx(mean_field, rel=0.5)


@pytest.mark.parametrize("name", ["moments", "gumbel-softmax", "leave-one-out", "st"])
def test_locked_colors_stay_while_the_others_learn(name, photo):
    locked = ((254, 1, 2), (3, 3, 3))
    estimator = ESTIMATORS.parse(name)
    problem = Problem(picture=photo, palette=5, locked=locked, estimator=estimator, num_steps=20)
    solution, start = optimize(problem), optimize(replace(problem, num_steps=1))
    assert solution.palette.colors[:2] == locked == problem.locked
    assert solution.palette.colors[2:] != start.palette.colors[2:]
    assert solution.settings["locked"] == ["#fe0102", "#030303"]


def test_locked_colors_are_merged_and_checked(photo):
    black = (0, 0, 0)
    assert Problem(picture=photo, palette=3, locked=(black, black)).locked == (black,)
    with pytest.raises(PaletteRequestError, match=r"^`locked\[0\]` must be three whole numbers"):
        Problem(picture=photo, palette=3, locked=((0, 0, 256),))
    with pytest.raises(RequestError, match=r"^Locked colors must stand beside colors to learn"):
        Problem(picture=photo, palette=PICO_8, locked=(black,))
    with pytest.raises(RequestError, match=r"fewer than the 2 colors of the palette, got 2\. Ask"):
        Problem(picture=photo, palette=2, locked=(black, (255, 255, 255)))


def test_a_picture_out_of_reach_is_clipped_with_a_note(photo):
    problem = Problem(picture=photo, palette=named_palette("game-boy"), num_steps=2)
    assert problem.chosen_fit == problem.settings["fit"] == "clip"
    assert (
        optimize(problem)
        .notes[-1]
        .startswith("The palette cannot show most of the picture's colors: ")
    )
    assert not torch.equal(problem.target().images, problem.source_target().images)
    assert not replace(problem, fit="clip").fit_notes
    plain = replace(problem, fit="none")
    assert plain.chosen_fit == "none"
    assert torch.equal(plain.target().images, plain.source_target().images)
    compressed = replace(problem, fit="compress")
    assert compressed.chosen_fit == "compress"
    assert not torch.equal(compressed.target().images, problem.target().images)


@pytest.mark.parametrize("palette", [BLACK_AND_WHITE, PICO_8, named_palette("e-ink-7"), 4])
def test_a_picture_within_reach_stays_as_it_is(palette, photo):
    problem = Problem(picture=photo, palette=palette)
    assert problem.chosen_fit == "none"
    assert not problem.fit_notes
    assert torch.equal(problem.target().images, problem.source_target().images)


def test_a_wrong_fit_is_refused(photo):
    with pytest.raises(RequestError, match=r"^The fit must be auto, .* or compress, got 't"):
        Problem(picture=photo, palette=PICO_8, fit="tight")


def colors_of(image):
    return set(map(tuple, np.asarray(image.convert("RGB")).reshape(-1, 3).tolist()))


def test_a_solution_looks_as_shown_and_is_written_as_nominal(photo):
    inks = ((30, 20, 40), (170, 180, 180))
    palette = replace(BLACK_AND_WHITE, shown=inks)
    solution = optimize(Problem(picture=photo, palette=palette, num_steps=3))
    assert set(map(tuple, solution.picture.pixels.reshape(-1, 3).tolist())) == set(inks)
    with Image.open(BytesIO(solution.to_png())) as written:
        assert colors_of(written) == set(BLACK_AND_WHITE.colors)
    with Image.open(BytesIO(solution._repr_png_())) as shown:
        assert colors_of(shown) == set(inks)


ZX = cell_rule("zx-spectrum")


@pytest.fixture
def with_cells(photo):
    photo.opaque[3:9, 5:20] = False
    return Problem(picture=photo, palette=ZX.palette, cells=ZX, num_sweeps=2, device="cpu")


def num_breaches(solution):
    return ZX.num_breaches(solution.indices, solution.problem.picture.opaque)


def test_a_picture_obeys_its_machine(with_cells):
    solution = optimize(with_cells, seconds_between_looks=0)
    assert solution.outcome == "finished"
    assert num_breaches(solution) == 0
    assert solution.settings["cells"] == "zx-spectrum"
    assert {look.stage for look in solution.history.looks} == {"cells", "polish"}
    progress = [look.progress for look in solution.history.looks]
    assert progress[-1] == 1
    free = optimize(replace(with_cells, cells=None))
    assert num_breaches(free) > 0
    assert "cells" not in free.settings


@pytest.mark.parametrize("num_looks", [1, 2, 7, 14, 16])
@pytest.mark.parametrize("how", ["asked", "raised"])
def test_a_picture_obeys_its_machine_whenever_it_is_interrupted(with_cells, num_looks, how):
    looks = []

    def look_on(look):
        looks.append(look)
        if how == "raised" and len(looks) == num_looks:
            raise KeyboardInterrupt

    solution = optimize(
        with_cells,
        on_look=look_on,
        should_stop=lambda: how == "asked" and len(looks) >= num_looks,
        seconds_between_looks=0,
    )
    assert solution.outcome == "interrupted"
    assert len(looks) == num_looks
    assert num_breaches(solution) == 0


@pytest.mark.parametrize("limit", [{"max_seconds": 1e-6}, {"max_evaluations": 5}])
def test_a_picture_obeys_its_machine_when_the_budget_is_spent(with_cells, limit):
    solution = optimize(replace(with_cells, **limit))
    assert solution.outcome.startswith("out-of-")
    assert num_breaches(solution) == 0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"palette": 16}, RequestError, "beside its palette, `zx-spectrum`, got none"),
        ({"palette": PICO_8}, RequestError, "beside its palette, `zx-spectrum`, got pico-8"),
        ({"objective": SSIM()}, AbilityError, "needs an objective that is a squared error"),
        ({"estimator": Moments()}, RequestError, "take no steps of an estimator"),
        ({"optimizer": Adam()}, RequestError, "take no steps of an estimator"),
        ({"start": "nearest"}, RequestError, "take no steps of an estimator"),
    ],
)
def test_what_does_not_go_with_cells_is_refused(with_cells, changes, error, message):
    with pytest.raises(error, match=message):
        replace(with_cells, **changes)
