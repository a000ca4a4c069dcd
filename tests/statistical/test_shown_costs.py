"""The cost that a descent shows is that of hard draws or exact, for all estimators and objectives.

On 3 x 3 pixels and two grays all 512 pictures can be priced, so that the truth is exact; the larger
windows of SSIM need 12 x 12 pixels, where many draws are priced. Costs of many descents from the
same probabilities are compared with the truth by t-tests, at a family level of 1e-6 after Sidak's
correction; the seed is fixed.
"""

import pytest
import torch
from scipy.stats import t as student

from ditherlab.estimators import (
    ESTIMATORS,
    CommonRandomNumbers,
    GumbelSoftmax,
    Moments,
    RandomWindows,
)
from ditherlab.estimators.enumeration import list_pictures, log_chances
from ditherlab.objectives import OBJECTIVES, ObjectiveSum, ViewedSSIM, parse_objective
from ditherlab.palette import named_palette
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import seeded_generator
from ditherlab.stages import StageContext, State
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.descent import Descent, Mover
from tests.objectives import Brightness
from tests.solving import problem_of, solve

FAMILY_LEVEL = 1e-6
NUM_TRIALS = 96
NUM_DRAWS = 4000
TINY, SMALL = 3, 12

DIFFERENTIABLE = [
    name
    for name in OBJECTIVES.classes
    if OBJECTIVES.parse(name).abilities & {"gradient", "expectation"}
]
TINY_WINDOWS = {name: f"{name}(sigma=0.3)" for name in ("ssim", "viewed-ssim")}
SHOWN: list[tuple] = [
    *((TINY, parse_objective(TINY_WINDOWS.get(name, name))) for name in DIFFERENTIABLE),
    (TINY, parse_objective("variance(c=1)+0.2*ssim(sigma=0.4)")),
    (TINY, Brightness()),
    (SMALL, parse_objective("ssim")),
    (SMALL, parse_objective("ssim(sigma=1)+0.3*viewed-error")),
    (SMALL, parse_objective("0.7*ssim(sigma=1.2)+variance")),
]
OF_A_KNOWN_EXPECTATION = [
    "moments",
    "moments(order=0)",
    "local-expectation(order=1)",
    "local-expectation(order=2)",
    "common-random-numbers(estimator=moments)",
]
OTHERS = [
    *ESTIMATORS.names_and_compositions,
    "common-random-numbers(estimator=gumbel-softmax, noise_seed=3)",
    "stochastic-triples(pruning=picture)",
]


class Resting(Mover):
    """Moves nothing, so that every step shows the same distribution."""

    def step(self, estimate, temperature, share):
        return


def ramp(size):
    """A dark picture: few white dots are drawn, and each moves its windows far."""
    return torch.linspace(0.0, 0.4, size * size).double().view(1, 1, size, size)


def model_of(size):
    palette = torch.tensor([[[0.0], [1.0]]]).double()
    distances = (ramp(size) - palette.view(1, 2, 1, 1)).square()
    return Categorical.from_logits(-12 * distances, palette)


def bind(objective, size, num_copies=1):
    images = ramp(size).expand(num_copies, -1, -1, -1)
    return objective.bind(Target(images, torch.ones_like(images, dtype=torch.bool)))


def truth(objective, size):
    """Return the mean cost and its standard error; of a loss that prices no picture, itself."""
    if isinstance(objective, ObjectiveSum):
        parts = [(weight, *truth(part, size)) for weight, part in objective.terms]
        return sum(w * mean for w, mean, _ in parts), sum(abs(w) * error for w, _, error in parts)
    model, cost = model_of(size), bind(objective, size)
    if "value" not in objective.abilities:
        return cost.expected(model.probs, model.palette).item(), 0.0
    if size > TINY:
        costs = cost.cost(model.images(model.draw_indices(NUM_DRAWS, seeded_generator(6))))
        return costs.mean().item(), costs.std().item() / NUM_DRAWS**0.5
    (pictures,) = list_pictures(model.probs)
    chances = log_chances(pictures, model.log_probs).exp()
    return (chances * cost.cost(model.images(pictures))).sum().item(), 0.0


def shown_costs(estimator, objective, size, num_steps, picture):
    """Return what the steps of a descent show of equal distributions, `[steps trials]`."""
    model = model_of(size)
    state = State(palette=model.palette, generator=seeded_generator(9))
    state.show_probs(model.probs.expand(NUM_TRIALS, -1, -1, -1))
    context = StageContext(problem=problem_of(picture), device=torch.device("cpu"))
    annealing = Annealing.of(estimator, objective, None)
    cost = bind(objective, size, NUM_TRIALS)
    descent = Descent(cost, estimator, annealing, num_steps - 1)
    with torch.no_grad():
        costs = torch.stack([step.cost for step in descent.run(context, state, Resting())])
    assert costs.shape == (num_steps, NUM_TRIALS)
    return costs


def deviation(costs, expected, known_error=0.0):
    """Return the t-statistic of independent costs, and the limit that chance keeps it below."""
    num_tests = len(SHOWN) * len(OF_A_KNOWN_EXPECTATION + OTHERS)
    tail = 1 - (1 - FAMILY_LEVEL) ** (1 / num_tests)
    error = (costs.var() / len(costs) + known_error**2).sqrt()
    score = (costs.mean() - expected).abs() / error.clamp_min(1e-12)
    return score.item(), student.isf(tail / 2, len(costs) - 1)


@pytest.mark.parametrize(("size", "objective"), SHOWN, ids=str)
def test_shown_costs_are_those_of_hard_draws_or_exact(size, objective, photo):
    expected, error = truth(objective, size)
    names = OF_A_KNOWN_EXPECTATION if size > TINY else OF_A_KNOWN_EXPECTATION + OTHERS
    for words in names:
        estimator = ESTIMATORS.parse(words)
        if not estimator.needs <= objective.abilities:
            continue
        # All trials of a step share the strip.
        is_shared = isinstance(estimator, RandomWindows)
        costs = shown_costs(estimator, objective, size, 200 if is_shared else 3, photo)
        costs = costs.mean(dim=1) if is_shared else costs.flatten()
        score, limit = deviation(costs, expected, error)
        assert score < limit, words


@pytest.mark.parametrize("words", ["ssim", "0.7*ssim(sigma=1.2)+variance"])
def test_the_estimators_own_number_fails_the_same_test(words):
    objective = parse_objective(words)
    expected, error = truth(objective, SMALL)
    estimate, _ = Moments().estimate(model_of(SMALL), bind(objective, SMALL), seeded_generator(0))
    assert not estimate.value_is_unbiased
    score, limit = deviation(estimate.value.expand(NUM_TRIALS), expected, error)
    assert score > limit


def test_draws_to_which_steps_were_fitted_are_not_shown(photo):
    """The cost of frozen draws falls far below that of other draws."""
    photo = photo.crop(left=6, top=4, width=16, height=12)
    settings = {"palette": named_palette("black-and-white"), "objective": ViewedSSIM()}
    settings |= {"start": "nearest", "polish": "none", "steps": 30, "seconds_between_reports": 99}
    differences = []
    for seed in range(12):
        frozen = CommonRandomNumbers(GumbelSoftmax(num_samples=2), noise_seed=seed + 100)
        shown, drawn = (
            solve(photo, estimator=frozen, seed=seed, num_report_samples=number, **settings)
            for number in (None, 16)
        )
        differences.append(shown.history.snapshots[-1].cost - drawn.history.snapshots[-1].cost)
    score, _ = deviation(torch.tensor(differences), 0.0)
    assert score < student.isf(FAMILY_LEVEL / 2, len(differences) - 1)


@pytest.mark.parametrize(("size", "objective"), SHOWN, ids=str)
def test_bound_costs_say_the_same_as_their_objectives(size, objective):
    if "expectation" in objective.abilities:
        cost = bind(objective, size)
        assert cost.is_expectation_exact == objective.is_expectation_exact
