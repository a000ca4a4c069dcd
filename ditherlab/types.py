"""Tensor types that many signatures share; every axis letter has one meaning.

`s` samples (drawn pictures), `b` pictures, `k` palette colors, `m` moments of a color, `q`
statistics of a window, `c` channels, `h` rows, `w` columns, `n` pixels of a flattened picture;
always in the order `s b k|m|q|c h w`.
"""

from jaxtyping import Bool, Float, Int
from torch import Tensor

Images = Float[Tensor, "b c h w"]
"""Display sRGB in [0, 1]: one channel (gray) or three."""

DrawnImages = Float[Tensor, "s b c h w"]
"""Drawn pictures in display sRGB; a relaxation may mix colors."""

Probs = Float[Tensor, "b k h w"]
"""The probability of every palette color at every pixel; sums to 1 over `k`."""

Logits = Float[Tensor, "b k h w"]
"""Unnormalized log probabilities."""

Colors = Float[Tensor, "b k c"]
"""The palette of each picture in display sRGB."""

Indices = Int[Tensor, "s b h w"]
"""Drawn palette indices."""

Mask = Bool[Tensor, "b 1 h w"]
"""True at opaque pixels."""

DrawCosts = Float[Tensor, "s b"]
"""The cost of each drawn picture."""

PictureCosts = Float[Tensor, "b"]
"""The expected cost of each picture."""

CostMap = Float[Tensor, "s b h w"]
"""The cost of each drawn picture, split over its pixels."""

Moments = Float[Tensor, "b m h w"]
"""The expected moments of every pixel's color."""

DrawnMoments = Float[Tensor, "s b m h w"]
"""The moments of drawn pixels, or of distributions."""

MomentTable = Float[Tensor, "b m k"]
"""The moments of every palette color: its value, its square, ..."""

Statistics = Float[Tensor, "s b q h w"]
"""The statistics of each window that determine its cost; linear in its pixels' moments."""

WindowWeights = Float[Tensor, "*q h w"]
"""The weight of one pixel in each window's statistics: one plane for all of them, or one each."""
