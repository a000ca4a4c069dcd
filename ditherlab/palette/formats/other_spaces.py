"""Conversion of the color spaces of palette files to 8-bit display sRGB, clipped to its gamut."""

import colorsys

from ditherlab.palette.colors import Color
from ditherlab.vision.colorimetry import LAB_KNEE, LINEAR_KNEE

# D50, the white of CIELAB in print, as XYZ with Y = 1: ISO 13655.
_D50 = (0.96422, 1.0, 0.82521)

# Source: Bruce Lindbloom, "RGB/XYZ Matrices", sRGB for D50 (by Bradford's adaptation), XYZ to RGB.
_D50_TO_LINEAR = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


def rgb_to_color(red: float, green: float, blue: float) -> Color:
    """Round components in [0, 1] to 8 bits; values outside are clipped.

    Example:
        >>> rgb_to_color(0.0, 0.5, 1.2)
        (0, 128, 255)
    """
    return _level(red), _level(green), _level(blue)


def gray_to_color(light: float) -> Color:
    """Convert a gray display level in [0, 1]; 1 is white."""
    return rgb_to_color(light, light, light)


def hsb_to_color(hue: float, saturation: float, brightness: float) -> Color:
    """Convert hue, saturation and brightness in [0, 1]; hue 0 is red.

    Example:
        >>> hsb_to_color(1 / 3, 1.0, 1.0)
        (0, 255, 0)
    """
    return rgb_to_color(*colorsys.hsv_to_rgb(hue, saturation, brightness))


def cmyk_to_color(cyan: float, magenta: float, yellow: float, black: float) -> Color:
    """Convert fractions of ink in [0, 1] by the simple subtractive formula, without a profile.

    Example:
        >>> cmyk_to_color(1.0, 0.0, 0.0, 0.0)
        (0, 255, 255)
    """
    red, green, blue = ((1 - ink) * (1 - black) for ink in (cyan, magenta, yellow))
    return rgb_to_color(red, green, blue)


def lab_to_color(lightness: float, a: float, b: float) -> Color:
    """Convert CIELAB with white D50 and L in [0, 100].

    Source: ISO/CIE 11664-4:2019, "Colorimetry - Part 4: CIE 1976 L*a*b* colour space".

    Example:
        >>> lab_to_color(100.0, 0.0, 0.0), lab_to_color(0.0, 0.0, 0.0)
        ((255, 255, 255), (0, 0, 0))
    """
    y = (lightness + 16) / 116
    xyz = [
        white * (root**3 if root > LAB_KNEE else (root - 4 / 29) * 3 * LAB_KNEE**2)
        for white, root in zip(_D50, (y + a / 500, y, y - b / 200), strict=True)
    ]
    red, green, blue = (
        _encoded(sum(weight * part for weight, part in zip(row, xyz, strict=True)))
        for row in _D50_TO_LINEAR
    )
    return rgb_to_color(red, green, blue)


def _encoded(linear: float) -> float:
    if linear <= LINEAR_KNEE:
        return linear * 12.92
    return float(1.055 * linear ** (1 / 2.4) - 0.055)


def _level(component: float) -> int:
    return round(255 * min(max(component, 0.0), 1.0))
