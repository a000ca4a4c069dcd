"""Compiled mean-field annealing of one picture."""

import ctypes

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from ditherlab.kernels.library import Library
from ditherlab.kernels.quadratic_form import QuadraticForm, pointer_to


class CompiledMeanField:
    """The probabilities of a picture, and the moments and slopes that follow from them.

    Attributes:
        probs: Moved in place.
        variance_weights: The cost of a unit variance of each pixel.
    """

    def __init__(
        self, library: Library, form: QuadraticForm, probs: Float[Tensor, "k h w"]
    ) -> None:
        self.form, self.probs, self._functions = form, probs.contiguous(), library.functions
        self._handle = ctypes.c_void_p(
            self._functions.ditherlab_mean_field_new(
                ctypes.byref(form.structure), pointer_to(self.probs)
            )
        )

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            self._functions.ditherlab_mean_field_delete(self._handle)

    @property
    def variance_weights(self) -> Float[Tensor, "c h w"]:
        """A copy of the weights of the pixels' variances."""
        return self._copy(self._functions.ditherlab_mean_field_variance_weights(self._handle))

    @property
    def slopes(self) -> Float[Tensor, "c h w"]:
        """A copy of the slopes of the cost in the pixels' mean values, as estimated last."""
        return self._copy(self._functions.ditherlab_mean_field_slopes(self._handle))

    @property
    def moments(self) -> Float[Tensor, "m c h w"]:
        """A copy of the expected values of the pixels' colors and of their squares.

        They follow the probabilities step by step, so that rounding errors differ from those of
        moments that are computed anew.
        """
        return torch.stack([self._copy(address) for address in self._moment_addresses])

    @moments.setter
    def moments(self, moments: Float[Tensor, "m c h w"]) -> None:
        for held, address in zip(moments.contiguous(), self._moment_addresses, strict=True):
            ctypes.memmove(address, held.data_ptr(), held.numel() * held.element_size())

    @property
    def _moment_addresses(self) -> tuple[int, int]:
        functions = self._functions
        means = functions.ditherlab_mean_field_means(self._handle)
        return int(means), int(functions.ditherlab_mean_field_squares(self._handle))

    @property
    def variance_weights_address(self) -> int:
        """The address of the weights, for the palette equations."""
        return int(self._functions.ditherlab_mean_field_variance_weights(self._handle))

    def set_colors(self, table: Float[Tensor, "c k"]) -> None:
        """Set the colors in the channels of the cost."""
        held = table.contiguous()
        self._functions.ditherlab_mean_field_set_colors(
            self._handle, pointer_to(held), held.shape[1]
        )

    def estimate(self, num_threads: int = 1) -> float:
        """Compute the slopes, and return the expected cost."""
        return float(self._functions.ditherlab_mean_field_estimate(self._handle, num_threads))

    def price(self, pixels: Int64[Tensor, "n"]) -> Float[Tensor, "n k"]:
        """Return the expected cost of each color at some pixels, up to a constant for each."""
        held = pixels.contiguous()
        prices = torch.empty((len(held), len(self.probs)))
        self._functions.ditherlab_mean_field_price(
            self._handle, pointer_to(held), ctypes.c_int64(len(held)), pointer_to(prices)
        )
        return prices

    def respond(self, pixels: Int64[Tensor, "n"], temperature: float) -> None:
        """Set pixels to their best response at the slopes that were estimated last.

        Args:
            pixels: Positions in memory order.
            temperature: In units of the cost.
        """
        held = pixels.contiguous()
        self._functions.ditherlab_mean_field_respond(
            self._handle,
            pointer_to(held),
            ctypes.c_int64(len(held)),
            ctypes.c_float(1 / temperature),
        )

    def _copy(self, address: int) -> Float[Tensor, "c h w"]:
        copied = torch.empty(self.form.values.shape)
        ctypes.memmove(copied.data_ptr(), address, copied.numel() * copied.element_size())
        return copied
