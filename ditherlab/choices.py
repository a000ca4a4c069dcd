"""The words among which a setting chooses; known without torch, which their users import."""

from typing import Literal

Draw = Literal["mode", "sample"]
Fit = Literal["auto", "none", "clip", "compress"]
NoiseScope = Literal["picture", "channel", "pixel"]
NoiseShape = Literal["uniform", "triangular", "normal", "logistic"]
Polish = Literal["none", "flips", "swaps"]
PresetName = Literal["fast", "balanced", "best"]
Start = Literal["nearest", "error-diffusion"]
