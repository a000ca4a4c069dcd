"""Enumeration of all possible pictures of a tiny problem."""

from collections.abc import Iterator

import torch
from jaxtyping import Int
from torch import Tensor

from ditherlab.types import DrawCosts, Indices, Probs

_CHUNK = 512


def list_pictures(probs: Probs) -> Iterator[Indices]:
    """Yield every possible picture once, in chunks, for all pictures of the problem alike."""
    b, k, h, w = probs.shape
    num_pictures = k ** (h * w)
    for first in range(0, num_pictures, _CHUNK):
        numbers = torch.arange(first, min(first + _CHUNK, num_pictures), device=probs.device)
        yield number_to_indices(numbers.unsqueeze(1).expand(-1, b), k, h, w)


def number_to_indices(
    numbers: Int[Tensor, "s b"], num_colors: int, height: int, width: int
) -> Indices:
    """Convert numbers of pictures to indices: each digit is the color of a pixel."""
    places = num_colors ** torch.arange(height * width, device=numbers.device)
    digits = numbers.unsqueeze(2) // places % num_colors
    pictures: Tensor = digits.unflatten(2, (height, width))
    return pictures


def log_chances(indices: Indices, log_probs: Probs) -> DrawCosts:
    """Return the log probability of each picture."""
    drawn: Tensor = log_probs.gather(1, indices.transpose(0, 1))
    return drawn.sum(dim=(2, 3)).transpose(0, 1)
