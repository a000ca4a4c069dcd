"""The void-and-cluster method for blue-noise masks."""

import torch
from jaxtyping import Float
from torch import Tensor

# Standard deviation of the Gaussian that measures the density of a pattern, in pixels.
_SIGMA_PX = 1.5

_FIRST_PART = 0.1


def void_and_cluster_mask(size: int, generator: torch.Generator) -> Float[Tensor, "n n"]:
    """Return a blue-noise mask: `size` x `size` thresholds, evenly spread around 0 over one step.

    Args:
        size: At least 4.
        generator: For the initial pattern.

    Returns:
        Thresholds in steps: at a threshold `t`, a level rounds up if it lies above `0.5 - t`.

    Source: Robert Ulichney, "The void-and-cluster method for dither array generation", SPIE 1913,
    1993, with sigma = 1.5.

    Example:
        >>> mask = void_and_cluster_mask(8, torch.Generator().manual_seed(0))
        >>> mask.shape, round(float(mask.min()), 4), round(float(mask.mean()), 4)
        (torch.Size([8, 8]), -0.4922, 0.0)
    """
    crowding = _Crowding(size)
    num_places = size * size
    order = torch.randperm(num_places, generator=generator, device=generator.device).cpu()
    pattern = torch.zeros(num_places, dtype=torch.float64)
    pattern[order[: max(1, round(_FIRST_PART * num_places))]] = 1
    # The loop ends much sooner, unless equally dense places take turns.
    for _ in range(num_places):
        cluster = crowding.tightest_cluster(pattern)
        pattern[cluster] = 0
        void = crowding.largest_void(pattern)
        pattern[void] = 1
        if void == cluster:
            break
    num_ones = int(pattern.sum())
    ranks = torch.empty(num_places, dtype=torch.float64)
    thinned = pattern.clone()
    for rank in range(num_ones - 1, -1, -1):
        cluster = crowding.tightest_cluster(thinned)
        thinned[cluster] = 0
        ranks[cluster] = rank
    for rank in range(num_ones, num_places):
        void = crowding.largest_void(pattern)
        pattern[void] = 1
        ranks[void] = rank
    thresholds = (ranks + 0.5) / num_places - 0.5
    return thresholds.view(size, size).to(generator.device, torch.float32)


class _Crowding:
    """Finds the densest and the emptiest places of a pattern that repeats over the plane."""

    def __init__(self, size: int) -> None:
        steps = torch.arange(size, dtype=torch.float64)
        squares = torch.minimum(steps, size - steps).square()
        self.size = size
        gaussian = ((squares[:, None] + squares) / (-2 * _SIGMA_PX**2)).exp()
        self.response = torch.fft.rfft2(gaussian)

    def tightest_cluster(self, pattern: Tensor) -> int:
        """Return the position of the one with the most ones around it."""
        return int(self._blurred(pattern).where(pattern > 0, -torch.inf).argmax())

    def largest_void(self, pattern: Tensor) -> int:
        """Return the position of the zero with the fewest ones around it."""
        return int(self._blurred(pattern).where(pattern == 0, torch.inf).argmin())

    def _blurred(self, pattern: Tensor) -> Tensor:
        square = pattern.view(self.size, self.size)
        blurred = torch.fft.irfft2(torch.fft.rfft2(square) * self.response, s=square.shape)
        return torch.as_tensor(blurred).flatten()
