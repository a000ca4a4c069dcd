"""Searches beside descent: the pictures that they sample, learn and refuse."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from ditherlab import Palette, Picture, parse_objective
from ditherlab.discrete.gibbs_with_gradients import GibbsSearch
from ditherlab.discrete.search import SearchContext
from ditherlab.errors import AbilityError, RequestError
from ditherlab.protocol import Cost
from ditherlab.recipe import settings_of
from ditherlab.schedules import constant
from ditherlab.stages import METHODS
from ditherlab.stages.cross_entropy import CrossEntropy
from ditherlab.stages.gibbs_with_gradients import GibbsWithGradients
from tests.solving import problem_of, recipe_of, solve

BLACK_AND_WHITE = Palette.from_hex(["000", "fff"])
GRAYS = torch.tensor([[[0.0], [0.4], [1.0]]], dtype=torch.float64)
SIZE_PX = 48


class Blocks(Cost):
    """Prices each block of 2 x 2 pixels by itself: as many small problems as there are blocks."""

    abilities = frozenset({"value", "gradient", "local"})
    footprint_px = 1

    def cost(self, images):
        return self.cost_map(images).sum(dim=(2, 3))

    def cost_map(self, images):
        a, b, c, d = (images[:, :, 0, top::2, left::2] for top in (0, 1) for left in (0, 1))
        price = (a + b + c + d - 1.7).square() + 0.5 * a * d - 0.3 * (b - c).square()
        costs = torch.zeros_like(images[:, :, 0])
        costs[..., 0::2, 0::2] = price
        return costs


def context_of(cost, num_rounds, generator):
    return SearchContext(
        cost=cost,
        palette=GRAYS,
        indices=torch.zeros((SIZE_PX, SIZE_PX), dtype=torch.int64),
        num_rounds=num_rounds,
        generator=generator,
    )


def sampled_statistic(search_class, generator):
    """Return chi-square of the blocks' states against `exp(-f / T)`, and its degrees of freedom."""
    temperature = 0.4
    search = search_class(context_of(Blocks(), 12, generator), constant(temperature))
    list(search.steps())
    picture = search.indices
    codes = sum(
        3**place * picture[top::2, left::2]
        for place, (top, left) in enumerate(itertools.product((0, 1), (0, 1)))
    )
    states = torch.cartesian_prod(*[torch.arange(3)] * 4)[:, [3, 2, 1, 0]]
    images = GRAYS[0, :, 0][states].view(81, 1, 1, 2, 2)
    chances = (-Blocks().cost(images)[:, 0] / temperature).softmax(dim=0)
    counts = codes.flatten().bincount(minlength=81)
    expected = chances * counts.sum()
    # States that are hardly ever seen are one.
    rare = expected < 5
    seen = torch.cat([counts[~rare], counts[rare].sum()[None]])
    wanted = torch.cat([expected[~rare], expected[rare].sum()[None]])
    return float(((seen - wanted).square() / wanted).sum()), len(seen) - 1


def test_gibbs_samples_what_it_says(generator):
    statistic, freedom = sampled_statistic(GibbsSearch, generator)
    assert freedom > 10
    assert chi2.sf(statistic, freedom) > 1e-6


def test_proposals_that_are_always_taken_sample_something_else(generator):
    class Eager(GibbsSearch):
        def _move(self, top, left, temperature):
            uniform, torch.rand = torch.rand, lambda *_, **__: torch.zeros(())
            try:
                return super()._move(top, left, temperature)
            finally:
                torch.rand = uniform

    statistic, freedom = sampled_statistic(Eager, generator)
    assert chi2.sf(statistic, freedom) < 1e-6


@pytest.mark.parametrize(
    "stage", [GibbsWithGradients(), CrossEntropy(), CrossEntropy(credit="global")], ids=str
)
def test_a_search_improves_blocks(stage, generator):
    context = context_of(Blocks(), 3 if stage.name == "gibbs-with-gradients" else 30, generator)
    search = stage.start(context)
    first = Blocks().cost(GRAYS[0].T[:, context.indices][None, None])
    *_, last = search.steps()
    assert last.share == 1
    ended = Blocks().cost(GRAYS[0].T[:, search.indices][None, None])
    assert ended < (0.2 if "global" not in str(stage) else 1) * first


def test_local_elites_find_the_best_of_each_block(generator):
    search = CrossEntropy(num_samples=64).start(context_of(Blocks(), 40, generator))
    list(search.steps())
    states = GRAYS[0, :, 0][torch.cartesian_prod(*[torch.arange(3)] * 4)].view(81, 1, 1, 2, 2)
    best = Blocks().cost(states).min() * (SIZE_PX // 2) ** 2
    assert Blocks().cost(GRAYS[0].T[:, search.indices][None, None]) < best + 0.03 * abs(best)


@pytest.mark.parametrize(
    "words", ["gibbs-with-gradients(heat=0.01)", "cross-entropy(num_samples=8)"]
)
@pytest.mark.parametrize("objective", ["perceptual", "ssim"])
def test_a_problem_is_solved_by_it(photo, words, objective):
    method = METHODS.parse(words)
    rounds = {"sweeps": 1} if "gibbs" in words else {"steps": 10}
    solution = solve(
        photo.crop(left=10, top=4, width=24, height=20),
        palette=Palette.from_hex(["000", "f00", "0a0", "fff"]),
        method=method,
        objective=parse_objective(objective),
        **rounds,
    )
    assert solution.outcome == "finished"
    assert solution.settings["method"] == words
    assert solution.history.num_evaluations >= len(solution.history.costs)
    before, after = solution.history.snapshots[0].cost, solution.history.costs[-1]
    assert after < before


def test_a_palette_is_learned_before(photo):
    assert solve(photo, palette=3, method=CrossEntropy(8), steps=5).num_colors_used == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("gibbs-with-gradients(heat=0)", r"heat=...\)` must be above 0, got 0. Try 1."),
        ("cross-entropy(num_samples=1)", r"num_samples=...\)` must be at least 2, got 1"),
        ("cross-entropy(elite=1)", r"elite=...\)` must be above 0 and below 1, got 1"),
        ("cross-entropy(rate=0)", r"rate=...\)` must be above 0 and at most 1, got 0"),
        ("annealing", r"Unknown method `annealing`"),
    ],
)
def test_wrong_words_are_refused(words, message):
    with pytest.raises(RequestError, match=message):
        METHODS.parse(words)


def test_a_perfect_picture_stays():
    pixels = np.zeros((6, 6, 3), dtype=np.uint8)
    pixels[:3] = 255
    picture = Picture(pixels=pixels, opaque=np.ones((6, 6), dtype=bool))
    solution = solve(picture, palette=BLACK_AND_WHITE, method=GibbsWithGradients())
    assert np.array_equal(solution.indices, pixels[..., 0] // 255)


def settings_with(photo, **changes):
    problem = problem_of(photo, **changes)
    return settings_of(problem, recipe_of(problem, **changes))


def test_settings_name_what_has_a_part(photo):
    idle = {"estimator", "optimizer", "temperature", "draw"}
    gibbs = settings_with(photo, palette=BLACK_AND_WHITE, method=GibbsWithGradients())
    assert not idle & gibbs.keys()
    assert (gibbs["steps"], gibbs["sweeps"]) == (0, 12)
    entropy = settings_with(photo, palette=BLACK_AND_WHITE, method=CrossEntropy())
    assert not idle & entropy.keys()
    assert (entropy["steps"], entropy["sweeps"]) == (150, 0)
    learned = settings_with(photo, palette=2, method=GibbsWithGradients())
    assert learned["optimizer"] == "mean-field"
    assert learned["steps"] == 150


def test_a_search_that_says_how_long_it_works_does(photo):
    def recipe(method, **changes):
        settings = {"palette": BLACK_AND_WHITE, "method": method, **changes}
        return str(recipe_of(problem_of(photo, **settings), **settings))

    assert "steps=7)" in recipe(CrossEntropy(steps=7), preset="fast")
    assert "steps=60)" in recipe(CrossEntropy(), preset="fast")
    assert "steps=9)" in recipe(CrossEntropy(steps=7), steps=9)
    assert "sweeps=3)" in recipe(GibbsWithGradients(), preset="fast")


def test_what_does_not_go_together_is_refused(photo):
    with pytest.raises(AbilityError, match=r"needs an objective with `gradient`"):
        solve(
            photo,
            palette=2,
            method=GibbsWithGradients(),
            objective=parse_objective("png-bytes"),
        )
    with pytest.raises(RequestError, match="`temperature` has no effect with `method`"):
        solve(photo, palette=2, method=CrossEntropy(), temperature=(1, 0.1))
