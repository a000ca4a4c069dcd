"""The palette that learning begins with."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.palette import Color
from ditherlab.palette.clustering import cluster_colors, spread_colors
from ditherlab.palette_learning.hardware_colors import HardwareColors
from ditherlab.protocol import Target
from ditherlab.types import Colors

# Pixels that show whether a picture has many colors.
_NUM_PROBES = 1 << 14


def first_palette(
    target: Target,
    num_colors: int,
    generator: torch.Generator,
    locked: tuple[Color, ...] = (),
    hardware: HardwareColors | None = None,
) -> tuple[Colors, bool]:
    """Return a palette to learn from, `[1 k c]`, and whether learning could improve it.

    Args:
        target: The pictures.
        num_colors: Size of the palette.
        generator: On the device of the pictures.
        locked: Colors that come first and stay, 8-bit display sRGB.
        hardware: Colors that the palette must end among; None allows all.
    """
    colors, learns = starting_palette(opaque_colors(target), num_colors, generator, locked)
    palette = colors.unsqueeze(0)
    if hardware is None or learns:
        return palette, learns
    num_fixed = len(locked)
    snapped = hardware.snap(palette, num_fixed)
    if torch.equal(snapped, palette):
        return palette, False
    # Colors that cannot be shown are mixed from several hardware colors around each.
    rest = palette[:, num_fixed:]
    num_wanted = num_colors - num_fixed
    around = rest.repeat(1, -(-num_wanted // rest.shape[1]), 1)[:, :num_wanted]
    return hardware.snap(torch.cat([palette[:, :num_fixed], around], dim=1), num_fixed), True


def other_palette(target: Target, num_colors: int, locked: tuple[Color, ...] = ()) -> Colors:
    """Return another palette to learn from, `[1 k c]`: colors at the rim of those of the pictures.

    Args:
        target: The pictures.
        num_colors: Size of the palette.
        locked: Colors that come first and stay, 8-bit display sRGB.
    """
    opaque = opaque_colors(target)
    return spread_colors(opaque, num_colors, locked=_locked_colors(opaque, locked)).unsqueeze(0)


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
        srgb: Colors of the opaque pixels in display sRGB, multiples of 1/255 or any gray.
        num_colors: Size of the palette.
        generator: On the device of the pixels.
        locked: Fewer different colors than `num_colors`, 8-bit display sRGB, which come first.

    Returns:
        2 to `num_colors` colors, and whether moving them could help.
    """
    fixed = _locked_colors(srgb, locked)
    some = srgb[:: max(1, len(srgb) // _NUM_PROBES)]
    if len(fixed) + len(_distinct_colors(some, fixed)) > num_colors:
        return cluster_colors(srgb, num_colors, generator, locked=fixed), True
    distinct = torch.cat([fixed, _distinct_colors(srgb, fixed)])
    if len(distinct) > num_colors:
        return cluster_colors(srgb, num_colors, generator, locked=fixed), True
    if len(distinct) < 2:
        # A palette has at least two colors: the far end of the gray axis stays unused.
        only = distinct if len(distinct) else srgb.new_zeros((1, srgb.shape[1]))
        far = (only.mean() < 0.5).to(srgb.dtype).expand_as(only)
        return torch.cat([only, far]), False
    return distinct, False


def opaque_colors(target: Target) -> Float[Tensor, "n c"]:
    """Return the colors of all opaque pixels, display sRGB."""
    channels = target.images.movedim(1, 0)
    if bool(target.opaque.all()):
        return channels.flatten(1).T
    return channels[:, target.opaque[:, 0]].T


def _locked_colors(srgb: Float[Tensor, "n c"], locked: tuple[Color, ...]) -> Float[Tensor, "l c"]:
    return (srgb.new_tensor(locked).reshape(-1, 3) / 255)[:, : srgb.shape[1]]


def _distinct_colors(
    srgb: Float[Tensor, "n c"], known: Float[Tensor, "l c"]
) -> Float[Tensor, "m c"]:
    """Return the different colors that are not known.

    Packed into whole numbers, they sort a hundred times faster.
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
