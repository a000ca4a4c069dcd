"""FLIP and PIQE, computed by their packages; importing them does not load torch."""

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
    """Return the mean FLIP error of a picture: 0 for the target itself, at most 1.

    Source: Pontus Andersson et al., "FLIP: A Difference Evaluator for Alternating Images",
    HPG 2020; the authors' own code.

    Args:
        picture: Display sRGB.
        target: Display sRGB.
        pixels_per_degree: Pixels per degree of visual angle.
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
    """Return the PIQE score, a measure of distortion without a reference: 0 (none) to 100.

    Source: N. Venkatanath et al., "Blind Image Quality Evaluation Using Perception Based Features",
    NCC 2015; as the package pypiqe computes it.

    Args:
        picture: Display sRGB.
    """
    score, *_ = import_module("pypiqe").piqe(picture)
    return float(score)


def require_package(package: str, words: str, module: str | None = None) -> None:
    """Raise unless a package is installed.

    Args:
        package: The name of the package on PyPI.
        words: The feature that needs it, for the message.
        module: The name of its module; by default the package name with underscores.

    Raises:
        RequestError: If it is missing; the message names the package to install.
    """
    if find_spec(module or package.replace("-", "_")) is None:
        raise RequestError(
            f"`{words}` needs a package that is not installed. Install it: pip install {package}."
        )
