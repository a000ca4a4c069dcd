"""Conversion of gray images with more than 8 bits a pixel to 8 bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float, Num, UInt8
from PIL import Image

from ditherlab.errors import RequestError

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
# The lowest and the highest value in use, for whole numbers and for any sample format.
_RANGES = ((340, 341), (280, 281))
_WHITE_IS_ZERO, _SIGNED = 0, 2
# A picture that uses less than this part of its range gets a note.
_SMALL_PART = 0.3
_SMALLEST_SPREAD = 1e-30
_SLACK = 1e-6
_SPELLED_LEVELS = "`--levels LOW:HIGH` or `--levels auto`"


class Levels(NamedTuple):
    """The values of a gray picture that become black and white, in the units of its file."""

    low: float
    high: float


LevelsChoice: TypeAlias = Levels | Literal["auto"]


def parse_levels(text: str) -> LevelsChoice:
    """Convert the value of `--levels`: `auto`, or two numbers such as `0:4095`.

    Raises:
        RequestError: For any other text.

    Example:
        >>> parse_levels("0:4095")
        Levels(low=0.0, high=4095.0)
    """
    if text.strip() == "auto":
        return "auto"
    low, _, high = text.partition(":")
    try:
        levels = Levels(float(low), float(high))
    except ValueError:
        levels = Levels(math.nan, math.nan)
    if not (math.isfinite(levels.low) and math.isfinite(levels.high) and levels.low < levels.high):
        raise _no_levels(text)
    return levels


def _no_levels(given: object) -> RequestError:
    return RequestError(
        f"`--levels` must be LOW:HIGH, two numbers of which the second is larger, or auto, got "
        f"{given!r}. Try 0:4095 for 12 bits."
    )


def check_levels(levels: object) -> LevelsChoice:
    """Return levels that a program gave: `auto`, or two numbers of which the second is larger.

    Raises:
        RequestError: For anything else.

    Example:
        >>> check_levels((0, 4095))
        Levels(low=0.0, high=4095.0)
    """
    if isinstance(levels, str):
        return parse_levels(levels)
    match levels:
        case (low, high):
            return parse_levels(f"{low}:{high}")
    raise _no_levels(levels)


def is_deep(image: Image.Image) -> bool:
    """Return True for a gray image with 16 or 32 bits a pixel, or with floats."""
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def deep_to_gray(image: Image.Image, choice: LevelsChoice | None) -> tuple[Image.Image, str]:
    """Round a deep gray image to 8 bits.

    Black and white are those of `choice`, else those that a TIFF states, else 0 and the largest
    value of the depth; 0 and 1 for floats. Values outside are clipped.

    Args:
        image: An image for which `is_deep` is True, as its file has it.
        choice: The values that become black and white; `auto` for the smallest and the largest.

    Returns:
        An image of mode L; and a sentence if values were clipped or only a small part of the range
        is used, else an empty string.
    """
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    values = _values(image, tags)
    finite = values[np.isfinite(values)]
    found = Levels(float(finite.min()), float(finite.max())) if finite.size else Levels(0, 1)
    stated = _stated(tags)
    levels = found if choice == "auto" else choice or stated or _whole_range(image, tags)
    fraction = (values - levels.low) / max(levels.high - levels.low, _SMALLEST_SPREAD)
    clipped = np.clip(np.nan_to_num(fraction, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        clipped = 1 - clipped
    note = _note(values, found, levels, has_fractions=image.mode == "F")
    return Image.fromarray(_gray_levels(clipped)), note


def _values(image: Image.Image, tags: Mapping[int, Any]) -> Float[np.ndarray, "h w"]:
    values: Num[np.ndarray, "h w"] = np.asarray(image)
    if image.mode == "I" and not _is_signed(tags) and _num_bits(tags) == 32:
        values = values.view(np.uint32)
    # Whole numbers of 32 bits are not exact as float32, and differences of floats may overflow.
    is_wide = values.dtype.itemsize == 4
    return values.astype(np.float64 if is_wide else np.float32)


def _whole_range(image: Image.Image, tags: Mapping[int, Any]) -> Levels:
    if image.mode == "F":
        return Levels(0, 1)
    num_bits = _num_bits(tags) - _is_signed(tags)
    return Levels(0, (1 << num_bits) - 1)


def _stated(tags: Mapping[int, Any]) -> Levels | None:
    """Return the range that a TIFF states.

    Source: Adobe, "TIFF Revision 6.0", 1992, `MinSampleValue` and `SMinSampleValue`.
    """
    for low_tag, high_tag in _RANGES:
        low, high = _number(tags.get(low_tag)), _number(tags.get(high_tag))
        if high is not None and (low or 0) < high:
            return Levels(low or 0, high)
    return None


def _number(value: object) -> float | None:
    if isinstance(value, tuple) and value:
        value = value[0]
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def _num_bits(tags: Mapping[int, Any]) -> int:
    bits = _number(tags.get(_BITS_PER_SAMPLE, 16))
    return int(bits) if bits is not None and 8 < bits <= 32 else 16


def _is_signed(tags: Mapping[int, Any]) -> bool:
    return _number(tags.get(_SAMPLE_FORMAT)) == _SIGNED


def _note(
    values: Float[np.ndarray, "h w"], found: Levels, levels: Levels, *, has_fractions: bool
) -> str:
    spelled = f"from {found.low:g} to {found.high:g}"
    # The range may be stated with fewer digits than the values have.
    slack = _SLACK * (levels.high - levels.low) if has_fractions else 0.0
    is_inside = found.low >= levels.low - slack and found.high <= levels.high + slack
    num_odd = int(values.size - np.isfinite(values).sum())
    if num_odd:
        return (
            f"Its gray values reach {spelled}, but for {num_odd} that are NaN or infinite, which "
            "were clipped to black or white."
        )
    if not is_inside:
        return (
            f"Its gray values reach {spelled}, and those outside {levels.low:g} to "
            f"{levels.high:g} were clipped. Use {_SPELLED_LEVELS} to set another range."
        )
    if found.high - found.low < _SMALL_PART * (levels.high - levels.low):
        return (
            f"Its gray values reach {spelled}, a small part of {levels.low:g} to {levels.high:g}. "
            f"If it is too dark or too pale, use {_SPELLED_LEVELS}."
        )
    return ""


def _gray_levels(fraction: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    levels = np.floor(fraction * 255 + 0.5)
    return np.asarray(levels, dtype=np.uint8)
