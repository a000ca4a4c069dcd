"""Conversion of images to display sRGB by their embedded ICC profile."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

_MODES_OF_SPACE = {"GRAY": ("L",), "RGB": ("RGB", "L"), "CMYK": ("CMYK",), "Lab": ("LAB",)}


class _ProfileError(ValueError):
    """A profile that cannot be applied; the message says why."""


def image_to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, str]:
    """Convert an image without alpha to display sRGB, by its profile if it has one.

    Args:
        image: of mode L, RGB, CMYK or LAB.
        profile: the embedded ICC profile.

    Returns:
        An image of mode RGB; and a sentence if the profile could not be used, else an empty string.
    """
    if not profile:
        return image.convert("RGB"), ""
    try:
        return _convert(image, profile), ""
    except _ProfileError as error:
        return image.convert("RGB"), f"Its color profile {error}, and was ignored."


def _convert(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        embedded = ImageCms.ImageCmsProfile(BytesIO(profile))
        space = embedded.profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, ImportError):
        raise _ProfileError("cannot be read") from None
    modes = _MODES_OF_SPACE.get(space, ())
    if image.mode not in modes:
        shown = space if space.isprintable() else ascii(space)
        raise _ProfileError(f"is for {shown} and not for {image.mode}")
    if space != "GRAY":
        return _apply(embedded, image.convert(modes[0]), ImageCms.Flags.NONE)
    # An optimized transform is off by up to 10 levels in the shadows, and 256 levels are few.
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    table = np.asarray(_apply(embedded, ramp, ImageCms.Flags.NOOPTIMIZE))[0]
    return Image.fromarray(table[np.asarray(image)])


def _apply(
    profile: ImageCms.ImageCmsProfile, image: Image.Image, flags: ImageCms.Flags
) -> Image.Image:
    try:
        converted = ImageCms.profileToProfile(
            image,
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=flags | ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = None
    if converted is None:
        raise _ProfileError("cannot be applied")
    return converted
