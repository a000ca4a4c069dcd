import pytest
import torch

from ditherlab.objectives import parse_objective
from ditherlab.palette_learning.palette_fit import fit_palette, revive_colors
from ditherlab.protocol import PaletteEquations, Target
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear

NUM_COLORS = 4


def light_of(palette):
    return srgb_to_linear(palette[0]).T.reshape(-1)


def price(equations, palette):
    light = light_of(palette)
    return float(light @ equations.matrix @ light - 2 * light @ equations.right)


def descend(equations, palette, num_fixed):
    """Walk downhill in small steps, back into the gamut after each."""
    light = light_of(palette)
    movable = torch.arange(len(light)) % NUM_COLORS >= num_fixed
    rate = 1 / torch.linalg.eigvalsh(equations.matrix)[-1]
    for _ in range(2_000):
        slope = equations.matrix @ light - equations.right
        light = torch.where(movable, (light - rate * slope).clamp(0, 1), light)
    return linear_to_srgb(light.view(-1, NUM_COLORS).T).unsqueeze(0)


def random_equations(seed, num_channels=3):
    """Equations whose solution without borders lies outside the gamut here and there."""
    generator = torch.Generator().manual_seed(seed)
    size = num_channels * NUM_COLORS
    factor = torch.randn((size, size), generator=generator, dtype=torch.float64)
    matrix = factor @ factor.T + 0.5 * torch.eye(size, dtype=torch.float64)
    wanted = -0.5 + 2 * torch.rand(size, generator=generator, dtype=torch.float64)
    palette = torch.rand((1, NUM_COLORS, num_channels), generator=generator, dtype=torch.float64)
    return PaletteEquations(matrix, matrix @ wanted), palette


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("num_fixed", [0, 1, 3])
def test_the_fit_is_as_good_as_a_long_descent(seed, num_fixed):
    equations, palette = random_equations(seed)
    fitted = fit_palette(equations, palette, num_fixed)
    least = price(equations, descend(equations, palette, num_fixed))
    scale = abs(least)
    assert price(equations, fitted) <= least + 1e-4 * scale
    assert price(equations, fitted) < price(equations, palette)
    assert ((fitted >= 0) & (fitted <= 1)).all()
    assert torch.equal(fitted[:, :num_fixed], palette[:, :num_fixed])


def test_the_gamut_binds_in_these_problems():
    equations, palette = random_equations(0)
    fitted = fit_palette(equations, palette)
    assert ((fitted == 0) | (fitted == 1)).any()
    assert ((fitted > 0) & (fitted < 1)).any()


def test_one_channel_is_fitted_too():
    equations, palette = random_equations(3, num_channels=1)
    fitted = fit_palette(equations, palette)
    assert price(equations, fitted) <= price(equations, descend(equations, palette, 0)) + 1e-4


def test_a_color_that_nothing_shows_stays():
    equations, palette = random_equations(5)
    idle = torch.arange(3 * NUM_COLORS) % NUM_COLORS == 2
    equations.matrix[idle] = equations.matrix[:, idle] = equations.right[idle] = 0
    fitted = fit_palette(equations, palette)
    torch.testing.assert_close(fitted[:, 2], palette[:, 2], rtol=0, atol=1e-12)


def test_fixed_colors_stay_bit_for_bit_in_single_precision():
    equations, palette = random_equations(7)
    palette = palette.float()
    fitted = fit_palette(equations, palette, 2)
    assert fitted.dtype == torch.float32
    assert torch.equal(fitted[:, :2], palette[:, :2])
    assert torch.equal(fit_palette(equations, palette, NUM_COLORS), palette)


def test_certain_pixels_get_their_mean_light():
    """Without a blur, the best color is the mean of the pixels that show it, as they weigh."""
    generator = torch.Generator().manual_seed(1)
    images = torch.rand((1, 3, 6, 8), generator=generator, dtype=torch.float64)
    target = Target(images, torch.ones((1, 1, 6, 8), dtype=torch.bool))
    indices = torch.randint(2, (6, 8), generator=generator)
    probs = torch.nn.functional.one_hot(indices, 2).permute(2, 0, 1).unsqueeze(0).double()
    cost = parse_objective("viewed-error(blur_px=0)").bind(target)
    start = torch.tensor([[[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]]], dtype=torch.float64)
    fitted = fit_palette(cost.palette_equations(probs), start)
    for color in range(2):
        weights = cost.pixel_error().weights[0][:, indices == color]
        light = srgb_to_linear(images)[0][:, indices == color]
        mean = (weights * light).sum(dim=1) / weights.sum(dim=1)
        torch.testing.assert_close(srgb_to_linear(fitted)[0, color], mean, rtol=0, atol=1e-5)


BLACK, GRAY, RED, BLUE = (
    [0.0, 0.0, 0.0],
    [0.125, 0.125, 0.125],
    [0.875, 0.125, 0.0],
    [0.0, 0.125, 0.75],
)


@pytest.fixture
def flag():
    """Black, a broad red stripe, a narrow blue one, a single white pixel; transparent corners."""
    images = torch.zeros((1, 3, 30, 40))
    images[0, :, :, 10:26] = torch.tensor(RED).view(3, 1, 1)
    images[0, :, :, 33:38] = torch.tensor(BLUE).view(3, 1, 1)
    images[0, :, 14, 4] = 1
    opaque = torch.ones((1, 1, 30, 40), dtype=torch.bool)
    images[0, :, :, 39], opaque[..., 39] = 1, False
    return Target(images, opaque)


def revive(flag, colors, shares, **options):
    cost = parse_objective("viewed-error").bind(flag)
    palette = torch.tensor([colors])
    return palette, revive_colors(
        palette, torch.tensor(shares), cost, flag, least_share=0.02, **options
    )


def test_idle_colors_go_where_many_pixels_are_far_from_all_others(flag):
    palette, revived = revive(flag, [BLACK, GRAY, BLACK], [0.9, 0.0, 0.01])
    assert torch.equal(revived[:, 0], palette[:, 0])
    assert revived[0, 1:].tolist() in ([RED, BLUE], [BLUE, RED])


def test_busy_and_fixed_colors_stay(flag):
    palette, revived = revive(flag, [BLACK, GRAY], [0.5, 0.02])
    assert torch.equal(revived, palette)
    palette, revived = revive(flag, [GRAY, BLACK, GRAY], [0.0, 1.0, 0.0], num_fixed=1)
    assert torch.equal(revived[:, :2], palette[:, :2])
    assert revived[0, 2].tolist() in (RED, BLUE)
