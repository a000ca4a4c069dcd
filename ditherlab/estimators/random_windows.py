"""Random windows: each step prices a part of the picture only, weighted by how rarely."""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from ditherlab.categorical import Categorical
from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise, rows_seen


@dataclass(frozen=True)
class StripDraws:
    """Which strip of windows is priced, and what the estimator drew for the whole picture.

    Attributes:
        strip: Its number, from the top.
        draws: Rows and columns are the last two axes, as in all draws.
    """

    strip: int
    draws: Tensor


@dataclass(frozen=True)
class RandomWindows(Estimator):
    """Another estimator, on one of `1 / rate` strips of windows, chosen at random each step.

    A cost that is a sum over windows is `num_strips` times the mean cost of a random strip. Only
    the pixels that the strip's windows see are priced and differentiated, so time and memory fall
    with the rate, while the variance grows. As unbiased as the other estimator.

    Source: Deniz Oktay et al., "Randomized Automatic Differentiation", ICLR 2021, sec. 3, for
    sampling parts of a computation; strips of windows are ours.

    Attributes:
        estimator: What works on the strip.
        rate: The part of the windows that is priced at each step, above 0 to 1.
    """

    noise: ClassVar[Noise] = "other"

    estimator: Estimator = field(default_factory=lambda: LeaveOneOut(credit="local"))
    rate: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1:
            raise RequestError(
                f"`random-windows(rate=...)` must be above 0 and at most 1, got {self.rate:g}."
            )
        if self.estimator.max_num_pictures is not None:
            raise AbilityError(
                f"`random-windows` needs an estimator for pictures of any size, got "
                f"`{self.estimator}`. Use `leave-one-out`."
            )

    @property
    def is_unbiased(self) -> bool:
        return self.estimator.is_unbiased

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return self.estimator.num_extra_planes(num_colors, num_channels)

    @property
    def needs(self) -> frozenset[Ability]:
        return self.estimator.needs | {"local"}

    @property
    def num_colors(self) -> int | None:
        return self.estimator.num_colors

    def with_num_samples(self, num_samples: int) -> Estimator:
        return replace(self, estimator=self.estimator.with_num_samples(num_samples))

    def draw(self, model: Categorical, generator: torch.Generator) -> StripDraws:
        num_strips = self._num_strips(model)
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
        num_strips = self._num_strips(model)
        first, last = (height * (draws.strip + n) // num_strips for n in (0, 1))
        seen = rows_seen(range(first, last), cost.footprint_px, height)
        part = replace(model, probs=model.probs[:, :, seen])
        # A moving baseline belongs to its strip.
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
        ), states

    def _num_strips(self, model: Categorical) -> int:
        return min(round(1 / self.rate), model.probs.shape[2])
