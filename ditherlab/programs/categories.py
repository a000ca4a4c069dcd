"""Independent categorical variables of any shape, laid out as pictures of one row."""

from dataclasses import dataclass
from math import prod

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Logits


@dataclass(frozen=True)
class Categories:
    """The shape of independent categorical variables.

    An element of the batch is a picture of one row, a variable is a pixel, a category is a color.

    Attributes:
        batch: The shape of the batch; empty if all variables belong to one cost.
        variables: The shape of the variables of one element of the batch.
        num_categories: The number of categories of each variable.
    """

    batch: tuple[int, ...]
    variables: tuple[int, ...]
    num_categories: int

    @classmethod
    def of(cls, logits: Tensor, num_batch_dims: int) -> "Categories":
        """Read the shape of logits `[*batch *variables k]`.

        Raises:
            RequestError: If the logits are no floating-point tensor of such a shape.
        """
        if not isinstance(logits, Tensor) or not logits.is_floating_point():
            got = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
            raise RequestError(f"The logits must be a tensor of floating-point numbers, got {got}.")
        if not isinstance(num_batch_dims, int) or not 0 <= num_batch_dims < logits.dim():
            raise RequestError(
                f"`num_batch_dims` must be from 0 to {max(0, logits.dim() - 1)} for logits of "
                f"shape {list(logits.shape)}, got {num_batch_dims!r}. The last axis holds the "
                "categories."
            )
        *axes, num_categories = logits.shape
        if num_categories < 2 or not all(axes):
            raise RequestError(
                "The logits must hold at least one variable with two categories on the last axis, "
                f"got the shape {list(logits.shape)}."
            )
        batch, variables = axes[:num_batch_dims], axes[num_batch_dims:]
        return cls(tuple(batch), tuple(variables), num_categories)

    @property
    def num_variables(self) -> int:
        """The number of variables of one element of the batch."""
        return prod(self.variables)

    def model(self, logits: Shaped[Tensor, "..."], palette: Float[Tensor, "k c"]) -> Categorical:
        """Return the distribution of pictures.

        Args:
            logits: Of the shape from which this was made; without gradients.
            palette: The value that a picture shows for each category.
        """
        planes = logits.reshape(-1, self.num_variables, self.num_categories).mT.unsqueeze(2)
        colors = palette.expand(len(planes), -1, -1)
        return Categorical(planes.softmax(dim=1), colors, shares_palette=True)

    def values(self, pictures: Float[Tensor, "s b c 1 n"]) -> Float[Tensor, "..."]:
        """Return what pictures show: `[s *batch *variables c]`."""
        shape = (len(pictures), *self.batch, *self.variables, pictures.shape[2])
        return pictures.squeeze(3).mT.contiguous().view(shape)

    def pictures(self, values: Float[Tensor, "..."]) -> Float[Tensor, "s b c 1 n"]:
        """Return the pictures that show values `[s *batch *variables c]`."""
        flat = values.reshape(len(values), -1, self.num_variables, values.shape[-1])
        return flat.mT.unsqueeze(3)

    def logits(self, planes: Logits) -> Float[Tensor, "..."]:
        """Return a value of each category in the shape of the logits."""
        shape = (*self.batch, *self.variables, self.num_categories)
        return planes.squeeze(2).mT.contiguous().view(shape)

    def unit_vectors(self, like: Tensor) -> Float[Tensor, "k c"]:
        """Return the palette of one-hots."""
        return torch.eye(self.num_categories, dtype=like.dtype, device=like.device)

    def numbers(self, like: Tensor) -> Float[Tensor, "k c"]:
        """Return the palette of the categories' numbers."""
        numbers = torch.arange(self.num_categories, dtype=like.dtype, device=like.device)
        return numbers.unsqueeze(1)
