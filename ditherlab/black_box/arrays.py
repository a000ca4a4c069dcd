"""Types of the arrays that are priced, for annotations only.

Workers start without jaxtyping, whose import takes as long as that of numpy.
"""

import numpy as np
from jaxtyping import Bool, Float, UInt8

Pixels = UInt8[np.ndarray, "n h w 3"]
"""Pictures in display sRGB."""

Masks = Bool[np.ndarray, "n h w"]
"""True at opaque pixels."""

Planes = UInt8[np.ndarray, "n c h w"]
"""Pictures in display sRGB on their way to a worker: one channel (gray) or three."""

Floats = Float[np.ndarray, "..."]
"""Pictures in display sRGB, costs or gradients, of functions that torch differentiates."""
