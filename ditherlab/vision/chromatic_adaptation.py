"""Chromatic adaptation: what looks the same under another white."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float

Chromaticity: TypeAlias = tuple[float, float]
Matrix: TypeAlias = Float[np.ndarray, "3 3"]
Tristimulus: TypeAlias = Float[np.ndarray, "3"]

# Bradford's cone responses. Source: ICC.1:2022, annex E.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def white_xyz(white: Chromaticity) -> Tristimulus:
    """Return XYZ of a white of luminance 1."""
    x, y = white
    return np.array([x / y, 1.0, (1 - x - y) / y])


def adaptation(source: Tristimulus, target: Tristimulus) -> Matrix:
    """Return the matrix that adapts XYZ from one white to another, which may be darker.

    Source: ICC.1:2022, annex E.
    """
    scale = (_BRADFORD @ target) / (_BRADFORD @ source)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD)
