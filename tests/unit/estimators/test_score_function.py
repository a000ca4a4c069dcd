import pytest
import torch

from ditherlab.estimators.score_function import MovingBaseline, ScoreFunction
from ditherlab.protocol import Cost
from ditherlab.protocol.categorical import Categorical


class ConstantCost(Cost):
    """Every picture costs 7."""

    abilities = frozenset({"value"})

    def cost(self, images):
        return torch.full(images.shape[:2], 7.0, dtype=images.dtype)


def price(value: float) -> torch.Tensor:
    return torch.full((1, 1, 1), value, dtype=torch.float64)


def test_the_moving_baseline_is_a_weighted_mean_of_past_costs() -> None:
    """A cost that is n steps old counts `decay^n`: (1 * 4 + 1/2 * 1) / (1 + 1/2) = 3."""
    empty = MovingBaseline(price(0.0), 0.0)
    baseline = empty.include(price(1.0), decay=0.5)
    assert baseline.baseline.item() == 1.0
    assert baseline.include(price(4.0), decay=0.5).baseline.item() == 3.0


def test_a_moving_baseline_leaves_nothing_of_a_constant_cost_from_the_second_step_on(generator):
    model = Categorical(
        torch.full((1, 2, 2, 3), 0.5, dtype=torch.float64),
        torch.tensor([[[0.0], [1.0]]], dtype=torch.float64),
    )
    estimator, cost = ScoreFunction(baseline="ema"), ConstantCost()
    draws = estimator.draw(model, generator)
    first, state = estimator.weigh(draws, model, cost, None, None)
    plain, _ = ScoreFunction().weigh(draws, model, cost, None, None)
    assert torch.equal(first.grad_logits, plain.grad_logits)
    for _ in range(3):
        estimate, state = estimator.estimate(model, cost, generator, state)
        assert estimate.grad_logits.abs().max().item() == pytest.approx(0.0, abs=1e-12)
