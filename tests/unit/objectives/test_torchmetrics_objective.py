"""`torchmetrics:NAME` as an objective."""

from warnings import catch_warnings, simplefilter

import pytest
import torch
import torchmetrics.image

from ditherlab.errors import RequestError
from ditherlab.metrics import measure
from ditherlab.objectives import as_objective, parse_objective
from ditherlab.protocol import Target
from ditherlab.vision.image_metrics import IMAGE_METRICS

SMALL = [name for name, metric in IMAGE_METRICS.items() if metric.min_size_px <= 32]


@pytest.fixture(scope="module")
def target() -> Target:
    rows, columns = torch.meshgrid(torch.arange(32) / 32, torch.arange(32) / 32, indexing="ij")
    images = torch.stack([rows, columns, (rows * columns).sqrt()]).unsqueeze(0) * 0.8 + 0.1
    opaque = torch.ones((1, 1, 32, 32), dtype=torch.bool)
    opaque[..., :4, :4] = False
    return Target(images, opaque)


@pytest.fixture(scope="module")
def drawn(target: Target) -> torch.Tensor:
    """Two pictures `[s b c h w]`, with black pixels, and others that equal the target."""
    noise = torch.rand((2, 1, 3, 32, 32), generator=torch.Generator().manual_seed(2))
    pictures = (target.images + noise - 0.5).clamp(0, 1).mul(3).round() / 3
    pictures[..., 8:24, 16:] = target.images[..., 8:24, 16:]
    pictures[..., :4, 16:] = 0
    return pictures


@pytest.mark.parametrize("name", SMALL)
def test_a_cost_is_the_reported_value_with_the_sign_that_makes_less_better(
    name: str, target: Target, drawn: torch.Tensor
) -> None:
    costs = parse_objective(f"torchmetrics:{name}").bind(target).cost(drawn)
    sign = -1 if IMAGE_METRICS[name].is_higher_better else 1
    for cost, picture in zip(costs[:, 0].tolist(), drawn, strict=True):
        reported = measure(target.images, picture, target.opaque, metrics=[name])[name]
        assert reported is not None
        assert cost == pytest.approx(sign * reported, rel=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_a_gradient_is_finite_and_that_of_the_cost(
    name: str, target: Target, drawn: torch.Tensor
) -> None:
    cost = parse_objective(f"torchmetrics:{name}").bind(target)
    assert "gradient" in cost.abilities
    _, gradient = cost.price_with_gradient(drawn[:1])
    assert gradient.isfinite().all()
    # Along the gradient, away from black and from the target, where some costs have a kink.
    step = torch.zeros_like(gradient)
    step[..., 24:, :16] = gradient[..., 24:, :16]
    step *= 3e-3 / step.abs().max()
    ahead, behind = (float(cost.cost(drawn[:1] + sign * step)) for sign in (1, -1))
    assert ahead - behind == pytest.approx(2 * float((gradient * step).sum()), rel=0.05)


@pytest.mark.parametrize("name", SMALL)
def test_an_instance_costs_what_the_name_does(
    name: str, target: Target, drawn: torch.Tensor
) -> None:
    known = IMAGE_METRICS[name]
    with catch_warnings():
        simplefilter("ignore", UserWarning)
        metric = getattr(torchmetrics.image, known.class_name)(**known.arguments)
    costs = as_objective(metric).bind(target).cost(drawn)
    assert torch.equal(costs, parse_objective(f"torchmetrics:{name}").bind(target).cost(drawn))


def test_a_metric_whose_gradient_torch_cannot_compute_has_a_value_only() -> None:
    objective = parse_objective("torchmetrics:vif")
    assert objective.abilities == {"value"}
    assert "autograd fails" in objective.why_without("gradient")


def test_a_trial_picture_is_small_whatever_the_problem() -> None:
    objective = parse_objective("torchmetrics:ms-ssim").for_size(4000, 200)
    assert objective.min_size_px == 176
    assert objective.trial_size == (176, 176)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("torchmetrics: UniversalImageQualityIndex", "torchmetrics:uqi"),
        ("torchmetrics:Rmse_SW( window_size = 4 )", "torchmetrics:rmse-sw(window_size=4)"),
        (
            "viewed-error + 0.10*torchmetrics:uqi(kernel_size=7:7,sigma=1:1.5)+-2*torchmetrics:tv",
            "viewed-error+0.1*torchmetrics:uqi(kernel_size=7:7, sigma=1:1.5)+-2*torchmetrics:tv",
        ),
    ],
)
def test_the_words_are_read_and_written(words: str, written: str) -> None:
    objective = parse_objective(words)
    assert str(objective) == objective.public_words == written
    assert str(parse_objective(written)) == written


def test_parameters_reach_the_metric(target: Target, drawn: torch.Tensor) -> None:
    words = ("torchmetrics:rmse-sw(window_size=4)", "torchmetrics:rmse-sw")
    small, default = (float(parse_objective(w).bind(target).cost(drawn)[0]) for w in words)
    assert small != default


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("torchmetrics:", r"Unknown metric ``\. There are: d-lambda"),
        ("torchmetrics:uqqi", r"Did you mean `uqi`\?"),
        ("torchmetrics:lpips", r"got `lpips`, which needs a network"),
        ("torchmetrics:uqi(", r"must be `torchmetrics:NAME` or .*, got 'torchmetrics:uqi\('"),
        ("torchmetrics:uqi(sigm=1:1)", r"no parameter `sigm`\. Did you mean `sigma`\?"),
        ("torchmetrics:uqi(sigma)", r"'sigma' must be written `parameter=value`"),
        ("torchmetrics:rmse-sw(window_size=0)", r"must have other parameters: .*positive integer"),
        ("uqi", r"Unknown objective `uqi`\. Did you mean `torchmetrics:uqi`\?"),
    ],
)
def test_other_words_are_refused(words: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse_objective(words)
