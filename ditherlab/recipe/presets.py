"""Presets: bundles of settings between speed and quality."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ditherlab.choices import PresetName


@dataclass(frozen=True)
class Preset:
    """The numbers that a preset sets in the default recipe.

    Attributes:
        num_steps: Steps of the estimator and the optimizer.
        num_sweeps: Sweeps of the polish over all pixels.
        polish_temperature: Where the polish starts to cool, in mean costs of a pixel; 0 is greedy.
        palette_px: The size of the picture on which a palette is learned.
        num_palette_starts: From how many starts it is learned, 1 or 2.
    """

    num_steps: int
    num_sweeps: int
    polish_temperature: float
    palette_px: int
    num_palette_starts: Literal[1, 2]


PRESETS: Mapping[PresetName, Preset] = {
    "fast": Preset(
        num_steps=60,
        num_sweeps=3,
        polish_temperature=0.0,
        palette_px=1 << 14,
        num_palette_starts=1,
    ),
    "balanced": Preset(
        num_steps=150,
        num_sweeps=12,
        polish_temperature=0.0,
        palette_px=1 << 15,
        num_palette_starts=1,
    ),
    "best": Preset(
        num_steps=300,
        num_sweeps=60,
        polish_temperature=1.0,
        palette_px=1 << 17,
        num_palette_starts=2,
    ),
}
