"""Presets: bundles of settings between haste and beauty."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """What a preset sets.

    Attributes:
        num_steps: Steps of the optimizer.
    """

    num_steps: int


PRESETS: Mapping[str, Preset] = {
    "fast": Preset(num_steps=50),
    "balanced": Preset(num_steps=150),
    "best": Preset(num_steps=500),
}
