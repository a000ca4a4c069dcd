"""The constants of the default objective over the viewing distance and the kind of palette."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

PaletteKind = Literal["fixed", "learned", "hardware"]

UNKNOWN_DISTANCE = 45.0
"""Used when no viewing distance is given: between a desktop monitor and a 4K monitor."""

# Greater distances are treated as this one: wider blurs have more local optima, and pictures made
# for 100 pixels per degree were worse at that distance than pictures made for 82.
_FARTHEST = 82.0

# Pairs of pixels per degree and value; between them a straight line, beyond them the nearest value.
_Curve = tuple[tuple[float, float], ...]

# Learned colors may be quiet. Most fixed palettes need isolated dots, and would lose tones.
_CRISP: _Curve = ((45.0, 0.05), (67.0, 0.0))

# The part of a dot's own energy that is not priced with fixed palettes: as much as keeps the mean
# light of flat grays within 5 % of the picture's, from gray 24 (36 at 35, 16 at 67).
_DISCOUNT: _Curve = ((35.0, 0.5), (45.0, 0.45), (67.0, 0.23), (82.0, 0.08))

# More colors lie nearer to each other, so that the energy of their dots hides fewer tones.
_MOST_FULL_COLORS = 8


@dataclass(frozen=True)
class PerceptualSettings:
    """The weights of the default objective for one distance and one kind of palette.

    Attributes:
        kind: The kind of palette.
        pixels_per_degree: The distance that the eye's blur is computed for.
        color_weight: Of squared errors of a* and b* relative to L*.
        crisp: Of single pixels relative to blurred ones.
        flat_crisp: The same for flat pixels, in addition.
        tone: Of tones relative to lightness: both blurred, but tones far more.
        tone_color: The same of the colors of tones, relative to `color_weight`.
        discount: Part of a dot's own energy that is not priced, for grays and up to 8 colors.
    """

    kind: PaletteKind
    pixels_per_degree: float
    color_weight: float
    crisp: float
    flat_crisp: float
    tone: float
    tone_color: float
    discount: float

    @classmethod
    def of(
        cls, pixels_per_degree: float | None, crisp: float | None, kind: PaletteKind
    ) -> "PerceptualSettings":
        """Return the settings of a distance.

        Args:
            pixels_per_degree: None if it is unknown.
            crisp: Weight of single pixels; None takes the default, and 0 does so nowhere.
            kind: Whether colors are learned.
        """
        distance = UNKNOWN_DISTANCE if pixels_per_degree is None else pixels_per_degree
        is_learned = kind != "fixed"
        default_crisp = _value_at(distance, _CRISP) if is_learned else 0.0
        return cls(
            kind=kind,
            pixels_per_degree=min(distance, _FARTHEST),
            color_weight=0.35 if is_learned else 0.5,
            crisp=default_crisp if crisp is None else crisp,
            flat_crisp=0.0 if crisp == 0 else 1.0,
            tone=0.0 if is_learned else 20.0,
            tone_color=0.3,
            discount=0.0 if is_learned else _value_at(distance, _DISCOUNT),
        )

    def discount_for(self, num_colors: int, *, is_line: bool) -> float:
        """Return the discount for a palette of some size, whose colors may lie on a line."""
        if is_line:
            return self.discount
        return self.discount * min(1.0, _MOST_FULL_COLORS / num_colors)


def _value_at(distance: float, curve: _Curve) -> float:
    """Return the value of a curve at a distance."""
    if distance <= curve[0][0]:
        return curve[0][1]
    for (left, before), (right, after) in pairwise(curve):
        if distance <= right:
            return before + (after - before) * (distance - left) / (right - left)
    return curve[-1][1]
