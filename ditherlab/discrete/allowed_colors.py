"""Which colors each pixel may take, where it may not take all."""

from dataclasses import dataclass
from typing import TypeAlias

from jaxtyping import Bool, Int
from torch import Tensor

Places: TypeAlias = tuple[slice | Tensor, ...]


@dataclass(frozen=True, eq=False)
class AllowedColors:
    """Sub-palettes, and which of them each pixel takes its color from.

    Attributes:
        members: Whether a sub-palette has a color.
        subpalettes: The number of each pixel's sub-palette.

    Example:
        >>> import torch
        >>> members = torch.tensor([[True, True, False], [False, True, True]])
        >>> allowed = AllowedColors(members, torch.tensor([[0, 0, 1]]))
        >>> allowed.permit(torch.tensor([[0, 2, 2]])).tolist()
        [[True, False, True]]
    """

    members: Bool[Tensor, "s k"]
    subpalettes: Int[Tensor, "h w"]

    def permit(self, indices: Int[Tensor, "*n"], places: Places = ()) -> Bool[Tensor, "*n"]:
        """Say of colors, at some places or everywhere, whether they may stand there."""
        return self.members[self.subpalettes[places], indices]

    def at(self, places: Places) -> Bool[Tensor, "k *n"]:
        """Say which colors may stand at some places."""
        return self.members.T[:, self.subpalettes[places]]
