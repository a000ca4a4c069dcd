"""Random windows: prices a random part of the picture in each step, weighted accordingly."""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from ditherlab.errors import AbilityError
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.estimators.option import Option
from ditherlab.estimators.parameters import check_positive
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise, rows_seen
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class StripDraws:
    """The strip of windows to price, and the estimator's draws for the whole picture.

    Attributes:
        strip: The number of the strip, from the top.
        draws: The draws; rows and columns are the last two axes.
    """

    strip: int
    draws: Tensor


@dataclass(frozen=True)
class RandomWindows(Option):
    """Another estimator, on one of `num_strips` strips of windows, chosen at random each step.

    A cost that is a sum over windows is `num_strips` times the mean cost of a random strip. Only
    the pixels in the strip's windows are priced and differentiated, which takes less time, while
    the variance grows. Unbiased if the other estimator is.

    Source: Deniz Oktay et al., "Randomized Automatic Differentiation", ICLR 2021, sec. 3, for
    sampling parts of a computation; strips of windows are ours.

    Attributes:
        estimator: The estimator that works on the strip.
        num_strips: The number of strips of rows; limited to the number of rows.
    """

    noise: ClassVar[Noise] = "other"

    estimator: Estimator = field(default_factory=lambda: LeaveOneOut(credit="local"))
    num_strips: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "num_strips", self.num_strips)
        if not self.estimator.works_on_parts:
            raise AbilityError(
                "`random-windows(estimator=...)` must be an estimator that draws each pixel of a "
                f"picture of any size by itself, got `{self.estimator}`. Use "
                "`leave-one-out(credit=local)`."
            )

    @property
    def is_unbiased(self) -> bool:
        return self.estimator.is_unbiased

    @property
    def needs(self) -> frozenset[Ability]:
        return super().needs | {"local"}

    def draw(self, model: Categorical, generator: torch.Generator) -> StripDraws:
        num_strips = self._num_strips_of(model)
        strip = torch.randint(num_strips, (), generator=generator, device=model.probs.device)
        return StripDraws(int(strip), self.estimator.draw(model, generator))

    def weigh(
        self,
        draws: StripDraws,
        model: Categorical,
        cost: Cost,
        state: Any,
        temperature: float | None,
    ) -> tuple[Estimate, Any]:
        height = model.probs.shape[2]
        num_strips = self._num_strips_of(model)
        first, last = (height * (draws.strip + n) // num_strips for n in (0, 1))
        seen = rows_seen(range(first, last), cost.footprint_px, height)
        part = replace(model, probs=model.probs[:, :, seen])
        # Each strip has its own state, such as a moving baseline.
        states = dict(state or {})
        estimate, states[draws.strip] = self.estimator.weigh(
            draws.draws[..., seen, :],
            part,
            cost.restrict(range(first, last), cost.footprint_px),
            states.get(draws.strip),
            temperature,
        )
        margins = (0, 0, seen.start, height - seen.stop)
        palette = estimate.grad_palette
        share = (seen.stop - seen.start) / height
        return Estimate(
            value=num_strips * estimate.value,
            grad_palette=None if palette is None else num_strips * palette,
            num_evaluations=ceil(share * estimate.num_evaluations),
            num_backward_passes=ceil(share * estimate.num_backward_passes),
            logit_gradient=pad(num_strips * estimate.grad_logits, margins),
            value_is_unbiased=estimate.value_is_unbiased,
        ), states

    def _num_strips_of(self, model: Categorical) -> int:
        return min(self.num_strips, model.probs.shape[2])
