"""FLIP, as the package flip-evaluator computes it; loaded without torch."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
from jaxtyping import UInt8

from ditherlab.errors import RequestError


def flip_error(
    picture: UInt8[np.ndarray, "h w 3"],
    target: UInt8[np.ndarray, "h w 3"],
    *,
    pixels_per_degree: float = 67.0,
) -> float:
    """Return the mean FLIP error of a picture, 0 for the target itself and at most 1.

    Source: Pontus Andersson et al., "FLIP: A Difference Evaluator for Alternating Images",
    HPG 2020; the authors' own code.

    Args:
        picture: Display sRGB.
        target: Display sRGB.
        pixels_per_degree: Of visual angle.
    """
    evaluator = import_module("flip_evaluator")
    _, error, _ = evaluator.evaluate(
        np.divide(target, 255, dtype=np.float32),
        np.divide(picture, 255, dtype=np.float32),
        "LDR",
        applyMagma=False,
        parameters={"ppd": float(pixels_per_degree)},
    )
    return float(error)


def require_flip(words: str) -> None:
    """Refuse what needs FLIP where it is not installed.

    Args:
        words: What needs it, for the message.

    Raises:
        RequestError: Saying what to install.
    """
    if find_spec("flip_evaluator") is None:
        raise RequestError(
            f"`{words}` needs a package that is not installed. Install it: "
            "pip install flip-evaluator."
        )
