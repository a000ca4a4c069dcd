"""Quadratic costs with all that the kernels must know, and pictures for them."""

import torch

from ditherlab.objectives.blurred_error import BlurredErrorCost, Layer
from ditherlab.protocol import Target
from ditherlab.vision.color import linear_to_opponent, mix_channels, srgb_to_linear
from ditherlab.vision.filtering import gaussian_taps

# The blur in pixels and the factor of each channel's layers: several, signed, wide, and none; some
# with windows at every sixth row and column, and some linear.
LAYERS = {
    "one": [(0, 0.9, 1.0), (1, 1.2, 0.7), (2, 1.5, 0.5)],
    "several": [(0, 0.9, 1.0), (0, 0.45, 0.1), (0, 2.2, 2.0), (1, 1.2, 0.7), (2, 1.6, 0.2)],
    "signed": [(0, 0.8, 1.0), (0, 1.6, -0.4), (1, 1.0, 0.5), (2, 1.0, 0.5), (2, 0.0, 0.1)],
    "wide": [(0, 6.0, 3.0), (0, 0.9, 1.0), (1, 3.0, 1.0), (2, 3.0, 1.0)],
    "no-blur": [(0, 0.0, 1.0), (1, 0.0, 0.5), (2, 0.0, 0.5)],
    "tones": [
        *[(0, 0.9, 1.0), (1, 1.2, 0.7), (2, 1.5, 0.5), (0, 4.4, 20.0, "coarse")],
        *[(1, 4.4, 3.0, "coarse"), (0, 0.0, -0.2, "linear"), (2, 0.0, 0.1, "linear")],
    ],
}


def quadratic_cost(
    height,
    width,
    *,
    layers="several",
    channels=3,
    seed=0,
    weights="varied",
    transparent=False,
    dtype=torch.float32,
):
    """Return a cost of a random smooth picture, with a map of weights for every second layer."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand((1, channels, height, width), generator=generator)
    opaque = torch.ones((1, 1, height, width), dtype=torch.bool)
    if transparent:
        opaque = torch.rand((1, 1, height, width), generator=generator) < 0.8
    maps = [torch.ones((1, height, width), dtype=dtype) for _ in range(2)]
    if weights == "varied":
        maps = [
            torch.rand((1, height, width), generator=generator).to(dtype) + 0.2 for _ in range(2)
        ]
    maps = [plane * opaque[:, 0] for plane in maps]
    images = images.to(dtype)
    mixing = linear_to_opponent(channels).to(dtype)
    values = mix_channels(srgb_to_linear(images), mixing, dim=1)
    terms = []
    for number, (channel, blur_px, scale, *kind) in enumerate(LAYERS[layers]):
        if channel >= channels:
            continue
        plane, stride = maps[number % 2], 1
        if kind == ["coarse"]:
            stride, windows = 6, torch.zeros_like(plane)
            windows[:, 3::6, 3::6] = plane[:, 3::6, 3::6]
            plane = windows
        taps, is_linear = gaussian_taps(blur_px, truncate=2.5), kind == ["linear"]
        terms.append(Layer(channel, taps, plane, scale, is_linear, stride))
    terms = tuple(terms)
    return BlurredErrorCost.of(Target(images, opaque), mixing, values, terms)


def random_palette(num_colors, channels=3, seed=1):
    """Return a palette in display sRGB, `[1 k c]`."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, num_colors, channels), generator=generator)


def random_indices(cost, num_colors, seed=2):
    """Return random palette indices for the picture of a cost, uint8."""
    generator = torch.Generator().manual_seed(seed)
    shape = cost.values.shape[2:]
    return torch.randint(num_colors, shape, generator=generator).to(torch.uint8)


def slopes_in_torch(cost, palette, indices):
    """Return the cost of an index image, and the slope of the cost in each pixel's value."""
    moments = cost.expected_color_moments(palette)[0][:, indices.long()].unsqueeze(0)
    value, field = cost.expected_with_field(moments)
    channels = cost.values.shape[1]
    slopes = field[0, :channels] + 2 * cost.variance_weights[0] * moments[0, :channels]
    return value[0], slopes


def assert_planes_agree(found, expected, tolerance=1e-5):
    """Compare planes by their largest difference, relative to the largest value."""
    scale = float(expected.abs().max())
    difference = float((found - expected).abs().max())
    assert difference <= tolerance * scale, f"{difference / scale:.1g} of the largest value"
