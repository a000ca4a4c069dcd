"""The colors that each pixel may take, where they are limited."""

from dataclasses import dataclass
from types import EllipsisType
from typing import TypeAlias

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ditherlab.discrete.cells.rule import CellRule
from ditherlab.kernels.color_limits import ColorLimits

Places: TypeAlias = tuple[slice | EllipsisType | Tensor, ...]


@dataclass(frozen=True, eq=False)
class AllowedColors:
    """Groups of colors, and the group that each pixel chooses from.

    The groups are the sub-palettes of a machine, or all colors and each ink by itself.

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

    @classmethod
    def of_inks(cls, inks: Int[Tensor, "h w"], num_colors: int) -> "AllowedColors":
        """Create the limits from the color that each pixel must have; -1 allows all.

        Example:
            >>> AllowedColors.of_inks(torch.tensor([[-1, 1]]), 2).at(()).tolist()
            [[[True, False]], [[True, True]]]
        """
        single = torch.eye(num_colors, dtype=torch.bool, device=inks.device)
        return cls(torch.cat([torch.ones_like(single[:1]), single]), inks + 1)

    @property
    def limits(self) -> ColorLimits:
        """The same limits as the kernels take them."""
        return ColorLimits(self.members, self.subpalettes.int())

    def permit(self, indices: Int[Tensor, "*n"], places: Places = ()) -> Bool[Tensor, "*n"]:
        """Return whether colors are allowed at some pixels, or at all of them."""
        return self.members[self.subpalettes[places], indices]

    def at(self, places: Places) -> Bool[Tensor, "k *n"]:
        """Return the mask of allowed colors at some pixels."""
        return self.members.T[:, self.subpalettes[places]]
