"""Descent of the parameters of a model along an estimated gradient."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.models.model import BoundModel
from ditherlab.optimizers import ParameterDescent
from ditherlab.optimizers.parameter_descent import ParameterState
from ditherlab.protocol import Estimate, Kept
from ditherlab.types import Probs


@dataclass
class ModelCourse(Kept):
    """The position of the descent of a model's parameters.

    Attributes:
        parameters: Of the model, by name.
        states: Of the descent of each parameter.
        progress: Of the probabilities that were returned last, from 0 to 1.
    """

    parameters: Mapping[str, Tensor]
    states: Mapping[str, ParameterState]
    progress: float = 0.0


class ModelDescent:
    """The moving parameters of a model, in one run.

    Args:
        model: Bound to the picture.
        learning_rate: Of its parameters.
        course: Of an interrupted descent that goes on; None for a new one.
    """

    def __init__(
        self, model: BoundModel, learning_rate: float, course: ModelCourse | None = None
    ) -> None:
        self.model = model
        self.descent = ParameterDescent(learning_rate)
        if course is None:
            states = {name: self.descent.start(value) for name, value in model.parameters.items()}
            course = ModelCourse(model.parameters, states)
        else:
            for name, parameter in model.parameters.items():
                parameter.copy_(course.parameters[name])
            course.parameters = model.parameters
        self.course = course

    def probs(self, progress: float) -> Probs:
        """Return the probabilities that the parameters stand for, as firm as progress asks."""
        self.course.progress = progress
        return self.model.probs(progress)

    def step(self, estimate: Estimate, progress: float) -> Probs:
        """Take one step, the shorter the later, and return the new probabilities.

        Args:
            estimate: At the probabilities that were returned last.
            progress: From 0 to 1.
        """
        rate = (1 - progress) ** 0.5
        for name, gradient in self._gradients(estimate).items():
            moved = self.descent.step(self.course.states[name], gradient, rate)
            self.model.parameters[name].copy_(moved)
        return self.probs(progress)

    def _gradients(self, estimate: Estimate) -> Mapping[str, Tensor]:
        """Return `sum_ik Q_ik dp_ik` for each parameter."""
        parameters = self.model.parameters
        for parameter in parameters.values():
            parameter.requires_grad_()
        with torch.enable_grad():
            probs = self.model.probs(self.course.progress)
            loss = (_color_costs(estimate, probs.detach()) * probs).sum()
            gradients = torch.autograd.grad(loss, list(parameters.values()))
        for parameter in parameters.values():
            parameter.requires_grad_(False)
        return dict(zip(parameters, gradients, strict=True))


def _color_costs(estimate: Estimate, probs: Probs) -> Probs:
    """Return `Q`, up to a number that is the same for all colors of a pixel.

    A gradient for logits is `p (Q - <p, Q>)`; of a color without probability it says nothing.
    """
    if estimate.color_costs is not None:
        return estimate.color_costs.dense()
    tiny = torch.finfo(probs.dtype).tiny
    return torch.where(probs > 0, estimate.grad_logits / probs.clamp_min(tiny), 0)
