"""Palette fits: the best palette for given pixels, by least squares in the display's gamut."""

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from ditherlab.palette_learning.hardware_colors import HardwareColors
from ditherlab.protocol import Cost, PaletteEquations, Target
from ditherlab.types import Colors
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear
from ditherlab.vision.filtering import filter_reflected, gaussian_taps

# Regularization, relative to the mean of the diagonal, that keeps unused colors in place.
_INERTIA = 1e-6

_MAX_NUM_ROUNDS = 20

# The blur of the error map in which new places for unused colors are sought.
_GAP_BLUR_PX = 3.0


def fit_palette(
    equations: PaletteEquations,
    palette: Colors,
    num_fixed: int = 0,
    hardware: HardwareColors | None = None,
    hardware_part: float = 1.0,
) -> Colors:
    """Minimize `x' A x - 2 x' b` over the palette's linear light `x` in [0, 1].

    An active-set method: it solves for the free entries, fixes those that would leave the gamut at
    its border, and frees those whose slope points inwards again.

    Args:
        equations: `A` and `b`.
        palette: Where it is now, `[1 k c]`, on the host.
        num_fixed: How many colors at the palette's beginning stay.
        hardware: Colors that the others must be among; None allows all.
        hardware_part: Part of them that must be so already, those shown most first.

    Returns:
        The best palette, in display sRGB.
    """
    num_colors = palette.shape[1]
    start = srgb_to_linear(palette[0]).T.reshape(-1).double()
    inertia = _INERTIA * equations.matrix.diagonal().mean().clamp_min(1e-300)
    matrix = equations.matrix + inertia * torch.eye(len(start)).to(equations.matrix)
    right = equations.right + inertia * start
    movable = torch.arange(len(start), device=start.device) % num_colors >= num_fixed
    linear = _solve_in_box(matrix, right, start, movable)
    landed = torch.zeros_like(palette[0], dtype=torch.bool)
    num_landing = round(hardware_part * (num_colors - num_fixed))
    if hardware is not None and num_landing:
        levels = hardware.land(
            matrix, right, linear, palette, num_fixed=num_fixed, num_landing=num_landing
        )
        landed = levels >= 0
        still_free = movable & ~landed.T.flatten()
        light = srgb_to_linear(levels.clamp_min(0).double() / 255).T.flatten()
        linear = _solve_in_box(matrix, right, torch.where(still_free, linear, light), still_free)
    channels = linear.view(-1, num_colors).T.to(palette.dtype)
    moved = linear_to_srgb(channels)
    if hardware is not None and num_landing:
        moved = torch.where(landed, (levels / 255).to(moved), moved)
    moved[:num_fixed] = palette[0, :num_fixed]
    return moved.clamp(0, 1).unsqueeze(0)


def revive_colors(
    palette: Colors,
    shares: Shaped[Tensor, "k"],
    cost: Cost,
    target: Target,
    *,
    least_share: float,
    num_fixed: int = 0,
    hardware: HardwareColors | None = None,
) -> Colors:
    """Move colors that hardly any pixel shows to where the palette is furthest from the pictures.

    Args:
        palette: Display sRGB, `[1 k c]`; it may lie on the host.
        shares: How much each color is shown: a part, or a number of pixels. On the host.
        cost: Quadratic; gives the distance of a color from the target of a pixel.
        target: The pictures.
        least_share: Colors that are shown at least as often stay.
        num_fixed: Number of colors at the palette's beginning that stay in any case.
        hardware: Colors that all others must be among; None allows all.
    """
    is_idle = (shares < least_share).tolist()
    idle = [color for color in range(num_fixed, len(is_idle)) if is_idle[color]]
    if not idle:
        return palette
    palette = palette.to(target.images.device)
    pixel = cost.pixel_error()
    num_channels = pixel.values.shape[1]
    colors = cost.expected_color_moments(palette)[0, :num_channels]
    gap = torch.full_like(pixel.values[:, 0], torch.inf)
    for color in range(len(is_idle)):
        if not is_idle[color]:
            gap = torch.minimum(gap, pixel.price(colors[:, color]))
    pixels = target.images.movedim(1, 0).flatten(1)
    revived = palette.clone()
    for color in idle:
        # The blur prefers areas where many pixels are far from every color to single pixels.
        place = filter_reflected(gap, gaussian_taps(_GAP_BLUR_PX)).argmax()
        revived[0, color] = pixels.index_select(1, place.view(1))[:, 0]
        moments = cost.expected_color_moments(revived[:, color : color + 1])[0, :num_channels, 0]
        gap = torch.minimum(gap, pixel.price(moments))
    return revived if hardware is None else hardware.snap(revived, num_fixed)


def _solve_in_box(
    matrix: Float[Tensor, "n n"],
    right: Float[Tensor, "n"],
    start: Float[Tensor, "n"],
    movable: Bool[Tensor, "n"],
) -> Float[Tensor, "n"]:
    found, free = start.clone(), movable.clone()
    for _ in range(_MAX_NUM_ROUNDS):
        if not bool(free.any()):
            break
        wanted = right[free] - matrix[free][:, ~free] @ found[~free]
        found[free] = _solve(matrix[free][:, free], wanted).clamp(0, 1)
        slope = matrix @ found - right
        stopped = ((found <= 0) & (slope > 0)) | ((found >= 1) & (slope < 0))
        now_free = movable & ~stopped
        if bool((now_free == free).all()):
            break
        free = now_free
    return found


def _solve(matrix: Float[Tensor, "n n"], right: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """Solve a symmetric system; it is positive unless layers have weights below 0."""
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if bool(failed):
        solved: Tensor = torch.linalg.solve(matrix, right)
        return solved
    return torch.cholesky_solve(right.unsqueeze(1), factor)[:, 0]
