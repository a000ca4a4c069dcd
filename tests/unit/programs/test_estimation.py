"""Estimates for the logits of any torch program: shapes, states, randomness and refusals."""

from dataclasses import dataclass, replace

import pytest
import torch

import ditherlab as dl
from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators import ESTIMATORS, ScoreFunction

G = torch.Generator


def distance(one_hots):
    """Sum the squares of a value of each variable, which are all but the first two axes."""
    numbers = torch.arange(one_hots.shape[-1], dtype=one_hots.dtype, device=one_hots.device)
    return (one_hots @ numbers - 0.6).square().reshape(*one_hots.shape[:2], -1).sum(dim=2)


def total(one_hots):
    return distance(one_hots.unsqueeze(1)).squeeze(1)


@pytest.mark.parametrize("variables", [(), (1,), (4,), (2, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_logits_of_any_shape_and_type(variables, dtype):
    logits = torch.zeros(5, *variables, 3, dtype=dtype)
    given = []

    def record(x):
        given.append(x)
        return distance(x)

    found = dl.estimate(record, logits, num_batch_dims=1, generator=G().manual_seed(0))
    assert (given[0].shape, given[0].dtype) == ((4, *logits.shape), dtype)
    assert found.grad_logits.shape == logits.shape
    assert found.value.shape == (5,)
    assert found.grad_logits.dtype == dtype
    assert found.value.dtype == torch.promote_types(dtype, torch.float32)
    assert (found.num_evaluations, found.num_backward_passes, found.state) == (4, 0, None)


def test_several_batch_dimensions_and_none():
    logits = torch.zeros(2, 5, 4, 3)
    many = dl.estimate(
        lambda x: distance(x.flatten(1, 2)).unflatten(1, (2, 5)), logits, num_batch_dims=2
    )
    one = dl.estimate(total, logits)
    assert (many.value.shape, one.value.shape) == ((2, 5), ())


def test_indices_give_the_estimate_of_one_hots():
    logits = torch.randn(5, 4, 3, generator=G().manual_seed(1))

    def of_indices(x):
        assert x.dtype == torch.int64
        return (x - 0.6).square().sum(dim=-1)

    by_indices, by_one_hots = (
        dl.estimate(
            cost, logits, "carms", num_batch_dims=1, draws=draws, generator=G().manual_seed(2)
        )
        for cost, draws in ((of_indices, "indices"), (distance, "one-hots"))
    )
    torch.testing.assert_close(by_indices.grad_logits, by_one_hots.grad_logits)
    torch.testing.assert_close(by_indices.value, by_one_hots.value)


@pytest.mark.parametrize("num_categories", [256, 257, 700])
def test_many_categories_are_drawn_with_their_probabilities(num_categories):
    logits = torch.full((num_categories,), -torch.inf)
    logits[[0, num_categories - 1]] = torch.tensor([0.0, 1.0])
    shown = []

    def record(x):
        shown.append(x)
        return x.float()

    dl.estimate(record, logits, num_samples=20_000, draws="indices", generator=G().manual_seed(0))
    counts = shown[0].bincount(minlength=num_categories) / 20_000
    expected = logits.softmax(dim=0)
    assert (counts - expected).abs().max() < 6 * 0.5 / 20_000**0.5
    assert counts[1:-1].sum() == 0
    dl.estimate(lambda x: x[..., -1], logits, "rebar", generator=G().manual_seed(0))


def test_a_state_is_handed_out_and_in():
    logits = torch.zeros(6, 2)
    estimator = "score-function(baseline=ema, num_samples=1)"
    costs = iter([3.0, 5.0])

    def constant(x):
        return x.new_full((len(x),), next(costs))

    first = dl.estimate(constant, logits, estimator)
    second = dl.estimate(constant, logits, estimator, state=first.state)
    assert first.grad_logits.abs().max() == pytest.approx(1.5)
    assert second.grad_logits.abs().max() == pytest.approx(1.0)  # 5 minus the baseline 3
    _, state = dl.expected_cost_and_state(total, logits, "relax", None)
    assert state.num_steps == 1
    _, state = dl.expected_cost_and_state(total, logits, "relax", state)
    assert state.num_steps == 2


def test_a_state_of_pictures_of_another_shape_is_refused():
    estimator = "score-function(baseline=ema)"
    state = dl.estimate(distance, torch.zeros(5, 2, 3), estimator, num_batch_dims=1).state
    with pytest.raises(RequestError, match="Keep a state for each shape"):
        dl.estimate(distance, torch.zeros(4, 2, 3), estimator, num_batch_dims=1, state=state)


@pytest.mark.parametrize("name", ["rebar", "muprop", "arsm", "local-expectation", "gumbel-softmax"])
def test_only_the_cost_is_computed_in_the_types_of_autocast(name):
    logits = torch.linspace(-1, 1, 30).view(5, 2, 3)
    inside = []

    def cost(x):
        inside.append(torch.is_autocast_enabled("cpu"))
        return 100 + (x * torch.arange(3.0)).sum(dim=(-1, -2)).sin()

    plain = dl.estimate(cost, logits, name, num_batch_dims=1, generator=G().manual_seed(0))
    assert not any(inside)
    inside.clear()
    with torch.autocast("cpu", torch.bfloat16):
        cast = dl.estimate(cost, logits, name, num_batch_dims=1, generator=G().manual_seed(0))
    assert all(inside)
    torch.testing.assert_close(cast.grad_logits, plain.grad_logits)


def test_the_generator_decides_the_draws_or_else_torch_does():
    logits = torch.zeros(50, 3)
    before = torch.get_rng_state()
    one, other = (dl.estimate(total, logits, generator=G().manual_seed(4)) for _ in range(2))
    assert torch.equal(one.grad_logits, other.grad_logits)
    assert torch.equal(before, torch.get_rng_state())
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(dl.estimate(total, logits).grad_logits)
    torch.set_rng_state(before)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_local_expectation_replaces_one_variable_at_a_time():
    numbers = []

    def count(x):
        numbers.append(len(x))
        return total(x)

    found = dl.estimate(count, torch.zeros(4, 3), "local-expectation")
    exact = dl.estimate(total, torch.zeros(4, 3), "exact")
    torch.testing.assert_close(found.grad_logits, exact.grad_logits)  # a sum over variables
    # The draw for its value, again as the one to compare with, and four times three others.
    assert sum(numbers) == 1 + 1 + 4 * 3
    assert found.num_evaluations == 1 + 4 * 3


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"cost": 3}, RequestError, "must be a function of draws, got 3"),
        ({"num_samples": True}, RequestError, "must be a whole number, got True"),
        ({"num_batch_dims": "1"}, RequestError, "for logits of shape .* got '1'"),
        ({"generator": 3}, RequestError, "must be a `torch.Generator`, got 3"),
        ({"temperature": 0.5}, RequestError, "left out for `leave-one-out`, which is no relax"),
        ({"temperature": 0.0, "estimator": "st-gumbel"}, RequestError, "above 0, got 0.0"),
        ({"temperature": -1, "estimator": "gumbel-softmax"}, RequestError, "above 0, got -1"),
        ({"temperature": "1", "estimator": "gumbel-rao"}, RequestError, "above 0, got '1'"),
        ({"state": 3, "estimator": "relax"}, RequestError, "the `Surrogate` that it returned"),
        ({"estimator": "leave-one"}, RequestError, "Did you mean `leave-one-out`"),
        ({"estimator": 3}, RequestError, "must be words, or extend `Estimator`, got 3"),
        ({"estimator": "exact", "num_samples": 4}, RequestError, "`num_samples` must be left out"),
        ({"num_samples": 1}, RequestError, "must be at least 2, got 1"),
        ({"num_batch_dims": 3}, RequestError, "from 0 to 2 for logits of shape"),
        ({"num_batch_dims": 0}, RequestError, r"of shape \[4\] for 4 draws, got one of shape"),
        ({"draws": "onehots"}, RequestError, "`draws` must be one of one-hots, indices"),
        ({"logits": torch.zeros(5, 3).long()}, RequestError, "floating-point numbers, got torch.i"),
        ({"logits": [[0.0, 1.0]]}, RequestError, "floating-point numbers, got list"),
        ({"logits": torch.zeros(5, 1)}, RequestError, "at least one variable with two categories"),
        ({"cost": lambda x: 3.0}, RequestError, "for 4 draws, got float"),
        ({"estimator": "disarm"}, AbilityError, "`disarm` needs 2 categories, got 3"),
        ({"estimator": "moments"}, AbilityError, "not known in closed form. What works"),
        ({"estimator": "st", "draws": "indices"}, AbilityError, "indices have no gradient"),
        ({"cost": lambda x: distance(x).detach(), "estimator": "st"}, AbilityError, "a gradient"),
        ({"logits": torch.zeros(5, 40, 3), "estimator": "exact"}, AbilityError, "at most 65536"),
    ],
)
def test_what_is_wrong_is_said(arguments, error, words):
    given = {"cost": distance, "logits": torch.zeros(5, 2, 3), "num_batch_dims": 1, **arguments}
    with pytest.raises(error, match=words):
        dl.estimate(given.pop("cost"), given.pop("logits"), **given)


def test_an_estimator_may_be_a_class_and_registered_again(monkeypatch):
    monkeypatch.setattr(ESTIMATORS.classes, "_added", {})
    found = []
    for weight in (1.0, 2.0):

        @ESTIMATORS.register
        @dataclass(frozen=True)
        class Weighted(ScoreFunction):
            def weigh(self, *arguments, weight=weight):
                estimate, state = super().weigh(*arguments)
                return replace(estimate, logit_gradient=weight * estimate.grad_logits), state

        for estimator in ("weighted", Weighted):
            generator = G().manual_seed(0)
            found.append(dl.estimate(total, torch.zeros(4, 3), estimator, generator=generator))
    one, other, third, fourth = (each.grad_logits for each in found)
    assert torch.equal(one, other)
    assert torch.equal(third, fourth)
    assert torch.equal(2 * one, third)


def test_a_generator_of_another_device_is_refused():
    logits = torch.zeros(2, 3, device="meta")
    with pytest.raises(RequestError, match="on the device of the logits, meta"):
        dl.estimate(total, logits, generator=G())
