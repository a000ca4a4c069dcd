"""Where the optimization starts: a palette, and logits around the nearest colors."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.error_diffusion import diffuse_error
from ditherlab.palette import Color, Palette
from ditherlab.palette.clustering import cluster_colors, spread_colors
from ditherlab.problem.problem import Problem
from ditherlab.protocol import Cost, Target
from ditherlab.protocol.categorical import peaked_probs
from ditherlab.types import Colors, Images, Logits
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear

# Logits fall by this per squared sRGB distance: neighbors in the palette stay in play.
_SHARPNESS = 30.0

# Of the color that error diffusion chose.
_CERTAINTY = 0.9

# How far the parts of an error vary. Else flat parts show the way that errors took, also after a
# polish: at 1/8 of white, Ulichney's anisotropy was 2 dB in the mean. With 0.2 it is below 0 dB at
# every frequency; more costs fidelity.
_MOST_SHIFTED = 0.2

# A little noise breaks ties between pixels of one color, which would else all move alike.
_JITTER = 0.1


def nearest_logits(images: Images, palette: Colors, generator: torch.Generator) -> Logits:
    """Start every pixel at the colors near its own."""
    b, _, h, w = images.shape
    logits = torch.empty((b, palette.shape[1], h, w), device=images.device, dtype=images.dtype)
    logits.normal_(generator=generator).mul_(_JITTER)
    for color in range(palette.shape[1]):
        distance = (images - palette[:, color, :, None, None]).square().sum(dim=1)
        # One channel stands for three equal ones.
        logits[:, color].sub_(distance, alpha=_SHARPNESS * 3 / images.shape[1])
    return logits


def diffused_indices(
    target: Target, cost: Cost, palette: Colors, generator: torch.Generator
) -> Int[Tensor, "h w"]:
    """Start from error diffusion in the space of a quadratic cost, its parts varied."""
    pixel = cost.pixel_error()
    values, weights = pixel.values[0], pixel.weights[0]
    colors = cost.expected_color_moments(palette)[0, : len(values)]
    shifts = values.new_empty((2, *values.shape[1:]))
    shifts.uniform_(-_MOST_SHIFTED, _MOST_SHIFTED, generator=generator)
    return diffuse_error(values, colors, weights, target.opaque[0, 0], shifts=shifts)


def indices_to_logits(indices: Int[Tensor, "h w"], palette: Colors) -> Logits:
    """Start every pixel at one color that is probable, and leave the others possible."""
    return peaked_probs(indices, palette, _CERTAINTY).log_()


def weaken_dither(target: Target, cost: Cost, palette: Colors, strength: float) -> Target:
    """Pull what pixels shall look like to their nearest palette colors, in linear light.

    Args:
        target: The source.
        cost: Quadratic; says which color is nearest.
        palette: To choose from.
        strength: 0 leaves only the nearest colors, 1 the source.
    """
    pixel = cost.pixel_error()
    colors = cost.expected_color_moments(palette)[0, : pixel.values.shape[1]]
    least = torch.full_like(pixel.values[0, 0], torch.inf)
    nearest = torch.zeros_like(least, dtype=torch.int64)
    for color in range(colors.shape[1]):
        price = pixel.price(colors[:, color])[0]
        nearest[price < least] = color
        least = torch.minimum(least, price)
    linear, drawn = srgb_to_linear(target.images), srgb_to_linear(palette)[0].T[:, nearest]
    return Target(linear_to_srgb(drawn + strength * (linear - drawn)), target.opaque)


def first_palette(problem: Problem, generator: torch.Generator) -> tuple[Colors, bool]:
    """Return the palette to begin with, and whether there is anything to learn."""
    if isinstance(problem.palette, Palette):
        num_channels = 1 if problem.is_gray else 3
        colors = problem.palette.srgb(problem.chosen_device)[:, :num_channels]
        return colors.unsqueeze(0), False
    opaque = _opaque_colors(problem)
    colors, learns = starting_palette(opaque, problem.palette, generator, problem.locked)
    return _into_gamut(problem, colors.unsqueeze(0), learns)


def other_palette(problem: Problem) -> Colors:
    """Return another palette to learn from: colors at the rim of those of the picture."""
    opaque = _opaque_colors(problem)
    locked = _locked_colors(opaque, problem.locked)
    return spread_colors(opaque, problem.num_colors, locked=locked).unsqueeze(0)


def starting_palette(
    srgb: Float[Tensor, "n c"],
    num_colors: int,
    generator: torch.Generator,
    locked: tuple[Color, ...] = (),
) -> tuple[Float[Tensor, "k c"], bool]:
    """Choose a palette to learn from, and say whether there is anything to learn.

    A picture with no more colors than asked for gets just those, after the locked ones: no other
    palette is better.

    Args:
        srgb: The colors of the opaque pixels in display sRGB, multiples of 1/255 or any gray.
        num_colors: How many colors the palette may have.
        generator: On the device of the pixels.
        locked: Fewer different colors than `num_colors`, 8-bit display sRGB, which come first.

    Returns:
        2 to `num_colors` colors, and whether moving them could help.
    """
    fixed = _locked_colors(srgb, locked)
    distinct = torch.cat([fixed, _distinct_colors(srgb, fixed)])
    if len(distinct) > num_colors:
        return cluster_colors(srgb, num_colors, generator, locked=fixed), True
    if len(distinct) < 2:
        # A palette has at least two colors: the far end of the gray axis stays unused.
        only = distinct if len(distinct) else srgb.new_zeros((1, srgb.shape[1]))
        far = (only.mean() < 0.5).to(srgb.dtype).expand_as(only)
        return torch.cat([only, far]), False
    return distinct, False


def _opaque_colors(problem: Problem) -> Float[Tensor, "n c"]:
    target = problem.target()
    return target.images[0][:, target.opaque[0, 0]].T


def _locked_colors(srgb: Float[Tensor, "n c"], locked: tuple[Color, ...]) -> Float[Tensor, "l c"]:
    return (srgb.new_tensor(locked).reshape(-1, 3) / 255)[:, : srgb.shape[1]]


def _into_gamut(problem: Problem, palette: Colors, learns: bool) -> tuple[Colors, bool]:
    """Make a palette that will not be learned one that can be shown, or one to learn."""
    showable = problem.showable
    if showable is None or learns or not isinstance(problem.palette, int):
        return palette, learns
    num_fixed = len(problem.locked)
    snapped = showable.snap(palette, num_fixed)
    if torch.equal(snapped, palette):
        return palette, False
    # Colors that cannot be shown are mixed from several around each.
    rest = palette[:, num_fixed:]
    num_wanted = problem.palette - num_fixed
    around = rest.repeat(1, -(-num_wanted // rest.shape[1]), 1)[:, :num_wanted]
    return showable.snap(torch.cat([palette[:, :num_fixed], around], dim=1), num_fixed), True


def _distinct_colors(
    srgb: Float[Tensor, "n c"], known: Float[Tensor, "l c"]
) -> Float[Tensor, "m c"]:
    """Return the different colors that are not known.

    As whole numbers, they sort a hundred times faster.
    """
    packed = _packed(srgb).unique()
    packed = packed[~torch.isin(packed, _packed(known))]
    shifts = torch.arange(srgb.shape[1] - 1, -1, -1, device=srgb.device) * 16
    unpacked: Tensor = (packed[:, None] >> shifts) & 0xFFFF
    return unpacked.to(srgb.dtype) / 0xFFFF


def _packed(srgb: Float[Tensor, "n c"]) -> Int[Tensor, "n"]:
    levels = (srgb * 0xFFFF).round().long()
    packed = torch.zeros_like(levels[:, 0])
    for channel in levels.unbind(1):
        packed = (packed << 16) | channel
    return packed
