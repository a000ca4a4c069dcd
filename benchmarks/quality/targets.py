"""The figures to be reached: medians over the five pictures."""

from dataclasses import dataclass

from benchmarks.quality.medians import HIGHER_IS_BETTER, Results


@dataclass(frozen=True)
class Target:
    """A figure to be reached.

    Attributes:
        tool: With which options of ditherlab.
    """

    palette: str
    tool: str
    figure: str
    value: float

    def reached(self, results: Results) -> float | None:
        """Return what was measured, or None."""
        standing = results.standing(self.palette, self.tool)
        return None if standing is None else standing[self.figure]

    def is_met_by(self, value: float) -> bool:
        """Say whether a figure is as good."""
        return value >= self.value if self.figure in HIGHER_IS_BETTER else value <= self.value


_COLUMNS = (
    ("ditherlab 35", "flip35"),
    ("ditherlab 67", "flip"),
    ("ditherlab 67", "ls"),
    ("ditherlab 67", "lp"),
    ("ditherlab 100", "flip100"),
)
_VALUES = {
    "k8": (0.172, 0.090, 0.970, 37.0, 0.062),
    "k16": (0.125, 0.072, 0.976, 42.0, 0.048),
    "bw": (0.375, 0.135, 0.900, 31.0, 0.070),
    "acep7": (0.420, 0.170, 0.875, 31.0, 0.095),
    "ega16": (0.265, 0.100, 0.965, 40.0, 0.048),
    "gameboy": (0.700, 0.660, 0.700, 12.5, 0.655),
}
TARGETS: tuple[Target, ...] = tuple(
    Target(palette, tool, figure, value)
    for palette, values in _VALUES.items()
    for (tool, figure), value in zip(_COLUMNS, values, strict=True)
)
DEFAULT_TARGETS: tuple[Target, ...] = (
    Target("k8", "ditherlab", "flip35", 0.180),
    Target("k8", "ditherlab", "flip", 0.108),
    Target("k16", "ditherlab", "flip35", 0.136),
    Target("k16", "ditherlab", "flip", 0.080),
)
"""Without a stated distance, both near and far must be good."""
QUIET_TARGETS: tuple[Target, ...] = (
    Target("k8", "ditherlab 67 crisp", "raw", 0.46),
    Target("k8", "ditherlab 67 crisp", "flip", 0.105),
    Target("k16", "ditherlab 67 crisp", "raw", 0.55),
    Target("k16", "ditherlab 67 crisp", "flip", 0.085),
)
"""As quiet near the screen as the nearest relative, and still truer from afar."""
