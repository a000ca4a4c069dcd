"""The random generator of a run, made from its seed."""

import torch


def seeded_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Make the generator for all random draws of one run.

    Args:
        seed: An integer of at least 0; the same seed on the same device gives the same draws.
        device: The device of the draws; the same seed gives other draws on another device.
    """
    return torch.Generator(device=device).manual_seed(seed)
