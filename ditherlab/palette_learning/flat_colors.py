"""The colors of large flat areas, which a learned palette keeps exactly."""

from ditherlab.palette import Color
from ditherlab.protocol import Target
from ditherlab.vision.flatness import color_codes

# Flat colors that fill a smaller part of a picture are left to learning: thin bars of a chart fill
# more.
_LEAST_SHARE = 0.002

# A color this near to a larger one, in 8-bit levels of each channel, is kept only if it fills more
# of the picture.
_NEAR_LEVELS, _LEAST_SHARE_NEAR = 8, 0.01

# Colors that are left to learn: a part of the palette, and some at least.
_LEARNED_PART, _FEWEST_LEARNED = 0.25, 2


def flat_colors(
    target: Target, num_colors: int, known: tuple[Color, ...] = ()
) -> tuple[Color, ...]:
    """Return the colors of the largest flat areas, the largest first.

    Args:
        target: The pictures, multiples of 1/255 or gray.
        num_colors: Size of the palette, which also has room for colors to learn.
        known: Colors that the palette has anyway, 8-bit display sRGB.
    """
    most = num_colors - len(known) - max(_FEWEST_LEARNED, round(_LEARNED_PART * num_colors))
    flat = target.flat & target.opaque
    if most <= 0 or not bool(flat.any()):
        return ()
    codes, counts = color_codes(target.images)[flat].unique(return_counts=True)
    shares = counts / target.opaque.sum()
    found: list[Color] = []
    for place in shares.argsort(descending=True, stable=True).tolist():
        if shares[place] < _LEAST_SHARE or len(found) == most:
            break
        color = _unpacked(int(codes[place]), target.images.shape[1])
        is_near = any(_are_near(color, other) for other in (*known, *found))
        if color not in known and (not is_near or shares[place] >= _LEAST_SHARE_NEAR):
            found.append(color)
    return tuple(found)


def _unpacked(code: int, num_channels: int) -> Color:
    if num_channels == 1:
        return (code, code, code)
    return (code >> 16, code >> 8 & 255, code & 255)


def _are_near(color: Color, other: Color) -> bool:
    pairs = zip(color, other, strict=True)
    return max(abs(first - second) for first, second in pairs) <= _NEAR_LEVELS
