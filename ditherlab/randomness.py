"""Explicit randomness: a seed at the edge, a generator inside."""

import torch


def seeded_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Make the generator that everything random in one run draws from.

    Args:
        seed: Any integer from 0; the same seed on the same device gives the same draws.
        device: Where the draws are needed; devices differ for the same seed.
    """
    return torch.Generator(device=device).manual_seed(seed)
