"""The color difference CIEDE2000."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

_TINY = 1e-12


def delta_e_2000(labs: Float[Tensor, "*n 3"], others: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n"]:
    """Return the difference CIEDE2000 of colors in CIELAB; the shapes are broadcast.

    Source: ISO/CIE 11664-6:2014, "Colorimetry - Part 6: CIEDE2000 colour-difference formula".

    Example:
        >>> labs = torch.tensor([[50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485]])
        >>> delta_e_2000(labs[0], labs[1]).round(decimals=4)
        tensor(2.0425)
    """
    lightness, other_lightness = labs[..., 0], others[..., 0]
    mean_chroma = (
        _chroma(labs[..., 1], labs[..., 2]) + _chroma(others[..., 1], others[..., 2])
    ) / 2
    stretch = 1.5 - _saturating(mean_chroma) / 2
    chroma, hue = _polar(labs, stretch)
    other_chroma, other_hue = _polar(others, stretch)
    turn = other_hue - hue
    turn = turn - 2 * math.pi * (turn / (2 * math.pi)).round()
    hue_difference = 2 * (chroma * other_chroma).sqrt() * (turn / 2).sin()
    # The middle of the shorter way; where a color is gray, only the other hue counts.
    middle = torch.where(chroma * other_chroma > _TINY, hue + turn / 2, hue + other_hue)
    mean_chroma = (chroma + other_chroma) / 2
    weight = (
        1
        - 0.17 * (middle - math.radians(30)).cos()
        + 0.24 * (2 * middle).cos()
        + 0.32 * (3 * middle + math.radians(6)).cos()
        - 0.20 * (4 * middle - math.radians(63)).cos()
    )
    offset = ((lightness + other_lightness) / 2 - 50).square()
    of_lightness = (other_lightness - lightness) / (1 + 0.015 * offset / (20 + offset).sqrt())
    of_chroma = (other_chroma - chroma) / (1 + 0.045 * mean_chroma)
    of_hue = hue_difference / (1 + 0.015 * mean_chroma * weight)
    blueness = (torch.rad2deg(middle) % 360 - 275) / 25
    rotation = -2 * _saturating(mean_chroma) * (math.radians(60) * (-blueness.square()).exp()).sin()
    squared = of_lightness.square() + of_chroma.square() + of_hue.square()
    return (squared + rotation * of_chroma * of_hue).clamp_min(0).sqrt()


def _polar(labs: Tensor, stretch: Tensor) -> tuple[Tensor, Tensor]:
    a, b = labs[..., 1] * stretch, labs[..., 2]
    return _chroma(a, b), torch.atan2(b, a) % (2 * math.pi)


def _chroma(a: Tensor, b: Tensor) -> Tensor:
    return (a.square() + b.square()).sqrt()


def _saturating(chroma: Tensor) -> Tensor:
    power = chroma**7
    return (power / (power + 25.0**7)).sqrt()
