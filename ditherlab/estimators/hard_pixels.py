"""Pixel gradients at hard drawn pictures, shared by the straight-through family."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Colors, DrawCosts, Indices, Logits


@dataclass(frozen=True)
class HardPixels:
    """Drawn pictures, their costs, and `G_ik = <df/dX_i, C_k>`, the slope along each color.

    Attributes:
        indices: The draws.
        costs: Their costs.
        color_gradients: `G` of each draw.
        grad_palette: The mean palette gradient, unbiased; None if the palette is fixed.
    """

    indices: Indices
    costs: DrawCosts
    color_gradients: Float[Tensor, "s b k h w"]
    grad_palette: Colors | None

    @classmethod
    def of(cls, indices: Indices, model: Categorical, cost: Cost) -> "HardPixels":
        """Price hard pictures and differentiate the prices in the pixels."""
        costs, grad_images = cost.differentiate_draws(model.images(indices))
        grad_palette = None
        if model.learns_palette:
            total = model.gather_palette_gradient(indices, grad_images)
            grad_palette = total / len(indices)
        return cls(indices, costs, model.along_colors(grad_images), grad_palette)

    def one_hots(self) -> Float[Tensor, "s b k h w"]:
        """Return the draws as one-hots; as large as `color_gradients` is anyway."""
        one_hots = torch.zeros_like(self.color_gradients)
        return one_hots.scatter_(2, self.indices.unsqueeze(2), 1.0)

    def estimate(self, grad_logits: Logits) -> Estimate:
        """Make an estimate with a gradient for the logits."""
        num_samples = len(self.indices)
        return Estimate(
            value=self.costs.mean(dim=0),
            grad_palette=self.grad_palette,
            num_evaluations=num_samples,
            num_backward_passes=num_samples,
            logit_gradient=grad_logits,
        )


class StraightThrough(Estimator):
    """Base class of estimators that map pixel gradients at hard pictures to logits."""

    is_unbiased: ClassVar[bool] = False

    num_samples: int

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value", "gradient"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    @final
    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        hard = HardPixels.of(self.drawn_indices(draws, model), model, cost)
        return hard.estimate(self.pull_back(hard, draws, model, temperature)), None

    def drawn_indices(self, draws: Tensor, model: Categorical) -> Indices:
        """Return the pictures that `draws` stands for; they are the draws themselves by default."""
        del model
        return draws

    @abstractmethod
    def pull_back(
        self, hard: HardPixels, draws: Tensor, model: Categorical, temperature: float | None
    ) -> Logits:
        """Return the mean over the draws of each draw's Jacobian times its `G`.

        Args:
            hard: The drawn pictures, and their `G`.
            draws: The result of `draw`.
            model: The distribution of the draws.
            temperature: For relaxations, replaces their own temperature.
        """
