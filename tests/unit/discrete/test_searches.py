"""Methods beside gradient descent: what they sample, what they learn, what they refuse."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from ditherlab import Palette, Picture, Problem, optimize, parse_objective
from ditherlab.discrete.cross_entropy import CrossEntropy
from ditherlab.discrete.gibbs_with_gradients import GibbsSearch, GibbsWithGradients
from ditherlab.discrete.registry import METHODS
from ditherlab.discrete.search import SearchContext
from ditherlab.errors import AbilityError, RequestError
from ditherlab.protocol import Cost
from ditherlab.schedules import constant

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


def scene_of(cost, num_rounds, generator):
    return SearchContext(
        cost=cost,
        palette=GRAYS,
        indices=torch.zeros((SIZE_PX, SIZE_PX), dtype=torch.int64),
        num_rounds=num_rounds,
        generator=generator,
        part_of_time=lambda: 0.0,
    )


def sampled_statistic(walk_class, generator):
    """Return chi-square of the blocks' states against `exp(-f / T)`, and its degrees of freedom."""
    temperature = 0.4
    walk = walk_class(scene_of(Blocks(), 12, generator), constant(temperature))
    list(walk.visits())
    picture = walk.indices
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
    "method", [GibbsWithGradients(), CrossEntropy(), CrossEntropy(credit="global")], ids=str
)
def test_a_method_improves_blocks(method, generator):
    scene = scene_of(Blocks(), 3 if method.sweeps else 30, generator)
    walk = method.begin(scene)
    first = Blocks().cost(GRAYS[0].T[:, scene.indices][None, None])
    *_, last = walk.visits()
    assert last.progress == 1
    ended = Blocks().cost(GRAYS[0].T[:, walk.indices][None, None])
    assert ended < (0.2 if "global" not in str(method) else 1) * first


def test_local_elites_find_the_best_of_each_block(generator):
    walk = CrossEntropy(num_samples=64).begin(scene_of(Blocks(), 40, generator))
    list(walk.visits())
    states = GRAYS[0, :, 0][torch.cartesian_prod(*[torch.arange(3)] * 4)].view(81, 1, 1, 2, 2)
    best = Blocks().cost(states).min() * (SIZE_PX // 2) ** 2
    assert Blocks().cost(GRAYS[0].T[:, walk.indices][None, None]) < best + 0.03 * abs(best)


@pytest.mark.parametrize(
    "words", ["gibbs-with-gradients(heat=0.01)", "cross-entropy(num_samples=8)"]
)
@pytest.mark.parametrize("objective", ["perceptual", "ssim"])
def test_a_problem_is_solved_by_it(photo, words, objective):
    problem = Problem(
        picture=photo,
        palette=Palette.from_hex(["000", "f00", "0a0", "fff"]),
        method=METHODS.parse(words),
        objective=parse_objective(objective),
        num_steps=10,
        num_sweeps=1,
    )
    solution = optimize(problem)
    assert solution.outcome == "finished"
    assert solution.settings["method"] == words
    assert solution.history.num_evaluations >= len(solution.history.costs)
    before, after = solution.history.looks[0].cost, solution.history.costs[-1]
    assert after < before


def test_a_palette_is_learned_before(photo):
    problem = Problem(picture=photo, palette=3, method=CrossEntropy(8), num_steps=5)
    assert optimize(problem).num_colors_used == 3


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
    palette = Palette.from_hex(["000", "fff"])
    problem = Problem(picture=picture, palette=palette, method=GibbsWithGradients())
    assert np.array_equal(optimize(problem).indices, pixels[..., 0] // 255)


def test_settings_name_what_has_a_part(photo):
    palette = Palette.from_hex(["000", "fff"])
    problem = Problem(picture=photo, palette=palette, method=GibbsWithGradients())
    idle = {"estimator", "optimizer", "temperature", "draw"}
    assert not idle & problem.settings.keys()
    assert (problem.settings["steps"], problem.settings["sweeps"]) == (0, 12)
    other = Problem(picture=photo, palette=palette, method=CrossEntropy())
    assert not idle & other.settings.keys()
    assert (other.settings["steps"], other.settings["sweeps"]) == (150, 0)
    learned = Problem(picture=photo, palette=2, method=GibbsWithGradients())
    assert learned.settings["optimizer"] == "mean-field"
    assert learned.settings["steps"] == 150


def test_what_does_not_go_together_is_refused(photo):
    with pytest.raises(AbilityError, match=r"needs an objective with `value`|`gradient`"):
        Problem(
            picture=photo,
            palette=2,
            method=GibbsWithGradients(),
            objective=parse_objective("png-bytes"),
        )
    with pytest.raises(RequestError, match="in which `temperature` has no part"):
        Problem(picture=photo, palette=2, method=CrossEntropy(), temperature=(1, 0.1))
