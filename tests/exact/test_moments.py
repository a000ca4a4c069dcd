"""A closed-form expectation equals the enumerated one, and so do its gradients."""

import pytest
import torch
from skimage import data
from torch.nn.functional import pad

from ditherlab.estimators import Moments
from ditherlab.objectives import SSIM, parse_objective
from ditherlab.palette.clustering import cluster_colors
from ditherlab.protocol import Target, mix_moments
from ditherlab.protocol.categorical import Categorical
from ditherlab.vision.filtering import filter_valid, gaussian_taps

EXPECTED_COSTS = [
    "variance(c=1)",
    "viewed-error",
    "viewed-error(blur_px=0.4)",
    "perceptual",
    "perceptual(pixels_per_degree=15, crisp=0.3)",
    "variance(c=1)+0.5*viewed-error",
]


@pytest.fixture
def target():
    generator = torch.Generator().manual_seed(5)
    images = torch.rand((1, 1, 2, 3), generator=generator, dtype=torch.float64)
    return Target(images, torch.ones((1, 1, 2, 3), dtype=torch.bool))


@pytest.fixture
def target_with_hole(target):
    opaque = target.opaque.clone()
    opaque[0, 0, 0, 1] = False
    return Target(target.images, opaque)


@pytest.fixture
def model(enumeration):
    return Categorical.from_logits(enumeration.logits, enumeration.palette, learns_palette=True)


def estimate(model, cost):
    return Moments().estimate(model, cost, torch.Generator())[0]


@pytest.mark.parametrize("words", EXPECTED_COSTS)
@pytest.mark.parametrize("which", ["target", "target_with_hole"])
def test_moments_agree_with_enumeration(words, which, enumeration, model, request):
    cost = parse_objective(words).bind(request.getfixturevalue(which))
    truth = enumeration.truth(cost)
    found = estimate(model, cost)
    torch.testing.assert_close(found.value[0], truth.value, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.grad_logits, truth.grad_logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.grad_palette, truth.grad_palette, rtol=0, atol=1e-12)


def test_the_second_order_of_ssim_is_half_the_trace_of_its_bend():
    """Against autograd's Hessian of the costs of all windows in their statistics."""
    generator = torch.Generator().manual_seed(9)
    images = torch.rand((1, 1, 12, 13), generator=generator, dtype=torch.float64)
    cost = SSIM().bind(Target(images, torch.ones((1, 1, 12, 13), dtype=torch.bool)))
    logits = torch.randn((1, 3, 12, 13), generator=generator, dtype=torch.float64)
    palette = torch.rand((1, 3, 1), generator=generator, dtype=torch.float64)
    model = Categorical.from_logits(logits, palette)

    # Each pixel's covariance of (x, x^2, x y), spread over the windows with squared weights.
    x = palette[0, :, 0].view(3, 1, 1).expand(-1, 12, 13)
    each = torch.stack([x, x.square(), x * images[0]], dim=1)
    mean = torch.einsum("khw,kqhw->qhw", model.probs[0], each)
    covariance = torch.einsum("khw,kqhw,krhw->qrhw", model.probs[0], each - mean, each - mean)
    squared = tuple(tap**2 for tap in gaussian_taps(1.5))
    spread = pad(filter_valid(covariance, squared), (5, 5, 5, 5))

    table = cost.color_moments(palette)
    statistics = cost.statistics(mix_moments(table, model.probs).unsqueeze(0))
    bend = torch.autograd.functional.hessian(
        lambda found: cost.map_from_statistics(found).sum(), statistics
    )
    windows = bend.view(3, 12 * 13, 3, 12 * 13).diagonal(dim1=1, dim2=3)
    expected = (windows * spread.flatten(2)).sum() / 2

    first, second = (Moments(order).estimate(model, cost, generator)[0].value for order in (0, 2))
    torch.testing.assert_close((second - first)[0], expected, rtol=1e-9, atol=1e-12)


def test_moments_of_second_order_predict_the_cost_of_drawn_pictures():
    crop = data.astronaut()[60:124, 180:244]
    images = torch.from_numpy(crop.copy()).permute(2, 0, 1).unsqueeze(0) / 255.0
    palette = cluster_colors(images[0].flatten(1).T, 8, torch.Generator().manual_seed(0))
    cost = SSIM().bind(Target(images, torch.ones((1, 1, 64, 64), dtype=torch.bool)))
    distance = (images.unsqueeze(2) - palette.T[None, :, :, None, None]).square().sum(dim=1)
    for sharpness in (0.0, 30.0):
        model = Categorical.from_logits(-sharpness * distance, palette.unsqueeze(0))
        drawn = model.images(model.draw_indices(200, torch.Generator().manual_seed(1)))
        (predicted,) = Moments().estimate(model, cost, torch.Generator())[0].value
        assert predicted.item() == pytest.approx(cost.cost(drawn).mean().item(), abs=6e-4)


def test_unfolded_borders_fail_the_same_test(enumeration, model, target, monkeypatch):
    from ditherlab.objectives import blurred_error
    from ditherlab.vision.filtering import filter_reflected

    def squared_before_folding(images, taps):
        return filter_reflected(images, tuple(tap**2 for tap in taps))

    monkeypatch.setattr(blurred_error, "filter_reflected_squared", squared_before_folding)
    cost = parse_objective("viewed-error").bind(target)
    difference = estimate(model, cost).value[0] - enumeration.truth(cost).value
    assert difference.abs() > 1e-6


def test_the_variance_loss_is_that_of_the_post(model, target):
    cost = parse_objective("variance(c=0.25)").bind(target)
    colors = model.palette[0, :, 0]
    mean = torch.einsum("khw,k->hw", model.probs[0], colors)
    variance = torch.einsum("khw,k->hw", model.probs[0], colors.square()) - mean.square()
    expected = ((mean - target.images[0, 0]).square() + 0.25 * variance).mean()
    torch.testing.assert_close(cost.expected(model.probs, model.palette)[0], expected)


def test_color_costs_are_the_cost_of_each_alternative(enumeration, model, target):
    """`Q_ik - Q_ij` is what the expected cost gains when pixel i surely has color k, not j."""
    cost = parse_objective("viewed-error").bind(target)
    costs = estimate(model, cost).color_costs.dense()[0, :, 1, 2]
    for color in range(3):
        certain = model.probs.clone()
        certain[0, :, 1, 2] = torch.eye(3, dtype=torch.float64)[color]
        first = model.probs.clone()
        first[0, :, 1, 2] = torch.eye(3, dtype=torch.float64)[0]
        gain = cost.expected(certain, model.palette) - cost.expected(first, model.palette)
        torch.testing.assert_close(costs[color] - costs[0], gain[0], rtol=0, atol=1e-12)
