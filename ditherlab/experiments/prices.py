"""Costs of index images, for finished pictures and for baselines."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ditherlab.black_box.deadline import DeadlineError
from ditherlab.images import Picture
from ditherlab.metrics.baselines import floyd_steinberg_indices, nearest_indices
from ditherlab.palette import Palette
from ditherlab.problem import Problem
from ditherlab.protocol import Cost, Objective, Target
from ditherlab.types import Colors
from ditherlab.vision.color import srgb_to_levels

IndexImage = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class BaselineFigures:
    """A baseline with the same palette: a picture made without optimization.

    Attributes:
        name: `nearest` or `floyd-steinberg`.
        cost: The cost of the picture; None if it is infinite or NaN, or took too long.
        indices: The picture as palette indices.
    """

    name: str
    cost: float | None
    indices: IndexImage


@dataclass(frozen=True, eq=False)
class PriceList:
    """A bound objective and a palette, which give the costs of index images.

    Attributes:
        target: The target of the objective.
        cost: The objective, bound to the target.
        colors: The palette, in the channels of the target.
    """

    target: Target
    cost: Cost
    colors: Colors

    @classmethod
    def of(cls, problem: Problem, device: torch.device | str = "cpu") -> "PriceList":
        """Bind the objective of a problem whose palette is fixed."""
        target = problem.target(device)
        return cls(target, problem.objective.bind(target), problem.fixed_colors(device))

    @classmethod
    def against_source(
        cls, source: Picture, palette: Palette, objective: Objective, device: torch.device | str
    ) -> "PriceList":
        """Bind an objective to the unchanged source, in color.

        The costs of all palettes are then comparable. A run itself aims at a source that is fitted
        to its palette, and with a gray palette ignores the colors of the source.

        Args:
            source: The source picture, without the changes of `fit`.
            palette: The palette of the pictures to price.
            objective: The objective.
            device: The device to compute on.
        """
        opaque = torch.from_numpy(source.opaque)[None, None]
        target = Target(source.to_srgb().to(device), opaque.to(device))
        colors = palette.srgb(torch.device(device)).unsqueeze(0)
        return cls(target, objective.bind(target), colors)

    def price(self, indices: IndexImage) -> float | None:
        """Return the cost of a picture; None if it is infinite or NaN, or the deadline passes."""
        places = torch.from_numpy(indices.astype(np.int64)).to(self.colors.device)
        try:
            with torch.no_grad():
                price = self._cost_of(places).item()
        except DeadlineError:
            return None
        return price if math.isfinite(price) else None

    def _cost_of(self, places: torch.Tensor) -> torch.Tensor:
        if "value" in self.cost.abilities:
            picture = self.colors[0][places].permute(2, 0, 1)
            return self.cost.cost(picture[None, None])
        # A picture is a distribution with probabilities 0 and 1.
        one_hot = torch.nn.functional.one_hot(places, self.colors.shape[1])
        probs = one_hot.permute(2, 0, 1).unsqueeze(0).to(self.colors.dtype)
        return self.cost.expected(probs, self.colors)

    def baselines(self) -> tuple[BaselineFigures, ...]:
        """Return the nearest colors and Floyd-Steinberg with their costs."""
        source, palette = srgb_to_levels(self.target.images[0].permute(1, 2, 0)), self.colors[0]
        pictures = {
            "nearest": nearest_indices(source, srgb_to_levels(palette)),
            "floyd-steinberg": floyd_steinberg_indices(source, srgb_to_levels(palette)),
        }
        return tuple(
            BaselineFigures(name, self.price(indices), indices)
            for name, indices in pictures.items()
        )
