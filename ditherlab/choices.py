"""The values of settings that have a fixed set of choices; importing them does not load torch."""

from typing import Literal

AlphaMode = Literal["cut", "blend", "keep"]
Draw = Literal["mode", "sample"]
Fit = Literal["auto", "none", "clip", "compress"]
NoiseScope = Literal["picture", "channel", "pixel"]
NoiseShape = Literal["uniform", "triangular", "normal", "logistic"]
Polish = Literal["none", "flips", "swaps"]
PresetName = Literal["fast", "balanced", "best"]
Start = Literal["nearest", "error-diffusion"]
White = Literal["relative", "absolute"]
