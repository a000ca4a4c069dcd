"""Statements of files about the meaning of their colors, other than color profiles."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from ditherlab.vision.color_encoding import (
    ADOBE_RGB_PRIMARIES,
    PRIMARIES,
    SRGB_PRIMARIES,
    ColorEncoding,
    Primaries,
)
from ditherlab.vision.transfer_functions import SRGB, TransferFunction, power_law

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEAST_GAMMA = 0.01
# Of ITU-T H.273.
_UNSPECIFIED = 2
_HALF_OF_GAMMA_2_2, _NEAR = 0.5**2.2, 0.005
_EXIF_INTEROPERABILITY, _INTEROPERABILITY_INDEX = 0xA005, 1
_ADOBE_RGB_GAMMA = 563 / 256


@dataclass(frozen=True)
class ColorTags:
    """The encodings that a file states, beside a color profile that it may embed.

    Attributes:
        over_profile: Takes precedence over the profile; None if not stated.
        under_profile: Holds where there is no profile; None if not stated.
        note: A sentence about a statement that was not understood, or an empty string.
    """

    over_profile: ColorEncoding | None = None
    under_profile: ColorEncoding | None = None
    note: str = ""


def read_color_tags(image: Image.Image, data: bytes) -> ColorTags:
    """Read the statements of a file.

    Args:
        image: The opened file.
        data: Its contents.
    """
    if image.format == "PNG":
        return _read_png(data)
    if image.format in ("AVIF", "HEIF"):
        return _read_nclx(data)
    if image.format in ("JPEG", "MPO", "TIFF") and _is_adobe_rgb(image):
        return ColorTags(
            under_profile=ColorEncoding(ADOBE_RGB_PRIMARIES, power_law(_ADOBE_RGB_GAMMA))
        )
    return ColorTags()


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the content of the chunks of a PNG before its pixels.

    Example:
        >>> list(png_chunks(b"\\x89PNG\\r\\n\\x1a\\n" + b"\\0\\0\\0\\1sRGB\\0" + bytes(4)))
        [(b'sRGB', b'\\x00')]
    """
    position = len(_PNG_SIGNATURE)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            return
        yield kind, data[position + 8 : position + 8 + length]
        position += 12 + length


def _read_png(data: bytes) -> ColorTags:
    """Read the chunks that state colors, by their precedence.

    Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", 2025, section
    4.3, "Color spaces", and sections 11.3.2.1 to 11.3.2.6.
    """
    chunks: dict[bytes, bytes] = {}
    for kind, content in png_chunks(data):
        chunks.setdefault(kind, content)
    stated, note = None, ""
    if len(chunks.get(b"cICP", b"")) == 4:
        primaries, transfer, _, full_range = chunks[b"cICP"]
        stated, note = _from_code_points(primaries, transfer, is_full_range=bool(full_range))
    if b"sRGB" in chunks:
        return ColorTags(stated, None, note)
    return ColorTags(stated, _from_gamma(chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")), note)


def _from_code_points(
    primaries: int, transfer: int, *, is_full_range: bool
) -> tuple[ColorEncoding | None, str]:
    """Return the encoding of code points, and a note if one is unknown."""
    stated = ColorEncoding.from_code_points(primaries, transfer, is_full_range=is_full_range)
    if stated is None:
        is_unspecified = (primaries, transfer) == (_UNSPECIFIED, _UNSPECIFIED)
        note = f"Its color code points {primaries} and {transfer} are unknown, and were ignored."
        return None, "" if is_unspecified else note
    if primaries in PRIMARIES or stated.is_srgb:
        return stated, ""
    assumed = "BT.2020" if stated.transfer.is_hdr else "sRGB"
    return stated, f"Its primaries are not specified; those of {assumed} were assumed."


def _from_gamma(gamma: bytes, chromaticities: bytes) -> ColorEncoding | None:
    """Return the encoding of gAMA and cHRM chunks; None without a valid one."""
    primaries, transfer = _primaries(chromaticities), _transfer(gamma)
    if primaries is None and transfer is None:
        return None
    stated = ColorEncoding(primaries or SRGB_PRIMARIES, transfer or SRGB)
    # A file in sRGB states this power for readers that do not know the curve of sRGB.
    is_near = abs(float(stated.transfer.decode(np.array(0.5))) - _HALF_OF_GAMMA_2_2) < _NEAR
    as_srgb = replace(stated, transfer=SRGB)
    return as_srgb if is_near and as_srgb.is_srgb else stated


def _transfer(gamma: bytes) -> TransferFunction | None:
    exponent = struct.unpack(">I", gamma)[0] / 100_000 if len(gamma) == 4 else 0.0
    return power_law(1 / exponent) if exponent > _LEAST_GAMMA else None


def _primaries(chromaticities: bytes) -> Primaries | None:
    if len(chromaticities) != 32:
        return None
    numbers = [number / 100_000 for number in struct.unpack(">8I", chromaticities)]
    white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
    primaries = Primaries(red, green, blue, white)
    return primaries if primaries.is_valid else None


def _read_nclx(data: bytes) -> ColorTags:
    """Read the code points of an AVIF or HEIC file.

    Source: ISO/IEC 14496-12:2022, section 12.1.5, "Colour information".
    """
    position = data.find(b"colrnclx")
    if position < 0 or position + 12 > len(data):
        return ColorTags()
    primaries, transfer = struct.unpack_from(">HH", data, position + 8)
    stated, note = _from_code_points(primaries, transfer, is_full_range=True)
    return ColorTags(under_profile=stated, note=note)


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Return whether a camera states Adobe RGB.

    Source: JEITA CP-3461B, "Design rule for Camera File system", 2010, section 3.3.
    """
    try:
        index = image.getexif().get_ifd(_EXIF_INTEROPERABILITY).get(_INTEROPERABILITY_INDEX)
    except Exception:
        return False
    return isinstance(index, str) and index.strip("\0 ") == "R03"
