"""The colors that each pixel may take, where they are limited."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ditherlab.discrete.cells.rule import CellRule

Places: TypeAlias = tuple[slice | Tensor, ...]


@dataclass(frozen=True, eq=False)
class AllowedColors:
    """The sub-palettes, and the sub-palette of each pixel.

    Attributes:
        members: True where a sub-palette contains a color.
        subpalettes: The number of each pixel's sub-palette.

    Example:
        >>> members = torch.tensor([[True, True, False], [False, True, True]])
        >>> allowed = AllowedColors(members, torch.tensor([[0, 0, 1]]))
        >>> allowed.permit(torch.tensor([[0, 2, 2]])).tolist()
        [[True, False, True]]
    """

    members: Bool[Tensor, "s k"]
    subpalettes: Int[Tensor, "h w"]

    @classmethod
    def of(cls, rule: CellRule, subpalettes: Int[Tensor, "h w"]) -> "AllowedColors":
        """Create the limits from the sub-palette of each pixel in a machine's rule."""
        return cls(torch.from_numpy(rule.members).to(subpalettes.device), subpalettes)

    def permit(self, indices: Int[Tensor, "*n"], places: Places = ()) -> Bool[Tensor, "*n"]:
        """Return whether colors are allowed at some pixels, or at all of them."""
        return self.members[self.subpalettes[places], indices]

    def at(self, places: Places) -> Bool[Tensor, "k *n"]:
        """Return the mask of allowed colors at some pixels."""
        return self.members.T[:, self.subpalettes[places]]
