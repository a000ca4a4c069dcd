"""FLIP and PIQE, as their packages compute them; loaded without torch."""

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


def piqe_score(picture: UInt8[np.ndarray, "h w 3"]) -> float:
    """Return how distorted a picture looks by itself, from 0 (not at all) to 100.

    Source: N. Venkatanath et al., "Blind Image Quality Evaluation Using Perception Based Features",
    NCC 2015; as the package pypiqe computes it.

    Args:
        picture: Display sRGB.
    """
    score, *_ = import_module("pypiqe").piqe(picture)
    return float(score)


def require_package(package: str, words: str, module: str | None = None) -> None:
    """Refuse what needs a package that is not installed.

    Args:
        package: Its name, in the index of packages.
        words: What needs it, for the message.
        module: What it is imported as; the same with underscores by default.

    Raises:
        RequestError: Saying what to install.
    """
    if find_spec(module or package.replace("-", "_")) is None:
        raise RequestError(
            f"`{words}` needs a package that is not installed. Install it: pip install {package}."
        )
