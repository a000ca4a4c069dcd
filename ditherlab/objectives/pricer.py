"""Objects that price drawn pictures in this process: functions, modules and metrics."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ditherlab.black_box import PricedFunction
from ditherlab.black_box.deadline import DeadlineError, check_deadline
from ditherlab.errors import DitherlabError, ObjectiveError
from ditherlab.naming import one_line
from ditherlab.types import Images, Mask

Costs = Float[Tensor, "n"]


class Pricer(ABC):
    """Prices drawn pictures on one device, in one call or several; each asks for the deadline.

    Attributes:
        priced: The object that is called, with its convention.
    """

    priced: PricedFunction

    @abstractmethod
    def calls(
        self, pictures: Images, targets: Images, opaque: Mask
    ) -> Iterator[tuple[Sequence[Any], int]]:
        """Yield the arguments of each call, and the number of pictures that it prices."""

    @abstractmethod
    def call(self, arguments: Sequence[Any]) -> Any:
        """Make one call."""

    @final
    def price(self, pictures: Images, targets: Images, opaque: Mask) -> Costs:
        """Return a cost for each picture, differentiable if autograd can follow it.

        Args:
            pictures: Display sRGB, three channels.
            targets: The target of each picture.
            opaque: False where a target is transparent.

        Raises:
            ObjectiveError: If a call fails, or does not return a number for each picture.
            DeadlineError: If the deadline has passed.
        """
        costs = []
        for arguments, num_pictures in self.calls(pictures, targets, opaque):
            check_deadline()
            with self._explaining(pictures):
                result = self.call(arguments)
            costs.append(_read_costs(self.priced, result, num_pictures))
        return torch.cat(costs)

    @contextmanager
    def _explaining(self, pictures: Tensor) -> Iterator[None]:
        """Turn what the user's code raises into an error of one line; it can be interrupted."""
        try:
            yield
        except (DitherlabError, DeadlineError):
            raise
        except Exception as error:
            raise ObjectiveError(
                f"{self.priced.failure(error)} It was called with pictures of shape "
                f"{list(pictures.shape)} on the device {pictures.device}."
            ) from error


@dataclass(frozen=True, eq=False)
class FunctionPricer(Pricer):
    """Prices pictures by a function or a module, which keeps its calling convention."""

    priced: PricedFunction

    def calls(
        self, pictures: Images, targets: Images, opaque: Mask
    ) -> Iterator[tuple[Sequence[Any], int]]:
        convention = self.priced.convention
        if convention.form != "torch":
            masks = opaque[:, 0].cpu().numpy()
            yield from self.priced.calls(_to_levels(pictures), _to_levels(targets), masks)
            return
        given = (pictures, targets, opaque)[: convention.num_arguments]
        if convention.takes == "batch":
            yield given, len(pictures)
        else:
            yield from ((one, 1) for one in zip(*given, strict=True))

    def call(self, arguments: Sequence[Any]) -> Any:
        return self.priced.function(*arguments)


def frozen_copy(module: nn.Module, words: str) -> nn.Module:
    """Copy a module, in evaluation mode and with fixed weights.

    Raises:
        ObjectiveError: If it cannot be copied.
    """
    try:
        # Without gradients, because those of a scripted module would lead back to the original.
        with torch.no_grad():
            copied = copy.deepcopy(module).eval()
        for parameter in copied.parameters():
            parameter.requires_grad_(False)
    except Exception as error:
        reason = one_line(str(error)).rstrip(".")
        raise ObjectiveError(
            f"`{words}` must be a module that can be copied with fixed weights, got "
            f"{type(error).__name__}: {reason}. Give a function that calls it."
        ) from error
    return copied


def module_on(module: nn.Module, device: torch.device) -> nn.Module:
    """Return a module on a device; a copy, unless it is there."""
    tensors = [*module.parameters(), *module.buffers()]
    is_there = all(tensor.device == device for tensor in tensors)
    return module if is_there and tensors else copy.deepcopy(module).to(device)


def _read_costs(priced: PricedFunction, result: Any, num_pictures: int) -> Costs:
    words, is_batch = priced.source.words, priced.convention.takes == "batch"
    rule = f"a tensor [{num_pictures}], a cost for each picture" if is_batch else "a number"
    try:
        costs = torch.as_tensor(result)
    except (TypeError, ValueError, RuntimeError):
        raise ObjectiveError(f"`{words}` must return {rule}, got {_spell(result)}.") from None
    if costs.numel() != num_pictures or costs.is_complex():
        hint = " Average over the last three axes only: `.mean(dim=(1, 2, 3))`." * is_batch
        got = "complex numbers" if costs.is_complex() else f"one of shape {list(costs.shape)}"
        raise ObjectiveError(f"`{words}` must return {rule}, got {got}.{hint}")
    return costs.flatten()


def _spell(result: Any) -> str:
    return "None" if result is None else f"a {type(result).__name__}"


def _to_levels(images: Images) -> Any:
    """Return 8 bits a channel `[n h w 3]`, as a written file shows them."""
    levels = images.detach().mul(255).round_().clamp_(0, 255).to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
