"""Objectives that call an object of the user's in this process, and their costs."""

import copy
from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, final

import torch

from ditherlab.black_box.deadline import no_deadline
from ditherlab.errors import ObjectiveError
from ditherlab.objectives.pricer import Pricer
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.randomness import seeded_generator
from ditherlab.types import DrawCosts, DrawnImages

TRIAL_PX = 64
"""The height and width of trial pictures where the size of the problem is not known."""


@dataclass(frozen=True)
class Trial:
    """The result of pricing two pictures of noise.

    Attributes:
        has_gradient: Whether the costs have a usable gradient in the pictures.
        reason: Why not, as a clause; empty if they have one.
    """

    has_gradient: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class InProcessObjective(Objective):
    """An objective that calls an object in this process.

    A trial with two pictures of noise shows whether it can be differentiated. It is made when the
    abilities are first asked for.

    Attributes:
        size: Height and width of the pictures of the problem; None if they are not known.
    """

    size: tuple[int, int] | None = field(default=None, repr=False)

    @abstractmethod
    def pricer_on(self, device: torch.device) -> Pricer:
        """Return the object, ready to price pictures on a device."""

    @property
    @abstractmethod
    def claims_gradient(self) -> bool | None:
        """True or false if the object says that it is differentiable, or not; else None."""

    @property
    @abstractmethod
    def code_words(self) -> str:
        """A text that identifies the code of the object as well as this is possible."""

    @property
    def min_size_px(self) -> int:
        return 1

    @property
    def trial_size(self) -> tuple[int, int]:
        """Height and width of the trial pictures."""
        return self.size or (TRIAL_PX, TRIAL_PX)

    @final
    def for_size(self, height: int, width: int) -> Self:
        if self.size == (height, width):
            return self
        # A shallow copy, so that a module is copied once.
        sized = copy.copy(self)
        object.__setattr__(sized, "size", (height, width))
        vars(sized).pop("_trial", None)
        return sized

    @property
    def abilities(self) -> frozenset[Ability]:
        if self._trial.has_gradient:
            return frozenset({"value", "gradient"})
        return frozenset({"value"})

    def why_without(self, ability: Ability) -> str:
        return self._trial.reason if ability == "gradient" else ""

    @final
    def bind(self, target: Target) -> Cost:
        return InProcessCost(target, self.pricer_on(target.images.device), self.abilities)

    @cached_property
    def _trial(self) -> Trial:
        with no_deadline():
            try:
                return self._try_at(self.trial_size)
            except ObjectiveError:
                if self.size is None or self.size == self.trial_size:
                    raise
            # The object may need larger pictures.
            return self._try_at(self.size)

    def _try_at(self, size: tuple[int, int]) -> Trial:
        are_there = {
            "cpu": True,
            "cuda": torch.cuda.is_available(),
            "mps": torch.backends.mps.is_available(),
        }
        *others, last = (torch.device(name) for name, is_there in are_there.items() if is_there)
        for device in others:
            try:
                return self._try_on(device, size)
            except ObjectiveError as error:
                # A function may hold tensors of another device.
                if "device" not in str(error.__cause__):
                    raise
        return self._try_on(last, size)

    def _try_on(self, device: torch.device, size: tuple[int, int]) -> Trial:
        pricer = self.pricer_on(device)
        noise = torch.rand((4, 3, *size), generator=seeded_generator(0))
        pictures, targets = noise.to(device).split(2)
        opaque = torch.ones_like(targets[:, :1], dtype=torch.bool)

        def price(shown: torch.Tensor) -> torch.Tensor:
            return pricer.price(shown, targets.clone(), opaque.clone())

        if self.claims_gradient is False:
            with torch.no_grad():
                price(pictures.clone())
            return Trial(False, "it is said not to be differentiable")
        leaves = pictures.clone().requires_grad_()
        try:
            with torch.enable_grad():
                costs = price(leaves.view_as(leaves))
        except ObjectiveError:
            # It may convert tensors to numpy, which torch refuses if they need a gradient.
            with torch.no_grad():
                price(pictures.clone())
            return self._without("it fails for pictures that require a gradient")
        if not costs.requires_grad:
            return self._without("autograd cannot follow the computation of its costs")
        try:
            (gradient,) = torch.autograd.grad(costs.sum(), leaves, allow_unused=True)
        except RuntimeError:
            # It may change values in place that its gradient depends on.
            return self._without("autograd fails in the computation of its gradient")
        if gradient is None or not bool(gradient.any()):
            return self._without("its gradient is zero at every pixel of a picture of noise")
        return Trial(True)

    def _without(self, reason: str) -> Trial:
        if self.claims_gradient:
            raise ObjectiveError(
                f"`{self}` is marked as differentiable, but {reason}. Compute all of it in torch, "
                "or remove the mark."
            )
        return Trial(False, reason)


@dataclass(frozen=True, eq=False)
class InProcessCost(Cost):
    """The cost that an object returns for pictures of three channels in display sRGB.

    Attributes:
        target: The target; its values replace drawn ones at transparent pixels.
        pricer: The object.
        abilities: `value`, and `gradient` if it can be differentiated.
    """

    target: Target
    pricer: Pricer
    abilities: frozenset[Ability]

    def cost(self, images: DrawnImages) -> DrawCosts:
        num_samples = len(images)
        is_differentiated = (
            "gradient" in self.abilities and images.requires_grad and torch.is_grad_enabled()
        )
        with torch.set_grad_enabled(is_differentiated):
            drawn = self.target.fill_transparent(images).flatten(0, 1)
            # Copies, which an object may change in place.
            costs = self.pricer.price(
                drawn.expand(-1, 3, -1, -1).contiguous(),
                self.target.images.expand(-1, 3, -1, -1).repeat(num_samples, 1, 1, 1),
                self.target.opaque.repeat(num_samples, 1, 1, 1),
            )
        return costs.to(images).view(images.shape[:2])


def spell_object(value: Any) -> str:
    """Return the text of an object in settings and messages: `python-object:NAME`.

    Example:
        >>> spell_object(spell_object), spell_object(lambda pictures: 0)
        ('python-object:spell_object', 'python-object:<lambda>')
    """
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"python-object:{named.__qualname__.rpartition('<locals>.')[2]}"
