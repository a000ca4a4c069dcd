"""Which colors each pixel may take, where it may not take all."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ditherlab.discrete.cells.rule import CellRule

Places: TypeAlias = tuple[slice | Tensor, ...]


@dataclass(frozen=True, eq=False)
class AllowedColors:
    """Sub-palettes, and which of them each pixel takes its color from.

    Attributes:
        members: Whether a sub-palette has a color.
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
        """Allow each pixel the colors of its sub-palette of a machine."""
        return cls(torch.from_numpy(rule.members).to(subpalettes.device), subpalettes)

    def permit(self, indices: Int[Tensor, "*n"], places: Places = ()) -> Bool[Tensor, "*n"]:
        """Say of colors, at some places or everywhere, whether they may stand there."""
        return self.members[self.subpalettes[places], indices]

    def at(self, places: Places) -> Bool[Tensor, "k *n"]:
        """Say which colors may stand at some places."""
        return self.members.T[:, self.subpalettes[places]]
