"""Every estimator through the face for torch programs: bits and categories of shape 2 x 3.

A network makes the logits, and the cost has parameters of its own. The mean gradient of both is
the enumerated one; for noise that cannot be enumerated, it is tested by its z-score.
"""

import itertools
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import pytest
import torch
from torch import Tensor

import ditherlab as dl
from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators import ESTIMATORS, Exact, LeaveOneOut
from ditherlab.estimators.hard_pixels import StraightThrough
from ditherlab.programs.function_cost import FunctionCost
from ditherlab.proofs.proof import with_few_samples
from ditherlab.protocol import Estimate

SHAPE = (2, 3)
NUM_TRIALS = 8_000
LIMIT = 6.5  # below 1e-9 for each of at most 60 components

REFUSED = {
    "moments": "expectation",
    "random-windows": "local",
    "random-sparsification": "statistics",
    "local-leave-one-out": "local",
    "linstat": "local` and `statistics",
}


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@dataclass(frozen=True)
class Program:
    """A network before the draws, and a cost with weights after them.

    Attributes:
        num_categories: Of each of the six variables.
        network: The weights of the network, `[5, 6 * k]`.
        decoder: The value of each category, `[k]`.
    """

    num_categories: int
    network: Tensor
    decoder: Tensor

    @classmethod
    def random(cls, num_categories: int) -> "Program":
        generator = torch.Generator().manual_seed(5)
        draw = partial(torch.randn, generator=generator, dtype=torch.float64)
        return cls(num_categories, draw(5, 6 * num_categories) / 2, draw(num_categories))

    def repeated(self, *batch: int) -> "Program":
        """Give each element of a batch its own weights, so that it gets its own gradients."""
        network, decoder = (
            w.expand(*batch, *w.shape).clone() for w in (self.network, self.decoder)
        )
        return replace(self, network=network.requires_grad_(), decoder=decoder.requires_grad_())

    def logits(self) -> Tensor:
        seen = torch.linspace(-1, 1, 5, dtype=torch.float64)
        return (seen @ self.network).unflatten(-1, (*SHAPE, self.num_categories))

    def cost(self, one_hots: Tensor) -> Tensor:
        values = (one_hots * self.decoder[..., None, None, :]).sum(dim=-1)
        beside = (values[..., 1:] * values[..., :-1]).sum(dim=(-1, -2))
        return 7 + 2 * beside + (1.7 * values.sum(dim=(-1, -2))).sin()

    def combinations(self) -> Tensor:
        """All pictures, as indices `[n, 6]`."""
        return torch.tensor([*itertools.product(range(self.num_categories), repeat=6)])

    def chances(self, indices: Tensor) -> Tensor:
        """The probability of pictures `[..., 6]`."""
        log_probs = self.logits().detach().log_softmax(dim=-1).flatten(0, 1)
        return log_probs[torch.arange(6), indices].sum(dim=-1).exp()

    def truth(self) -> tuple[Tensor, Tensor, Tensor]:
        """The expected cost, and its gradients for both sets of weights."""
        whole = self.repeated()
        pictures = self.combinations()
        one_hots = torch.nn.functional.one_hot(pictures, self.num_categories).double()
        log_probs = whole.logits().log_softmax(dim=-1).flatten(0, 1)
        chances = log_probs[torch.arange(6), pictures].sum(dim=-1).exp()
        value = (chances * whole.cost(one_hots.unflatten(1, SHAPE))).sum()
        return value.detach(), *torch.autograd.grad(value, [whole.network, whole.decoder])


def suited(estimator) -> Program:
    is_for_bits = estimator.num_colors == 2 or estimator.max_num_pictures is not None
    return Program.random(2 if is_for_bits else 3)


def mean_by_enumeration(estimator, program, monkeypatch):
    """Weigh the results of all combinations of draws, which lie on the batch axis."""
    pictures = program.combinations()
    num_samples = estimator.num_draws
    tuples = torch.combinations(torch.arange(len(pictures)), num_samples, with_replacement=True).T
    chances = program.chances(pictures)[tuples].prod(dim=0)
    if num_samples == 2:
        chances = chances * (1 + (tuples[0] != tuples[1]))
    draws = pictures[tuples].unsqueeze(2)
    monkeypatch.setattr(type(estimator), "draw", lambda *_: draws)
    one = program.repeated()
    logits = one.logits().expand(len(chances), *SHAPE, program.num_categories)
    values = dl.expected_cost(one.cost, logits, estimator, num_batch_dims=1)
    value = (chances * values).sum()
    return value.detach(), *torch.autograd.grad(value, [one.network, one.decoder])


def trials(name, program):
    """Return the value of each trial, and its gradients for both sets of weights."""
    many = program.repeated(NUM_TRIALS)
    generator = torch.Generator().manual_seed(2)
    values = dl.expected_cost(many.cost, many.logits(), name, num_batch_dims=1, generator=generator)
    return values.detach(), *torch.autograd.grad(values.sum(), [many.network, many.decoder])


def largest_z(found, expected):
    error = (found.std(dim=0) / len(found) ** 0.5).clamp_min(1e-9)
    return float(((found.mean(dim=0) - expected) / error).abs().max())


ALL = {
    name: ESTIMATORS.parse(name).for_categories()
    for name in [*ESTIMATORS.names_and_compositions, "stochastic-triples(pruning=picture)"]
    if name not in REFUSED
}
LISTED = [name for name, e in ALL.items() if e.is_unbiased and e.noise == "indices"]
SAMPLED = [name for name, e in ALL.items() if e.is_unbiased and e.noise != "indices"]
BIASED = [name for name, e in ALL.items() if not e.is_unbiased]


def test_every_estimator_is_proven_or_refused():
    everything = {*LISTED, *SAMPLED, *BIASED, *REFUSED} - {"stochastic-triples(pruning=picture)"}
    assert everything == set(ESTIMATORS.names_and_compositions)
    assert min(len(LISTED), len(SAMPLED), len(BIASED)) > 4


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize("num_categories", [2, 3])
def test_the_mean_over_all_draws_is_the_enumerated_gradient(name, num_categories, monkeypatch):
    program = Program.random(num_categories)
    fewest, *others = with_few_samples(ALL[name])
    for estimator in (fewest, *(others if num_categories == 2 else ())):
        found = mean_by_enumeration(estimator, program, monkeypatch)
        for mean, expected in zip(found, program.truth(), strict=True):
            close(mean, expected)


def with_power(name):
    """Return an estimator whose noise is small enough to find half and double gradients."""
    with suppress(RequestError):
        return ALL[name].with_num_samples(4)
    return ALL[name]


@pytest.mark.parametrize("name", SAMPLED)
def test_the_mean_over_many_trials_is_the_enumerated_gradient(name):
    program = suited(ALL[name])
    found, expected = trials(with_power(name), program), program.truth()
    for mean, exact in zip(found, expected, strict=True):
        assert largest_z(mean, exact) < LIMIT
    for mean, exact in zip(found[1:], expected[1:], strict=True):
        assert largest_z(mean / 2, exact) > LIMIT
        assert largest_z(mean * 2, exact) > LIMIT


@pytest.mark.parametrize("name", BIASED)
@pytest.mark.parametrize("num_samples", [1, 3])
def test_biased_estimators_have_unbiased_values_and_decoders(name, num_samples):
    """The exception is frozen noise, whose value is that of the same draws at every call.

    The gradient for the logits is that of `estimate` on the same noise, which the other tests of
    each estimator are about.
    """
    program = suited(ALL[name])
    name = str(ALL[name].with_num_samples(max(num_samples, ALL[name].num_draws)))
    value, network, decoder = trials(name, program)
    expected = program.truth()
    if not name.startswith("common-random-numbers"):
        assert largest_z(value, expected[0]) < LIMIT
        assert largest_z(decoder, expected[2]) < LIMIT
    many = program.repeated(NUM_TRIALS)
    logits = many.logits()
    same = torch.Generator().manual_seed(2)
    alone = dl.estimate(many.cost, logits, name, num_batch_dims=1, generator=same)
    (through,) = torch.autograd.grad(logits, many.network, alone.grad_logits)
    close(alone.value, value)
    close(through, network)


class LinearProgram(Program):
    """A cost that is linear in the one-hots."""

    def cost(self, one_hots: Tensor) -> Tensor:
        return 3 + (one_hots * self.decoder[..., None, None, :]).sum(dim=(-1, -2, -3))


@pytest.mark.parametrize("name", ["st", "darn", "reinmax"])
def test_straight_through_is_exact_for_a_linear_cost(name, monkeypatch):
    program = LinearProgram.random(3)
    found = mean_by_enumeration(ALL[name], program, monkeypatch)
    for mean, expected in zip(found, program.truth(), strict=True):
        close(mean, expected)


def test_one_backward_pass_serves_straight_through(monkeypatch):
    """The gradients of one-hots come with those of parameters: nothing is priced twice."""
    calls = []
    program = Program.random(3).repeated()
    monkeypatch.setattr(FunctionCost, "differentiate_draws", None)
    for name, estimator in ALL.items():
        if isinstance(estimator, StraightThrough):
            calls.clear()

            def counted(x):
                calls.append(len(x))
                return program.cost(x)

            dl.expected_cost(counted, program.logits(), name).backward()
            assert calls == [estimator.num_draws]


@dataclass(frozen=True)
class OwnCostInBaseline(LeaveOneOut):
    """Wrong: the mean baseline holds the draw's own cost, which shrinks the gradient by 1 / N."""

    def weigh(self, draws, model, cost, state, temperature) -> tuple[Estimate, None]:
        estimate, _ = super().weigh(draws, model, cost, state, temperature)
        shrunk = estimate.grad_logits * (self.num_samples - 1) / self.num_samples
        return replace(estimate, logit_gradient=shrunk), None


def test_a_wrong_baseline_fails_the_same_test(monkeypatch):
    program = Program.random(3)
    found = mean_by_enumeration(OwnCostInBaseline(num_samples=2), program, monkeypatch)
    value, network, decoder = program.truth()
    close(found[0], value)
    close(found[2], decoder)
    with pytest.raises(AssertionError):
        close(found[1], network)


def test_a_value_that_ignores_the_weights_of_draws_fails_the_same_test(monkeypatch):
    program = Program.random(2)
    follow = FunctionCost._follow
    monkeypatch.setattr(FunctionCost, "_follow", lambda self, costs, _: follow(self, costs, None))
    one = program.repeated()
    value = dl.expected_cost(one.cost, one.logits(), Exact())
    _, decoder = torch.autograd.grad(value, [one.network, one.decoder])
    with pytest.raises(AssertionError):
        close(decoder, program.truth()[2])


def test_a_missing_term_of_the_decoder_fails_the_same_test(monkeypatch):
    follow = FunctionCost._follow
    monkeypatch.setattr(FunctionCost, "_follow", lambda self, c, w: follow(self, c.detach(), w))
    one = Program.random(2).repeated()
    value = dl.expected_cost(one.cost, one.logits(), Exact())
    network, decoder = torch.autograd.grad(value, [one.network, one.decoder], allow_unused=True)
    close(network, Program.random(2).truth()[1])
    assert decoder is None


@pytest.mark.parametrize(("name", "missing"), REFUSED.items())
def test_what_only_pictures_have_is_refused_with_what_works(name, missing):
    program = Program.random(3)
    with pytest.raises(AbilityError, match=rf"`{missing}`.*What works: .*`carms`"):
        dl.estimate(program.cost, program.logits(), name)
