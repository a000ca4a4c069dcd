"""Random sparsification: the mean over all masks is the whole gradient, and less is saved."""

import itertools

import pytest
import torch

from ditherlab.estimators import ST, GumbelSoftmax, RandomSparsification
from ditherlab.estimators.random_sparsification import SparseDraws, SparselyDifferentiated
from ditherlab.objectives import parse_objective
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical

MASKS = torch.tensor(list(itertools.product([False, True], repeat=6))).view(-1, 2, 3)
KEEP = 0.3


@pytest.fixture
def every_mask(monkeypatch):
    """Each mask of six windows on the batch axis, the same for all draws."""
    monkeypatch.setattr(
        SparselyDifferentiated, "draw_mask", lambda self, statistics: MASKS.unsqueeze(0)
    )


def mean_over_masks(estimator, draws, enumeration, cost, chance):
    kept = MASKS.sum(dim=(1, 2)).double()
    weights = chance**kept * (1 - chance) ** (6 - kept)
    many = (len(draws), len(MASKS), *draws.shape[2:])
    with torch.no_grad():
        estimate, _ = estimator.weigh(
            SparseDraws(0, draws.expand(many)), enumeration.repeat(len(MASKS)), cost, None, None
        )
    return enumeration.mean(estimate, weights)


@pytest.mark.parametrize("inner", [ST(2), GumbelSoftmax(2)], ids=str)
@pytest.mark.usefixtures("every_mask")
def test_masks_average_to_the_whole_gradient(inner, enumeration, windowed):
    draws = inner.draw(enumeration.model, torch.Generator().manual_seed(4))
    mean = mean_over_masks(RandomSparsification(inner, KEEP), draws, enumeration, windowed, KEEP)
    with torch.no_grad():
        whole, _ = inner.weigh(draws, enumeration.model, windowed, None, None)
    torch.testing.assert_close(mean.value, whole.value[0], rtol=1e-12, atol=1e-12)
    for name in ("grad_logits", "grad_palette"):
        torch.testing.assert_close(
            getattr(mean, name), getattr(whole, name), rtol=1e-12, atol=1e-12
        )


@pytest.mark.usefixtures("every_mask")
def test_masks_of_another_density_than_they_are_weighed_for_fail(enumeration, windowed):
    draws = ST(1).draw(enumeration.model, torch.Generator().manual_seed(4))
    estimator = RandomSparsification(ST(1), KEEP)
    wrong = mean_over_masks(estimator, draws, enumeration, windowed, 0.4)
    whole, _ = ST(1).weigh(draws, enumeration.model, windowed, None, None)
    assert (wrong.grad_logits - whole.grad_logits).abs().max() > 1e-3


def problem(objective, height=24, width=20):
    generator = torch.Generator().manual_seed(2)
    images = torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)
    opaque = torch.ones((1, 1, height, width), dtype=torch.bool)
    opaque[0, 0, 5, 6] = False
    logits = torch.randn((1, 4, height, width), generator=generator, dtype=torch.float64)
    palette = torch.rand((1, 4, 3), generator=generator, dtype=torch.float64)
    model = Categorical.from_logits(logits, palette, learns_palette=True)
    return model, parse_objective(objective).bind(Target(images, opaque))


@pytest.mark.parametrize(
    "objective", ["ssim", "viewed-error", "perceptual", "variance(c=1)", "ssim+viewed-error"]
)
def test_what_keeps_all_windows_is_exact(objective):
    model, cost = problem(objective)
    draws = ST(2).draw(model, torch.Generator().manual_seed(1))
    whole, _ = ST(2).weigh(draws, model, cost, None, None)
    estimator = RandomSparsification(ST(2), 1.0)
    found, _ = estimator.weigh(SparseDraws(3, draws), model, cost, None, None)
    for name in ("value", "grad_logits", "grad_palette"):
        torch.testing.assert_close(getattr(found, name), getattr(whole, name))


def test_the_price_is_that_of_the_whole_and_the_gradient_is_not():
    model, cost = problem("ssim")
    draws = ST(2).draw(model, torch.Generator().manual_seed(1))
    whole, _ = ST(2).weigh(draws, model, cost, None, None)
    found, _ = RandomSparsification(ST(2)).weigh(SparseDraws(3, draws), model, cost, None, None)
    torch.testing.assert_close(found.value, whole.value)
    assert (found.grad_logits - whole.grad_logits).norm() > 0.1 * whole.grad_logits.norm()


def test_less_is_saved_for_the_way_back():
    model, cost = problem("ssim", 96, 96)

    def count_saved(price):
        """Count the bytes of all blocks that a forward pass saves."""
        blocks = {}

        def pack(tensor):
            blocks[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        draws = model.images(ST(4).draw(model, torch.Generator().manual_seed(1)))
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            price.cost(draws.requires_grad_()).sum()
        return sum(blocks.values())

    dense, all_kept, few_kept = (
        count_saved(price)
        for price in (
            cost,
            *(SparselyDifferentiated.of(cost, keep, torch.Generator()) for keep in (1.0, 0.1)),
        )
    )
    assert few_kept < 0.55 * all_kept
    assert all_kept < 0.8 * dense
