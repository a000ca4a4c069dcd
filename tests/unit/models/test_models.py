import numpy as np
import pytest
import torch

from ditherlab import Palette, Picture
from ditherlab.errors import RequestError
from ditherlab.estimators import LeaveOneOut, Moments
from ditherlab.models import (
    MODELS,
    Noise,
    Ordered,
    RepeatedMask,
    Rounding,
    low_power_db,
    rank_mask,
    void_and_cluster_mask,
    white_noise_mask,
)
from ditherlab.models.noise import SHAPES
from ditherlab.objectives import ViewedError
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.stages.model_descent import ModelDescent
from tests.solving import solve

COLORS = torch.tensor([[[0.1, 0.1, 0.2], [0.9, 0.3, 0.2], [0.3, 0.8, 0.9], [1.0, 1.0, 0.9]]])
GRAYS = torch.tensor([[[1.0], [0.0], [0.6]]])


def target_of(num_channels: int, size: tuple[int, int] = (7, 9)) -> Target:
    generator = torch.Generator().manual_seed(5)
    images = torch.rand((1, num_channels, *size), generator=generator)
    return Target(images, torch.ones((1, 1, *size), dtype=torch.bool))


def bound(model, palette, generator):
    return model.bind(Rounding.of(target_of(palette.shape[2]), palette), generator)


@pytest.mark.parametrize("palette", [COLORS, GRAYS], ids=["colors", "grays"])
@pytest.mark.parametrize("shape", SHAPES)
def test_probabilities_are_the_shares_of_rounded_noise(shape, palette, generator):
    noise = bound(Noise(shape=shape), palette, generator)
    noise.parameters["shift"].fill_(0.2)
    noise.parameters["log_scale"].fill_(-0.3)
    rounding = Rounding.of(target_of(palette.shape[2]), palette)
    num_draws = 4_000
    eps = SHAPES[shape].draw_noise(num_draws * 63, torch.zeros(()), generator)
    moved = rounding.places + (0.2 + eps * 0.740818).view(num_draws, 1, 7, 9)
    distances = (moved[:, None] - rounding.colors[0, :, :, None, None]).square().sum(dim=2)
    shares = torch.nn.functional.one_hot(distances.argmin(dim=1), palette.shape[1]).float().mean(0)
    probs = noise.probs(0.0)
    assert torch.allclose(probs.sum(dim=1), torch.ones(1, 7, 9), atol=1e-5)
    error = (shares.permute(2, 0, 1) - probs[0]).abs() / (probs[0] * (1 - probs[0]) + 1e-3).sqrt()
    assert error.max() * num_draws**0.5 < 6


@pytest.mark.parametrize(
    "palette",
    [
        torch.eye(3)[None],
        torch.tensor([[[0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [1.0, 1.0, 1.0]]]),
        torch.tensor([[[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]]]),
        torch.tensor([[[0.1], [0.1], [1.0]]]),
        torch.tensor([[[0.1], [0.1]]]),
    ],
    ids=["equally far", "repeated", "all the same", "gray repeated", "gray all the same"],
)
@pytest.mark.parametrize(
    "model", [Noise(), Noise(scope="channel"), Noise(scope="pixel"), Ordered(4)], ids=str
)
def test_colors_that_are_equally_near_share_a_probability_of_one(model, palette, generator):
    grays = torch.rand((1, 1, 7, 9), generator=generator).expand(-1, palette.shape[2], -1, -1)
    target = Target(grays, torch.ones((1, 1, 7, 9), dtype=torch.bool))
    probs = model.bind(Rounding.of(target, palette), generator).probs(0.0)
    assert torch.allclose(probs.sum(dim=1), torch.ones(1, 7, 9), atol=1e-5)


def test_uniform_noise_one_step_wide_keeps_the_light(generator):
    target = target_of(1)
    light = Noise().bind(Rounding.of(target, GRAYS), generator).probs(0.0)
    shown = torch.einsum("bkhw,k->bhw", light, torch.tensor([1.0, 0.0, 0.31854678]))
    wanted = torch.where(
        target.images <= 0.04045, target.images / 12.92, ((target.images + 0.055) / 1.055) ** 2.4
    )
    assert torch.allclose(shown, wanted[:, 0], atol=1e-5)


@pytest.mark.parametrize(
    "model",
    [Noise("normal"), Noise("triangular", "channel"), Noise("logistic", "pixel"), Ordered(4)],
    ids=str,
)
@pytest.mark.parametrize("palette", [COLORS, GRAYS], ids=["colors", "grays"])
def test_gradients_are_those_of_finite_differences(model, palette, generator):
    palette, target = palette.double(), target_of(palette.shape[2])
    target = Target(target.images.double(), target.opaque)
    cost = ViewedError().bind(target)
    moving = ModelDescent(model.bind(Rounding.of(target, palette), generator), 0.05)
    drawn = Categorical(moving.probs(0.3), palette)
    estimate, _ = Moments().estimate(drawn, cost, generator)
    found = moving._gradients(estimate)
    for name, parameter in moving.model.parameters.items():
        kept = parameter.clone()
        for place in [0, kept.numel() // 2, kept.numel() - 1]:
            prices = []
            for step in (1e-6, -1e-6):
                parameter.copy_(kept).view(-1)[place] += step
                prices.append(float(cost.expected(moving.model.probs(0.3), palette)))
            parameter.copy_(kept)
            slope = (prices[0] - prices[1]) / 2e-6
            assert float(found[name].view(-1)[place]) == pytest.approx(slope, rel=1e-4, abs=1e-9)


def test_a_sampled_gradient_for_logits_becomes_one_for_parameters(generator):
    target, palette = target_of(1), GRAYS
    cost = ViewedError().bind(target)
    moving = ModelDescent(Noise("normal").bind(Rounding.of(target, palette), generator), 0.05)
    drawn = Categorical(moving.probs(0.0), palette)
    exact = moving._gradients(Moments().estimate(drawn, cost, generator)[0])
    sampled = [
        moving._gradients(LeaveOneOut(num_samples=64).estimate(drawn, cost, generator)[0])
        for _ in range(60)
    ]
    for name, slope in exact.items():
        each = torch.stack([one[name] for one in sampled]).flatten()
        off = (each.mean() - slope.sum()).abs() / (each.std() / len(each) ** 0.5)
        assert off < 4.5
        assert each.std() / len(each) ** 0.5 < slope.abs().sum()


def test_a_mask_is_firm_in_the_end_and_repeats(generator):
    mask = Ordered(size=4).bind(Rounding.of(target_of(1), GRAYS), generator)
    probs = mask.probs(1.0)
    assert torch.equal(probs, probs.round())
    assert torch.equal(probs.argmax(dim=1), mask.probs(0.99).argmax(dim=1))
    flat = Target(torch.full((1, 1, 7, 9), 0.5), torch.ones((1, 1, 7, 9), dtype=torch.bool))
    shown = RepeatedMask(Rounding.of(flat, GRAYS), mask.parameters["mask"]).probs(1.0)
    assert torch.equal(shown[..., :3, :5], shown[..., 4:7, 4:9])


def test_void_and_cluster_is_blue_and_white_noise_is_not(generator):
    blue, white = void_and_cluster_mask(16, generator), white_noise_mask(16, generator)
    assert torch.equal(blue.flatten().sort().values, white.flatten().sort().values)
    assert low_power_db(blue) < -15
    assert abs(low_power_db(white)) < 3
    assert torch.equal(rank_mask(blue * 3 + 1), blue)


def test_a_learned_mask_is_blue_and_beats_void_and_cluster():
    """From white noise, on a ramp, which asks for all thresholds."""
    ramp = np.linspace(0, 255, 96).round().astype(np.uint8)
    pixels = np.broadcast_to(ramp[:, None, None], (96, 64, 3)).copy()
    solution = solve(
        Picture(pixels=pixels, opaque=np.ones((96, 64), dtype=bool)),
        palette=Palette.from_hex(["000", "fff"]),
        model=Ordered(size=8, start="white"),
        steps=150,
    )
    problem, learned = solution.problem, solution.parameters["mask"][0]
    assert low_power_db(learned[0]) < -8
    target = problem.target()
    cost, palette = problem.objective.bind(target), torch.tensor([[[0.0], [1.0]]])
    rounding = Rounding.of(target, palette)
    prices = [
        float(cost.expected(RepeatedMask(rounding, mask).probs(1.0), palette))
        for mask in (learned, void_and_cluster_mask(8, torch.Generator().manual_seed(0))[None])
    ]
    assert prices[0] < 0.98 * prices[1]
    assert solution.history.snapshots[-1].cost == pytest.approx(prices[0], rel=1e-4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("ordered(size=1)", r"`ordered\(size=...\)` must be from 2 to 64, got 1. Try 16."),
        ("ordered(learning_rate=0)", r"`ordered\(learning_rate=...\)` must be above 0, got 0."),
        ("noise(learning_rate=-1)", r"`noise\(learning_rate=...\)` must be above 0, got -1."),
        ("noise(shape=pink)", r"one of uniform, triangular, normal, logistic, got 'pink'"),
        ("noize", r"Unknown model `noize`. .*noise"),
    ],
)
def test_wrong_words_are_refused(words, message):
    with pytest.raises(RequestError, match=message):
        MODELS.parse(words)


def test_models_are_written_as_they_are_read():
    for words in ("noise", "noise(shape=normal, scope=pixel)", "ordered(size=8)"):
        assert str(MODELS.parse(words)) == words
