"""Gradients over continuous noise: z-tests of every estimator, Sidak-corrected, and what must fail.

The reference is the expectation by quadrature, differentiated numerically.
"""

import math
from functools import cache

import pytest
import torch
from scipy.stats import norm

from ditherlab.continuous import (
    Beta,
    Dirichlet,
    Gamma,
    Implicit,
    Logistic,
    MeasureValued,
    Normal,
    NormalMixture,
    Pathwise,
    Score,
    SmoothedPerturbation,
    Triangular,
    Uniform,
)
from ditherlab.continuous.location_scale import LocationScale
from ditherlab.errors import AbilityError, RequestError

FAMILY_LEVEL = 1e-6
NUM_DRAWS = 40_000
STEP = 0.01

LOCATION_SCALE = {"location": 0.4, "scale": 0.8}
CASES = {
    "normal": (Normal(), LOCATION_SCALE),
    "logistic": (Logistic(), LOCATION_SCALE),
    "uniform": (Uniform(), LOCATION_SCALE),
    "triangular": (Triangular(), LOCATION_SCALE),
    "gamma": (Gamma(), {"concentration": 2.5, "rate": 1.7}),
    "beta": (Beta(), {"alpha": 2.2, "beta": 3.1}),
    "normal-mixture": (
        NormalMixture(),
        {"logits": [0.3, -0.4], "locations": [-1.0, 1.2], "scales": [0.5, 0.9]},
    ),
}
SMOOTH = ("score", "score-baseline", "score-delta", "pathwise", "implicit", "measure-valued")
ESTIMATORS = {
    "score": Score(),
    "score-baseline": Score(baseline=0.5),
    "score-delta": Score(control="delta"),
    "pathwise": Pathwise(),
    "implicit": Implicit(),
    "measure-valued": MeasureValued(),
    "measure-valued, apart": MeasureValued(is_coupled=False),
}
WORKING = {
    "normal": {*ESTIMATORS},
    "logistic": {*SMOOTH[:5]},
    "uniform": {"pathwise", "implicit", "measure-valued", "measure-valued, apart"},
    "triangular": {"pathwise", "implicit", "measure-valued", "measure-valued, apart"},
    "gamma": {*SMOOTH[:4]},
    "beta": {*SMOOTH[:4]},
    "normal-mixture": {"score", "score-baseline", "score-delta", "implicit"},
}
LOCATION_SCALES = ("normal", "logistic", "uniform", "triangular")
PAIRS = [(family, name) for family, names in WORKING.items() for name in sorted(names)]


def curve(x):
    return torch.cos(1.3 * x) + 0.2 * x.square()


def staircase(x):
    """What a palette of three levels makes of a value, squared: nothing moves but at the steps."""
    return ((x * 2).round() / 2 - 0.35).square()


def place(name):
    family, numbers = CASES[name]
    return family, {key: torch.tensor(x, dtype=torch.float64) for key, x in numbers.items()}


def expected(family, parameters, function):
    if isinstance(family, LocationScale):
        end = 1 if family.moves_support else 40
        noise = torch.linspace(-end, end, 800_001, dtype=torch.float64)
        mass = family.log_density_of_noise(noise).exp()
        prices = function(parameters["location"] + parameters["scale"] * noise)
        return (prices * mass).sum() / mass.sum()
    start, end = {Gamma: (0, 30), Beta: (0, 1)}.get(type(family), (-12, 12))
    x = torch.linspace(start, end, 300_003, dtype=torch.float64)[1:-1]
    mass = family.log_density(parameters, x).exp()
    return (function(x) * mass).sum() / mass.sum()


@cache
def slopes_at(family_name, function):
    return slopes(*place(family_name), function)


def slopes(family, parameters, function):
    """Differentiate the expectation by each number of each parameter."""
    found = {}
    for name, value in parameters.items():
        slope = torch.zeros_like(value)
        for place in range(value.numel()):
            ends = []
            for sign in (1, -1):
                moved = value.clone()
                moved.view(-1)[place] += sign * STEP
                ends.append(expected(family, {**parameters, name: moved}, function))
            slope.view(-1)[place] = (ends[0] - ends[1]) / (2 * STEP)
        found[name] = slope
    return found


def smallest_p_value(estimate, truth):
    """Return the least p-value of all parameters, corrected for their number."""
    p_values = []
    for name, draws in estimate.items():
        # Differencing errs by its step squared.
        off = ((draws.mean(dim=0) - truth[name]).abs() - 2 * STEP**2).clamp_min(0)
        error = draws.std(dim=0) / math.sqrt(len(draws)) + 1e-12
        p_values += (2 * norm.sf((off / error).numpy())).reshape(-1).tolist()
    return 1 - (1 - min(p_values)) ** len(p_values)


@pytest.mark.parametrize(("family_name", "name"), PAIRS)
def test_gradients_are_unbiased(family_name, name, generator):
    family, parameters = place(family_name)
    estimate = ESTIMATORS[name].gradients(family, parameters, curve, NUM_DRAWS, generator)
    assert estimate.keys() == parameters.keys()
    level = 1 - (1 - FAMILY_LEVEL) ** (1 / len(PAIRS))
    assert smallest_p_value(estimate, slopes_at(family_name, curve)) > level


@pytest.mark.parametrize(
    ("family_name", "name"),
    [pair for pair in PAIRS if pair[1] != "score-delta"],  # a staircase has no expansion
)
def test_only_scores_and_measures_can_climb_stairs(family_name, name, generator):
    family, parameters = place(family_name)
    estimate = ESTIMATORS[name].gradients(family, parameters, hard(staircase), NUM_DRAWS, generator)
    p_value = smallest_p_value(estimate, slopes_at(family_name, staircase))
    if name in ("pathwise", "implicit"):
        assert all((draws == 0).all() for draws in estimate.values())
        assert p_value < FAMILY_LEVEL
    else:
        assert p_value > FAMILY_LEVEL


@pytest.mark.parametrize("family_name", [*LOCATION_SCALES, "normal-mixture"])
def test_jumps_are_all_that_a_staircase_has(family_name, generator):
    family, parameters = place(family_name)
    edges = tuple(step / 2 + 0.25 for step in range(-80, 80))
    wanted = slopes_at(family_name, staircase)
    estimate = SmoothedPerturbation(edges).gradients(family, parameters, staircase, 2, generator)
    fewer = SmoothedPerturbation(edges[:81] + edges[82:])
    missing = fewer.gradients(family, parameters, staircase, 2, generator)
    for name, draws in estimate.items():
        torch.testing.assert_close(draws[0], wanted[name], rtol=2e-3, atol=2e-4)
        assert not torch.allclose(missing[name][0], wanted[name], rtol=2e-3, atol=2e-4)


def test_jumps_need_a_cumulative_probability(generator):
    family, parameters = place("gamma")
    with pytest.raises(AbilityError, match="`SmoothedPerturbation` needs a cumulative probability"):
        SmoothedPerturbation((0.5,)).gradients(family, parameters, staircase, 2, generator)


def hard(function):
    """Let autograd see that a step has the slope zero."""
    return lambda x: function(x) + 0 * x


@pytest.mark.parametrize("name", LOCATION_SCALES)
def test_the_implicit_derivative_is_the_path(name, generator):
    family, parameters = place(name)
    state = generator.get_state()
    implicit = Implicit().gradients(family, parameters, curve, 50, generator)
    path = Pathwise().gradients(family, parameters, curve, 50, generator.set_state(state))
    torch.testing.assert_close(implicit, path, rtol=1e-6, atol=1e-9)


def test_the_delta_method_leaves_nothing_of_a_parabola(generator):
    family, parameters = place("normal")
    estimate = Score(control="delta").gradients(
        family, parameters, lambda x: (x - 3).square(), 20, generator
    )
    exact = {"location": 2 * (0.4 - 3), "scale": 2 * 0.8}
    for name, draws in estimate.items():
        torch.testing.assert_close(draws, torch.full_like(draws, exact[name]))


def test_coupled_measures_vary_less(generator):
    family, parameters = place("normal")
    spreads = [
        MeasureValued(is_coupled=is_coupled)
        .gradients(family, parameters, torch.square, 4000, generator)["scale"]
        .var()
        for is_coupled in (True, False)
    ]
    assert spreads[0] < 0.7 * spreads[1]


def test_shares_follow_their_concentrations(generator):
    concentration = torch.tensor([1.5, 0.8, 2.0], dtype=torch.float64, requires_grad=True)
    total = concentration.sum()
    second_moment = concentration[0] * (concentration[0] + 1) / (total * (total + 1))
    (exact,) = torch.autograd.grad(second_moment, concentration)
    at = {"concentration": concentration.detach()}
    for estimator in (Score(), Pathwise()):
        estimate = estimator.gradients(
            Dirichlet(), at, lambda x: x[..., 0].square(), NUM_DRAWS, generator
        )
        assert smallest_p_value(estimate, {"concentration": exact}) > FAMILY_LEVEL


@pytest.mark.parametrize(
    ("estimator", "name", "message"),
    [
        (Score(), "uniform", "needs a density whose support .* `Uniform` does.*MeasureValued"),
        (Score(), "triangular", "or its variance infinite"),
        (Pathwise(), "normal-mixture", "`Pathwise` needs a path, and `NormalMixture` has none"),
        (Implicit(), "gamma", "needs a cumulative probability, and `Gamma` has none"),
        (MeasureValued(), "logistic", "needs a weak derivative, and `Logistic` has none"),
    ],
)
def test_estimators_refuse_what_they_cannot_do(estimator, name, message, generator):
    family, parameters = place(name)
    with pytest.raises(AbilityError, match=message):
        estimator.gradients(family, parameters, curve, 10, generator)


def test_the_delta_method_needs_moments(generator):
    at = {"concentration": torch.ones(3)}
    with pytest.raises(AbilityError, match="needs a mean and a variance"):
        Score(control="delta").gradients(Dirichlet(), at, lambda x: x[..., 0], 10, generator)


def test_controls_are_known_by_name():
    with pytest.raises(RequestError, match="must be none or delta, got 'ema'"):
        Score(control="ema")


def test_a_score_for_a_moving_support_would_be_wrong(generator):
    """Why it is refused: the score of the uniform distribution says nothing of its ends."""
    family, parameters = place("uniform")
    draws = family.draw(parameters, NUM_DRAWS, generator)
    spread = {
        name: value.expand(NUM_DRAWS).clone().requires_grad_() for name, value in parameters.items()
    }
    scores = torch.autograd.grad(family.log_density(spread, draws).sum(), tuple(spread.values()))
    estimate = {name: curve(draws) * score for name, score in zip(spread, scores, strict=True)}
    assert smallest_p_value(estimate, slopes_at("uniform", curve)) < FAMILY_LEVEL
