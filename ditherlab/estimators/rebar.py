"""REBAR: the relaxation as a control variate of the score function."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.coupled_scores import CoupledScores, Scores, leave_out, relax
from ditherlab.estimators.credit import Credit
from ditherlab.estimators.drawn import Pricing, spread
from ditherlab.estimators.parameters import check_num_samples, check_positive
from ditherlab.protocol import (
    Ability,
    Cost,
    Estimate,
    Estimator,
    Noise,
    apply_softmax_jacobian,
)
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import DrawCosts


@dataclass(frozen=True)
class Rebar(Estimator):
    """`(f(b) - eta c(z~)) (onehot(b) - p) + eta (dc(z) - dc(z~)) / dtheta`, `c` a relaxed cost.

    `c(z) = f(softmax(z / tau) C)`. The relaxed cost of `z~`, which draws the same b, is subtracted,
    and its reparameterization gradient is added. Unbiased for any eta and tau; the variance is
    small if the relaxed cost is close to the cost. With several draws, the mean difference of the
    others is each one's baseline. Costs `3 num_samples` evaluations, two thirds of them with
    backward passes, and with local credit `num_samples` more.

    Source: George Tucker et al., "REBAR: Low-Variance, Unbiased Gradient Estimates for Discrete
    Latent Variable Models", NeurIPS 2017, eq. 5; the conditional noise of a categorical in Will
    Grathwohl et al., "Backpropagation through the Void", ICLR 2018, appendix B.

    Attributes:
        num_samples: Pictures to draw per step.
        tau: The relaxation's temperature.
        eta: The weight of the control variate.
        credit: `local` credits each pixel only with the windows that contain it.
    """

    is_unbiased: ClassVar[bool] = True
    noise: ClassVar[Noise] = "gumbel"

    num_samples: int = 1
    tau: float = 0.5
    eta: float = 1.0
    credit: Credit = "global"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)
        check_positive(self, "tau", self.tau)
        check_positive(self, "eta", self.eta)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return 15.0 * num_colors * self.num_samples

    @property
    def needs(self) -> frozenset[Ability]:
        return Pricing(self.credit).needs | {"gradient"}

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_gumbel_noise(2 * self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        scores = CoupledScores.of(draws, model)
        pricing = Pricing(self.credit)
        priced = pricing.price(scores.indices, model, cost)
        _, grad_free = self._differentiate(scores.free, model, cost)
        prices, grad_given = self._differentiate(scores.given, model, cost)
        relaxed = spread(prices, scores.indices)
        if self.credit == "local":
            _, relaxed = pricing.price_images(relax(scores.given, self.tau, model), cost)
        path = scores.to_logits(grad_free, -grad_given)
        controlled = replace(
            priced,
            control_gradient=self.eta * path,
            num_backward_passes=priced.num_backward_passes + 2 * self.num_samples,
        )
        weights = leave_out(priced.pixel_costs - self.eta * relaxed)
        estimate = controlled.estimate(model, weights)
        num_relaxed = 3 if self.credit == "local" else 2
        num_evaluations = priced.num_evaluations + num_relaxed * self.num_samples
        return replace(estimate, num_evaluations=num_evaluations), None

    def _differentiate(
        self, scores: Scores, model: Categorical, cost: Cost
    ) -> tuple[DrawCosts, Scores]:
        """Price the relaxed picture of each draw, and differentiate the price in its scores."""
        prices, grad_images = cost.price_with_gradient(relax(scores, self.tau, model))
        gradients = torch.empty_like(scores)
        for n, (score, grad) in enumerate(zip(scores, grad_images, strict=True)):
            mixture = (score / self.tau).softmax(dim=1)
            gradients[n] = apply_softmax_jacobian(mixture, model.along_colors(grad)) / self.tau
        return prices, gradients
