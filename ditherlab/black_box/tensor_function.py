"""A function that torch can differentiate, called in a worker process."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from ditherlab.black_box.messages import TensorCosts, Tensors, TensorTargets
from ditherlab.black_box.priced_function import PricedFunction
from ditherlab.errors import DitherlabError, ObjectiveError


class TensorFunction:
    """A loaded function, bound to its targets; modules run in evaluation mode on the device.

    Args:
        priced: The loaded function.
        targets: The targets and the device.
    """

    def __init__(self, priced: PricedFunction, targets: TensorTargets) -> None:
        self._device = torch.device(targets.device)
        self._images = self._to_tensor(targets.images)
        self._opaque = self._to_tensor(targets.opaque)
        function = priced.function
        if isinstance(function, nn.Module):
            own = copy.deepcopy(function).requires_grad_(False).eval()
            priced = PricedFunction(priced.source, own.to(self._images))
        self._priced = priced

    def answer(self, request: Tensors) -> TensorCosts:
        """Price pictures, and differentiate each cost in its own picture if asked to.

        Raises:
            ObjectiveError: If the function fails, or does not return a number for each picture, or
                none with a gradient.
        """
        images = self._to_tensor(request.images).requires_grad_(request.has_gradient)
        with self._explaining(), nullcontext() if request.has_gradient else torch.no_grad():
            costs = self._price(images)
            if not request.has_gradient:
                return TensorCosts(costs.cpu().numpy(), None)
            if not costs.requires_grad:
                raise ObjectiveError(
                    f"`{self._priced.source.words}` is marked as differentiable, but returns a "
                    "number without a gradient. Compute all of it in torch, or remove the mark."
                )
            (gradient,) = torch.autograd.grad(costs.sum(), images)
        return TensorCosts(costs.detach().cpu().numpy(), gradient.cpu().numpy())

    def _price(self, images: Tensor) -> Tensor:
        num_samples = len(images) // len(self._images)
        given = [
            images,
            self._images.repeat(num_samples, 1, 1, 1),
            self._opaque.repeat(num_samples, 1, 1, 1),
        ][: self._priced.convention.num_arguments]
        function = self._priced.function
        if self._priced.convention.takes == "batch":
            return self._check(function(*given), len(images))
        return torch.cat([self._check(function(*one), 1) for one in zip(*given, strict=True)])

    def _check(self, result: object, num_pictures: int) -> Tensor:
        if not isinstance(result, Tensor):
            raise ObjectiveError(
                f"`{self._priced.source.words}` must return a tensor, because it is marked as "
                f"differentiable, got {type(result).__name__}."
            )
        self._priced.check_num_costs(result.numel(), list(result.shape), num_pictures)
        return result.flatten()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except DitherlabError:
            raise
        except BaseException as error:
            raise self._priced.failure(error) from error

    def _to_tensor(self, array: object) -> Tensor:
        return torch.as_tensor(array, device=self._device)
