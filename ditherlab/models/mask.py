"""Masks: tiles of thresholds, and a measure of how blue their noise is."""

import torch
from jaxtyping import Float
from torch import Tensor

# In cycles per pixel: a quarter of the sampling frequency.
_LOW = 0.25


def white_noise_mask(size: int, generator: torch.Generator) -> Float[Tensor, "n n"]:
    """Return `size` x `size` thresholds, evenly spread around 0 over one step, in random order."""
    num_places = size * size
    order = torch.randperm(num_places, generator=generator, device=generator.device)
    return ((order + 0.5) / num_places - 0.5).view(size, size)


def rank_mask(mask: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """Spread the thresholds evenly around 0 over one step, keeping their order.

    Example:
        >>> rank_mask(torch.tensor([[5.0, -9.0], [0.0, 1.0]])).tolist()
        [[0.375, -0.375], [-0.125, 0.125]]
    """
    ranks = torch.empty_like(mask).flatten()
    ranks[mask.flatten().argsort()] = torch.arange(mask.numel()).to(mask)
    return ((ranks + 0.5) / mask.numel() - 0.5).view_as(mask)


def low_power_db(mask: Float[Tensor, "n n"]) -> float:
    """Return the mean power below a quarter of the sampling frequency, in dB over white noise.

    White noise of the same variance has that variance at every frequency. From a distance, only the
    power at low frequencies is visible; the mean itself is excluded. Masks smaller than 5 x 5 have
    no such frequencies; the result is then NaN.

    Source: Robert Ulichney, "Dithering with Blue Noise", Proceedings of the IEEE 1988, section III.

    Example:
        >>> checkers = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(4, 4)
        >>> low_power_db(checkers) < -100
        True
    """
    mask = mask.cpu().double()
    deviations = mask - mask.mean()
    power = torch.fft.fft2(deviations).abs().square() / mask.numel()
    frequencies = torch.fft.fftfreq(mask.shape[0], dtype=torch.float64)
    radius = torch.hypot(frequencies[:, None], frequencies)
    low = power[(radius > 0) & (radius < _LOW)].mean() / deviations.square().mean()
    return float(10 * low.clamp_min(1e-30).log10())
