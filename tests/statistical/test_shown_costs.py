"""The cost that a descent shows is that of hard draws or exact, for all estimators and objectives.

On 3 x 3 pixels and two grays all 512 pictures can be priced, so that the truth is exact. Costs of
many descents from the same probabilities are compared with it by t-tests, at a family level of 1e-6
after Sidak's correction; the seed is fixed.
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
from ditherlab.images import Picture
from ditherlab.objectives import OBJECTIVES, ObjectiveSum, ViewedSSIM, parse_objective
from ditherlab.palette import named_palette
from ditherlab.problem import Problem
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import seeded_generator
from ditherlab.stages import StageContext, State
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.descent import Descent, Mover
from tests.objectives import Brightness
from tests.solving import solve

FAMILY_LEVEL = 1e-6
NUM_TRIALS = 96
CPU = torch.device("cpu")

# The smallest windows, for which the second order of SSIM is far off.
WINDOWED = {"ssim": "ssim(sigma=0.3)", "viewed-ssim": "viewed-ssim(sigma=0.3)"}
DIFFERENTIABLE = [
    WINDOWED.get(name, name)
    for name in OBJECTIVES.classes
    if "value" not in OBJECTIVES.parse(name).abilities
    or "gradient" in OBJECTIVES.parse(name).abilities
]
OBJECTIVES_TO_SHOW = [
    *map(parse_objective, DIFFERENTIABLE),
    parse_objective("variance(c=1)"),
    parse_objective("ssim(sigma=0.4)+0.3*viewed-error"),
    parse_objective("0.7*ssim(sigma=0.3)+variance"),
    Brightness(),
]
ESTIMATORS_TO_SHOW = [
    *ESTIMATORS.names_and_compositions,
    "moments(order=0)",
    "local-expectation(order=1)",
    "local-expectation(order=2)",
    "common-random-numbers(estimator=moments)",
    "common-random-numbers(estimator=gumbel-softmax, noise_seed=3)",
    "stochastic-triples(pruning=picture)",
]


class Resting(Mover):
    """Moves nothing, so that every step shows the same distribution."""

    def step(self, estimate, temperature, share):
        return


@pytest.fixture(scope="module")
def model():
    logits = torch.randn((1, 2, 3, 3), generator=seeded_generator(4), dtype=torch.float64)
    return Categorical(logits.softmax(dim=1), torch.tensor([[[0.1], [0.8]]]).double())


@pytest.fixture(scope="module")
def context():
    pixels = torch.linspace(30, 220, 9).to(torch.uint8).view(3, 3, 1).expand(-1, -1, 3)
    picture = Picture(pixels=pixels.numpy(), opaque=torch.ones(3, 3, dtype=torch.bool).numpy())
    return StageContext(
        problem=Problem(picture=picture, palette=named_palette("black-and-white")), device=CPU
    )


def bind(objective, context, num_copies=1):
    target = context.problem.target(CPU)
    images, opaque = (x.expand(num_copies, -1, -1, -1) for x in (target.images, target.opaque))
    return objective.bind(Target(images.double(), opaque))


def truth(objective, model, context):
    """Return the mean cost of all pictures, or of a loss that prices none, the loss itself."""
    if isinstance(objective, ObjectiveSum):
        return sum(weight * truth(part, model, context) for weight, part in objective.terms)
    cost = bind(objective, context)
    if "value" not in objective.abilities:
        return cost.expected(model.probs, model.palette).item()
    (pictures,) = list_pictures(model.probs)
    chances = log_chances(pictures, model.log_probs).exp()
    return (chances * cost.cost(model.images(pictures))).sum().item()


def shown_costs(estimator, objective, model, context, num_steps):
    """Return what the steps of a descent show of equal distributions, `[steps trials]`."""
    state = State(palette=model.palette, generator=seeded_generator(9))
    state.show_probs(model.probs.expand(NUM_TRIALS, -1, -1, -1))
    annealing = Annealing.of(estimator, objective, None)
    descent = Descent(bind(objective, context, NUM_TRIALS), estimator, annealing, num_steps - 1)
    with torch.no_grad():
        return torch.stack([step.cost for step in descent.run(context, state, Resting())])


def deviation(costs, expected):
    """Return the t-statistic of independent costs, and the limit that chance keeps it below."""
    num_tests = len(OBJECTIVES_TO_SHOW) * len(ESTIMATORS_TO_SHOW)
    tail = 1 - (1 - FAMILY_LEVEL) ** (1 / num_tests)
    error = costs.std() / len(costs) ** 0.5
    score = (costs.mean() - expected).abs() / error.clamp_min(1e-12)
    return score.item(), student.isf(tail / 2, len(costs) - 1)


@pytest.mark.parametrize("objective", OBJECTIVES_TO_SHOW, ids=str)
def test_shown_costs_are_those_of_hard_draws_or_exact(objective, model, context):
    expected = truth(objective, model, context)
    for words in ESTIMATORS_TO_SHOW:
        estimator = ESTIMATORS.parse(words)
        if not estimator.needs <= objective.abilities:
            continue
        # All trials of a step share the strip.
        is_shared = isinstance(estimator, RandomWindows)
        num_steps = 200 if is_shared else 3
        costs = shown_costs(estimator, objective, model, context, num_steps)
        score, limit = deviation(costs.mean(dim=1) if is_shared else costs.flatten(), expected)
        assert score < limit, words


def test_the_estimators_own_number_fails_the_same_test(model, context):
    objective = parse_objective("ssim(sigma=0.3)")
    expected = truth(objective, model, context)
    for order in (0, 2):
        estimate, _ = Moments(order).estimate(model, bind(objective, context), seeded_generator(0))
        score, limit = deviation(estimate.value.expand(NUM_TRIALS), expected)
        assert score > limit


def test_draws_to_which_steps_were_fitted_are_not_shown(photo):
    """The cost of frozen draws falls far below that of other draws."""
    photo = photo.crop(left=6, top=4, width=16, height=12)
    settings = {"palette": named_palette("black-and-white"), "objective": ViewedSSIM()}
    settings |= {"start": "nearest", "polish": "none", "steps": 30}
    differences = []
    for seed in range(16):
        frozen = CommonRandomNumbers(GumbelSoftmax(num_samples=2), noise_seed=seed + 100)
        shown, drawn = (
            solve(photo, estimator=frozen, seed=seed, num_report_samples=number, **settings)
            for number in (None, 50)
        )
        differences.append(shown.history.snapshots[-1].cost - drawn.history.snapshots[-1].cost)
    score, _ = deviation(torch.tensor(differences), 0.0)
    assert score < student.isf(FAMILY_LEVEL / 2, len(differences) - 1)


@pytest.mark.parametrize("name", OBJECTIVES.classes)
def test_bound_costs_say_the_same_as_their_objectives(name, context):
    objective = parse_objective(WINDOWED.get(name, name))
    if "expectation" in objective.abilities:
        cost = bind(objective, context)
        assert cost.is_expectation_exact == objective.is_expectation_exact
