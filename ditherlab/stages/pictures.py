"""Several pictures side by side, each worked on with the noise that it gets alone."""

import torch


def copy_generators(generator: torch.Generator, num_copies: int) -> list[torch.Generator]:
    """Return generators that all draw what this one would; a single one is itself."""
    if num_copies == 1:
        return [generator]
    copies = [torch.Generator(device=generator.device) for _ in range(num_copies)]
    for copy in copies:
        copy.set_state(generator.get_state())
    return copies


def keep_generator(generator: torch.Generator, used: torch.Generator) -> None:
    """Let a generator go on where one of its copies is."""
    if used is not generator:
        generator.set_state(used.get_state())
