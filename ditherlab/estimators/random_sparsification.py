"""Random sparsification: saves a random part of the windows for the backward pass."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool
from torch import Tensor

from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators.option import Option
from ditherlab.estimators.st import ST
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, DrawCosts, DrawnImages, Statistics

_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class SparseDraws:
    """The draws of the wrapped estimator, and the seed of the masks of windows.

    Attributes:
        seed: Seed of the masks.
        draws: Draws of the wrapped estimator.
    """

    seed: int
    draws: Any


@dataclass(frozen=True)
class RandomSparsification(Option):
    """Another estimator, whose backward passes use the saved statistics of few windows.

    `df = sum_w <dg_w/dS, dS_w>` is a sum over windows, linear in the slopes `dg_w/dS`. The forward
    pass prices all windows, but saves the statistics `S_w` of only a random fraction `keep` of
    them. From these the backward pass computes their slopes, weighted by `1 / keep`. The mean over
    the masks is the whole gradient. All estimators that need gradients of drawn pictures are linear
    in them, so their means do not change, but their variances grow. Prices and values do not
    change. Each backward pass takes a second forward pass through the windows' costs.

    With `keep=1` nothing is random, and memory is saved only because slopes are recomputed.

    Source: Deniz Oktay et al., "Randomized Automatic Differentiation", ICLR 2021, sec. 3, for
    sampling the linearized computation; that windows are the unit is ours.

    Attributes:
        estimator: An estimator that differentiates drawn, relaxed or expected pictures.
        keep: The fraction of the windows that is saved, above 0 to 1.
    """

    noise: ClassVar[Noise] = "other"

    estimator: Estimator = field(default_factory=ST)
    keep: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.keep <= 1:
            raise RequestError(
                "`random-sparsification(keep=...)` must be above 0 and at most 1, got "
                f"{self.keep:g}."
            )
        if "gradient" not in self.estimator.needs:
            raise AbilityError(
                "`random-sparsification(estimator=...)` must be an estimator that differentiates "
                f"pictures, got `{self.estimator}`, which has no backward pass. Use `st`."
            )

    @property
    def is_unbiased(self) -> bool:
        return self.estimator.is_unbiased

    @property
    def needs(self) -> frozenset[Ability]:
        return super().needs | {"statistics"}

    def draw(self, model: Categorical, generator: torch.Generator) -> SparseDraws:
        device = model.probs.device
        seed = torch.randint(_LARGEST_SEED, (), generator=generator, device=device)
        return SparseDraws(int(seed), self.estimator.draw(model, generator))

    def weigh(
        self,
        draws: SparseDraws,
        model: Categorical,
        cost: Cost,
        state: Any,
        temperature: float | None,
    ) -> tuple[Estimate, Any]:
        masks = torch.Generator(device=model.probs.device).manual_seed(draws.seed)
        sparse = SparselyDifferentiated.of(cost, self.keep, masks)
        return self.estimator.weigh(draws.draws, model, sparse, state, temperature)


@dataclass(frozen=True, eq=False)
class SparselyDifferentiated(Cost):
    """A cost with the same prices, whose backward pass uses the slopes of some windows only.

    Attributes:
        abilities: The remaining abilities of the whole cost.
        whole: The whole cost; must offer `statistics`.
        keep: The fraction of the windows whose statistics are saved.
        masks: Generator of the masks.
    """

    abilities: frozenset[Ability]
    whole: Cost
    keep: float
    masks: torch.Generator

    @classmethod
    def of(cls, whole: Cost, keep: float, masks: torch.Generator) -> "SparselyDifferentiated":
        """Wrap a cost, with the abilities that estimators with gradients of pictures need."""
        offered: frozenset[Ability] = frozenset({"value", "gradient", "local"})
        return cls(offered & whole.abilities, whole, keep, masks)

    def cost(self, images: DrawnImages) -> DrawCosts:
        if not (images.requires_grad and torch.is_grad_enabled()):
            return self.whole.cost(images)
        # Draw by draw, so that temporaries take memory for one draw at a time.
        return torch.cat([self._price(image) for image in images.split(1)])

    def _price(self, image: DrawnImages) -> DrawCosts:
        # Every pixel is treated as a color of a palette as large as the picture.
        colors = image[0].flatten(2).mT
        moments = self.whole.color_moments(colors).unflatten(2, image.shape[3:])
        statistics = self.whole.statistics(moments.unsqueeze(0))
        costs: CostMap = _SparseWindows.apply(statistics, self)  # type: ignore[no-untyped-call]
        return costs.sum(dim=(2, 3))

    def draw_mask(self, statistics: Statistics) -> Bool[Tensor, "s b h w"]:
        """Choose the windows that are remembered."""
        shape = statistics[:, :, 0].shape
        return torch.rand(shape, generator=self.masks, device=statistics.device) < self.keep

    @property
    def footprint_px(self) -> int:
        return self.whole.footprint_px

    def cost_map(self, images: DrawnImages) -> CostMap:
        return self.whole.cost_map(images)


class _SparseWindows(torch.autograd.Function):
    """Prices windows by their statistics, and saves those of some for the backward pass."""

    @staticmethod
    def forward(ctx: Any, statistics: Statistics, cost: SparselyDifferentiated) -> CostMap:
        mask = cost.draw_mask(statistics)
        ctx.cost = cost
        ctx.save_for_backward(mask, statistics.movedim(2, -1)[mask])
        return cost.whole.map_from_statistics(statistics)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Statistics, None]:
        mask, kept = ctx.saved_tensors
        cost: SparselyDifferentiated = ctx.cost
        statistics = kept.new_zeros((*mask.shape, kept.shape[1]))
        statistics[mask] = kept
        with torch.enable_grad():
            leaves = statistics.movedim(-1, 2).contiguous().requires_grad_()
            prices = cost.whole.map_from_statistics(leaves)
            (slopes,) = torch.autograd.grad(prices, leaves, grads[0])
        # Statistics that were not saved are zero here, and slopes at zero may be infinite.
        return slopes.where(mask.unsqueeze(2), 0.0).div_(cost.keep), None
