"""The random generator of a run, made from its seed."""

import torch
from torch import Tensor


def seeded_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Make the generator for all random draws of one run.

    Args:
        seed: An integer of at least 0; the same seed on the same device gives the same draws.
        device: The device of the draws; the same seed gives other draws on another device.
    """
    return torch.Generator(device=device).manual_seed(seed)


def shared_uniform(shape: tuple[int, ...], generator: torch.Generator, like: Tensor) -> Tensor:
    """Draw uniform numbers that all pictures of a batch share: each is drawn as it is alone.

    Args:
        shape: `[s b ...]`; the numbers do not vary along `b`.
        generator: On the device of `like`.
        like: Gives the device and the type.

    Example:
        >>> numbers = shared_uniform((3, 2, 4), seeded_generator(0), torch.zeros(()))
        >>> numbers.shape, bool((numbers[:, 0] == numbers[:, 1]).all())
        (torch.Size([3, 2, 4]), True)
    """
    one = (shape[0], 1, *shape[2:])
    numbers = torch.rand(one, generator=generator, device=like.device, dtype=like.dtype)
    return numbers.expand(shape)
