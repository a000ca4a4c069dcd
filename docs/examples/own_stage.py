"""A stage of your own: recolor scattered pixels wherever that lowers the cost.

    ditherlab optimize photo.png --palette pico-8 -v \
        --recipe 'error-diffusion | python:own_stage.py:Shake(steps=80) | polish(sweeps=2)'

A stage is a frozen dataclass: its fields are its parameters. `run` moves the state and yields after
each step; there the program reports progress, and ends the run at a time limit or at Ctrl-C. Of
several pictures, such as the frames of an animation, it sees one at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ditherlab.problem import Problem
from ditherlab.protocol import Ability, Cost
from ditherlab.stages import Progress, Stage, StageContext, State
from ditherlab.stages.stage import check_count


@dataclass(frozen=True)
class Shake(Stage):
    """Recolor scattered pixels like one nearby, and keep what lowers the cost.

    Attributes:
        steps: How often scattered pixels are recolored.
        reach: How far away a color may come from, in pixels.
    """

    # Refused as the first stage: `error-diffusion` or `nearest` must come before.
    needs_picture: ClassVar[bool] = True

    steps: int = 80
    reach: int = 4

    def __post_init__(self) -> None:
        check_count("shake(steps=...)", self.steps)
        check_count("shake(reach=...)", self.reach)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return frozenset({"value", "local"})

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        cost = context.bind(state.palette).cost
        state.show_indices(state.picture())
        costs = window_costs(cost, state.picture(), state.palette)
        yield Progress(0.0, costs.sum(dim=(1, 2)), num_evaluations=1)
        for step in range(1, self.steps + 1):
            state.show_indices(self.recolor(cost, state, costs))
            costs = window_costs(cost, state.picture(), state.palette)
            share = context.share(step / self.steps)
            yield Progress(share, costs.sum(dim=(1, 2)), step, num_evaluations=2)

    def recolor(self, cost: Cost, state: State, costs: Tensor) -> Tensor:
        """Return the picture after one step.

        Pixels that share no window are tried together, and judged by the windows around each.
        """
        pictures, radius = state.picture(), cost.footprint_px
        height, width = pictures.shape[1:]
        spacing = 2 * radius + 1
        top, left, down, right = self.draw_numbers(spacing, state.generator)
        rows = torch.arange(top, height, spacing)[:, None]
        columns = torch.arange(left, width, spacing)
        places = slice(None), rows, columns
        near = (rows + down).clamp(0, height - 1), (columns + right).clamp(0, width - 1)
        tried = pictures.clone()
        tried[places] = pictures[:, *near]
        rises = window_costs(cost, tried, state.palette) - costs
        around = F.avg_pool2d(rises, spacing, stride=1, padding=radius)
        is_better = around[places] < 0
        tried[places] = torch.where(is_better, tried[places], pictures[places])
        return tried

    def draw_numbers(self, spacing: int, generator: torch.Generator) -> list[int]:
        """Draw the first row and column to try, and where their colors come from."""
        uniform = torch.rand(4, generator=generator, device=generator.device)
        top, left = (uniform[:2] * spacing).long().tolist()
        down, right = ((2 * uniform[2:] - 1) * (self.reach + 0.5)).round().long().tolist()
        return [top, left, down, right]


def window_costs(cost: Cost, pictures: Tensor, palette: Tensor) -> Tensor:
    """Return the cost of the window around each pixel, `[b h w]`; they add up to the cost."""
    images = palette[0].T[:, pictures].movedim(1, 0)
    return cost.cost_map(images.unsqueeze(0))[0]
