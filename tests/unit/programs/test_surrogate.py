"""The expected cost as a tensor: value, gradients, and what it does without them."""

from dataclasses import dataclass

import pytest
import torch

import ditherlab as dl
from ditherlab.errors import AbilityError
from ditherlab.estimators import ScoreFunction
from ditherlab.protocol import Estimate


def coins(logits):
    return lambda x: (x[..., 1] * logits.new_tensor([1.0, -2.0, 4.0])).sum(dim=-1)


@pytest.fixture
def logits():
    return torch.tensor([[0.0, 0.3], [0.2, -1.0], [0.0, 2.0]], requires_grad=True)


@pytest.mark.parametrize("name", ["leave-one-out", "st", "rebar", "exact", "gumbel-softmax"])
def test_the_value_is_the_cost_of_hard_draws(name, logits):
    drawn = []

    def cost(x):
        drawn.append(x.detach())
        return coins(logits)(x)

    value = dl.expected_cost(cost, logits, name, generator=torch.Generator().manual_seed(1))
    hard = drawn[0]
    assert ((hard == 0) | (hard == 1)).all()
    if name != "exact":
        torch.testing.assert_close(value.detach(), coins(logits)(hard).mean())


def test_the_gradient_is_scaled_by_what_comes_after(logits):
    seeds = (torch.Generator().manual_seed(1) for _ in range(3))
    plain, scaled, alone = (
        torch.autograd.grad(
            weight * dl.expected_cost(coins(logits), logits, generator=generator), logits
        )[0]
        for weight, generator in zip((1.0, -3.0, 1.0), seeds, strict=True)
    )
    torch.testing.assert_close(scaled, -3 * plain)
    found = dl.estimate(coins(logits), logits, generator=torch.Generator().manual_seed(1))
    assert torch.equal(found.grad_logits, alone)


def test_each_element_of_a_batch_has_its_own_weight(logits):
    many = logits.detach().expand(4, -1, -1).clone().requires_grad_()
    weights = torch.tensor([1.0, 0.0, 2.0, -1.0])
    values = dl.expected_cost(coins(many), many, "exact", num_batch_dims=1)
    (gradient,) = torch.autograd.grad((weights * values).sum(), many)
    torch.testing.assert_close(gradient, weights[:, None, None] * gradient[0])
    assert gradient[0].abs().min() > 0


def test_a_cost_may_hold_the_logits_themselves(logits):
    """The entropy, as `E[log q(x)]`: its score term has mean zero only in expectation."""

    def log_q(x):
        return (x * logits.log_softmax(dim=-1)).sum(dim=(-1, -2))

    (found,) = torch.autograd.grad(dl.expected_cost(log_q, logits, "exact"), logits)
    log_p = logits.log_softmax(dim=-1)
    (expected,) = torch.autograd.grad((log_p.exp() * log_p).sum(), logits)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", ["leave-one-out", "st", "rebar"])
def test_the_value_may_be_changed_in_place(name, logits):
    loss = dl.expected_cost(coins(logits), logits, name)
    loss += logits.square().sum()
    loss.backward()
    assert logits.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["leave-one-out", "st", "rebar"])
def test_without_gradients_there_is_a_value(name, logits):
    with torch.no_grad():
        value = dl.expected_cost(coins(logits), logits, name)
    assert not value.requires_grad
    fixed = dl.expected_cost(coins(logits), logits.detach(), name)
    assert not fixed.requires_grad


@pytest.mark.parametrize(
    "name", ["leave-one-out", "st", "gumbel-softmax", "rebar", "relax", "local-expectation"]
)
@pytest.mark.parametrize("without_gradients", [torch.no_grad, torch.inference_mode])
def test_without_gradients_only_the_draws_of_the_value_are_priced(name, without_gradients, logits):
    numbers = []

    def counted(x):
        numbers.append(len(x))
        return coins(logits)(x)

    with without_gradients():
        value, state = dl.expected_cost_and_state(counted, logits, name, "kept", num_samples=3)
    assert value.shape == ()
    assert (numbers, state) == ([3], "kept")


def test_without_gradients_the_exact_value_stays_exact(logits):
    expected = dl.expected_cost(coins(logits), logits, "exact").detach()
    with torch.inference_mode():
        torch.testing.assert_close(dl.expected_cost(coins(logits), logits, "exact"), expected)


@pytest.mark.parametrize("name", ["leave-one-out", "st"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@pytest.mark.parametrize("cost_type", [torch.float32, torch.float64])
def test_the_type_of_the_value_follows_from_the_logits_alone(name, dtype, cost_type):
    given = torch.zeros(3, 2, dtype=dtype, requires_grad=True)
    value = dl.expected_cost(lambda x: x[..., 1].sum(dim=-1).to(cost_type), given, name)
    assert value.dtype == torch.promote_types(dtype, torch.float32)


def test_a_scaled_loss_keeps_gradients_that_half_precision_could_not_hold():
    half = torch.tensor([[0.3, -0.2], [0.1, 0.5]], dtype=torch.float16, requires_grad=True)
    double = half.detach().double().requires_grad_()
    for logits in (half, double):
        value = dl.expected_cost(lambda x: 1e-8 * x.float()[..., 1].sum(dim=-1), logits, "exact")
        (2.0**24 * value).backward()
    assert half.grad.dtype == torch.float16
    torch.testing.assert_close(half.grad.double(), double.grad, rtol=1e-3, atol=0)


def test_logits_without_gradients_still_train_what_comes_after(logits):
    slope = torch.tensor(2.0, requires_grad=True)
    value = dl.expected_cost(lambda x: slope * x[..., 1].sum(dim=-1), logits.detach(), "exact")
    value.backward()
    torch.testing.assert_close(slope.grad, logits.detach().softmax(dim=-1)[:, 1].sum())


@dataclass(frozen=True)
class PricesElsewhere(ScoreFunction):
    """Prices its draws in a way that no derivative can follow."""

    def weigh(self, draws, model, cost, state, temperature):
        cost.cost(model.images(draws))
        return Estimate(torch.zeros(1), None, 1, 0, torch.zeros_like(model.probs)), None


def test_an_estimator_that_would_lose_the_gradient_of_the_cost_is_refused(logits):
    assert dl.estimate(coins(logits), logits, PricesElsewhere()).num_evaluations == 1
    with pytest.raises(AbilityError, match="`prices-elsewhere` must price its draws by `HardPri"):
        dl.expected_cost(coins(logits), logits, PricesElsewhere())


@pytest.mark.parametrize("name", ["st", "gumbel-softmax"])
@pytest.mark.parametrize("has_parameters", [False, True])
def test_a_cost_without_a_slope_is_refused_by_those_that_need_one(name, has_parameters, logits):
    weight = torch.tensor(2.0, requires_grad=has_parameters)
    with pytest.raises(AbilityError, match="must have a gradient in the one-hots"):
        dl.expected_cost(lambda x: weight * x.argmax(dim=-1).sum(dim=-1), logits, name)


@pytest.mark.parametrize("name", ["leave-one-out", "st"])
def test_a_second_derivative_in_the_logits_is_refused_and_not_zero(name, logits):
    weight = torch.tensor(2.0, requires_grad=True)
    value = dl.expected_cost(lambda x: weight.square() * coins(logits)(x), logits, name)
    gradient, slope = torch.autograd.grad(value, [logits, weight], create_graph=True)
    with pytest.raises(AbilityError, match="must be differentiated at most once"):
        torch.autograd.grad(gradient.square().sum(), logits)
    (curvature,) = torch.autograd.grad(slope, weight)
    torch.testing.assert_close(curvature, value.detach() / 2)


def test_it_trains_with_an_optimizer_of_torch(logits):
    optimizer = torch.optim.Adam([logits], lr=0.1)
    generator = torch.Generator().manual_seed(0)
    for _ in range(150):
        optimizer.zero_grad()
        dl.expected_cost(coins(logits), logits, "carms", generator=generator).backward()
        optimizer.step()
    assert logits.argmax(dim=-1).tolist() == [0, 1, 0]
