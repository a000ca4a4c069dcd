"""All pictures that there are: for problems so small that they can be listed."""

from collections.abc import Iterator

import torch
from jaxtyping import Int
from torch import Tensor

from ditherlab.types import DrawCosts, Indices, Probs

_CHUNK = 512


def list_pictures(probs: Probs) -> Iterator[Indices]:
    """List every picture once, some at a time, the same for each of the problem's pictures."""
    b, k, h, w = probs.shape
    num_pictures = k ** (h * w)
    for first in range(0, num_pictures, _CHUNK):
        numbers = torch.arange(first, min(first + _CHUNK, num_pictures), device=probs.device)
        yield number_to_indices(numbers.unsqueeze(1).expand(-1, b), k, h, w)


def number_to_indices(
    numbers: Int[Tensor, "s b"], num_colors: int, height: int, width: int
) -> Indices:
    """Read the digits of a picture's number: one color a pixel."""
    places = num_colors ** torch.arange(height * width, device=numbers.device)
    digits = numbers.unsqueeze(2) // places % num_colors
    pictures: Tensor = digits.unflatten(2, (height, width))
    return pictures


def log_chances(indices: Indices, log_probs: Probs) -> DrawCosts:
    """Return the log probability of each picture."""
    drawn: Tensor = log_probs.gather(1, indices.transpose(0, 1))
    return drawn.sum(dim=(2, 3)).transpose(0, 1)
