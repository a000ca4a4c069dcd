"""Reading of picture files."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image, UnidentifiedImageError

from ditherlab.choices import AlphaMode
from ditherlab.errors import PictureError, RequestError
from ditherlab.images.alpha import read_alpha, with_alpha
from ditherlab.images.gray_depth import (
    LevelsChoice,
    check_levels,
    deep_to_gray,
    is_deep,
)
from ditherlab.images.label import path_label, printable
from ditherlab.images.picture import Picture
from ditherlab.images.png_samples import read_16_bits
from ditherlab.images.quiet_decoder import quiet_decoding
from ditherlab.images.sample_picture import PREFIX, sample_name, sample_path
from ditherlab.images.source_bytes import (
    FORMATS,
    RARE_FORMATS,
    ByteStream,
    read_source_bytes,
)
from ditherlab.naming import nearest_name, one_line
from ditherlab.specs import check_choice
from ditherlab.vision.stated_colors import to_stated_srgb

# In these formats, further frames are views or layers of the picture, not an animation.
_STACKED_FORMATS = ("MPO", "PSD")
# A resolution outside is that of a damaged file.
_MIN_DPI, _MAX_DPI = 1.0, 100_000.0
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_AXES = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """Choices about the contents of picture files.

    Attributes:
        alpha: Treatment of alpha: `cut` makes pixels opaque or transparent at one half, `blend`
            puts the picture on the background, `keep` keeps partly transparent pixels. None cuts an
            alpha of only 0 and 255 and blends any other.
        background: The color for `blend`, display sRGB, 0 to 255 a channel; None for white. A
            background without `alpha` means `blend`.
        levels: The values of a gray picture with more than 8 bits that become black and white, or
            `auto` for its smallest and largest; None for the range that its file states.
        allow_formats: Names of rarely used formats to read too, of `RARE_FORMATS`.

    Raises:
        RequestError: If a background stands beside an `alpha` that does not use it, or a word is
            unknown.
    """

    alpha: AlphaMode | None = None
    background: tuple[int, int, int] | None = None
    levels: LevelsChoice | None = None
    allow_formats: Collection[str] = ()

    def __post_init__(self) -> None:
        if self.alpha is not None:
            check_choice("ReadingOptions(alpha=...)", self.alpha, get_args(AlphaMode))
        if self.background is not None and self.alpha in ("cut", "keep"):
            raise RequestError(
                f"`--background` needs `--alpha blend`, got `--alpha {self.alpha}`, which puts "
                "nothing on a background. Leave one out."
            )
        if self.background is not None:
            object.__setattr__(self, "background", _checked_color(self.background))
        if self.levels is not None:
            object.__setattr__(self, "levels", check_levels(self.levels))
        names = tuple(name.strip().upper() for name in self.allow_formats)
        for name in names:
            if name not in RARE_FORMATS:
                known = [rare.lower() for rare in RARE_FORMATS]
                raise RequestError(
                    f"`--allow-format` must be a format that is not read by default, got "
                    f"{name.lower()!r}. {nearest_name(name, known)}"
                )
        object.__setattr__(self, "allow_formats", names)


_DEFAULT_OPTIONS = ReadingOptions()


def _checked_color(color: object) -> tuple[int, int, int]:
    match color:
        case (int(red), int(green), int(blue)) if all(0 <= v <= 255 for v in (red, green, blue)):
            return red, green, blue
    raise RequestError(
        f"`ReadingOptions(background=...)` must be three whole numbers from 0 to 255, got "
        f"{color!r}. Write (255, 255, 255) for white."
    )


def read_picture(
    source: str | os.PathLike[str] | ByteStream, options: ReadingOptions = _DEFAULT_OPTIONS
) -> Picture:
    """Read a picture from a file or from an open stream.

    The picture is rotated by its EXIF orientation, converted to sRGB by what its file states about
    its colors, and rounded to 8 bits. For an animation, the first frame is read. `Picture.notes`
    lists what was assumed or left out.

    Args:
        source: path of the file; `sample:NAME` for a picture that is installed with scikit-image;
            or a binary stream, which is read to its end and called 'standard input' in messages.
        options: choices about alpha, deep gray and rarely used formats.

    Returns:
        The picture, named by the stem of its file, or by an empty string for a stream.

    Raises:
        RequestError: if no sample picture has the name.
        PictureError: if the file does not exist, is not a picture, is damaged, is longer than
            `MAX_SOURCE_BYTES`, or is so large that Pillow suspects a decompression bomb. The
            message is one line that names the file.
    """
    return read_picture_with_bytes(source, options)[0]


def read_picture_with_bytes(
    source: str | os.PathLike[str] | ByteStream, options: ReadingOptions = _DEFAULT_OPTIONS
) -> tuple[Picture, bytes]:
    """Read a picture as `read_picture` does, and also return the contents of its file."""
    sample = sample_name(source)
    if sample is not None:
        source, label, name = sample_path(sample), f"{PREFIX}{sample}", sample
    elif isinstance(source, str | os.PathLike):
        label, name = path_label(Path(source)), Path(source).stem
    else:
        label, name = "standard input", ""
    allowed = (*FORMATS, *options.allow_formats)
    data = read_source_bytes(source, label, allowed)
    with _explained(label), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = _decode(data, options, allowed)
    warned = dict.fromkeys(_sentence(f"Pillow says: {warning.message}") for warning in caught)
    notes = (*picture.notes, *warned)
    return replace(picture, name=name, notes=notes, num_file_bytes=len(data)), data


def picture_of_image(image: Image.Image, options: ReadingOptions = _DEFAULT_OPTIONS) -> Picture:
    """Convert a Pillow image of any mode as `read_picture` converts a file.

    It is turned by its EXIF orientation and converted to sRGB by its color profile. Statements of a
    PNG about its colors beside a profile are not known to Pillow: read such a file by its path.

    Args:
        image: The image; of an animation, the frame that is shown.
        options: Choices about alpha and deep gray.

    Raises:
        PictureError: If its file is damaged, or it has no pixels.
    """
    with _explained("The image"), warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        image.load()
        # Without the contents of these files, only the image itself counts.
        loaded = image.copy() if image.format in ("PNG", "AVIF", "HEIF") else image
        return _convert(loaded, b"", options)


@contextmanager
def _explained(label: str) -> Iterator[None]:
    try:
        yield
    except PictureError as error:
        raise PictureError(f"{label}: {error}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        megapixels = (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise PictureError(
            f"{label} has more than {megapixels:.0f} megapixels. Make the picture smaller first."
        ) from None
    except UnidentifiedImageError:
        raise PictureError(
            f"{label} is not a picture of a known format, or its header is damaged. "
            "Use PNG, JPEG, WebP, GIF or TIFF."
        ) from None
    except Exception as error:
        # On damaged files, Pillow raises many kinds of errors, from EOFError to zlib.error.
        raise PictureError(f"{label} is a damaged picture: {_reason(error)}.") from error


def _decode(data: bytes, options: ReadingOptions, allowed: Collection[str]) -> Picture:
    known = [file_format for file_format in allowed if file_format in Image.OPEN]
    with Image.open(BytesIO(data), formats=known) as image:
        frames = _frames_note(image)
        with quiet_decoding(image.format):
            image.load()
        picture = _convert(image, data, options)
    return replace(picture, notes=(*filter(None, [frames]), *picture.notes))


def _convert(image: Image.Image, data: bytes, options: ReadingOptions) -> Picture:
    """Convert a loaded image by everything that it and the contents of its file state."""
    turn, turning = _turn(image)
    colors, depth = _colors(image, options.levels)
    # Levels that were asked for are lost in the samples of the file.
    read_deep = partial(read_16_bits, image, data) if options.levels is None else lambda: None
    pixels, color_notes = to_stated_srgb(colors, image, data, read_deep)
    alpha = read_alpha(image, data)
    dpi = _dpi(image)
    if turn is not None:
        pixels = _turned(pixels, turn)
        alpha = None if alpha is None else _turned(alpha, turn)
        dpi = dpi[::-1] if dpi and turn in _SWAPS_AXES else dpi
    picture = with_alpha(pixels, alpha, options.alpha, options.background)
    notes = (turning, depth, *color_notes, *picture.notes)
    return replace(picture, notes=tuple(filter(None, notes)), dpi=dpi)


def _frames_note(image: Image.Image) -> str:
    if image.format in _STACKED_FORMATS or not getattr(image, "is_animated", False):
        return ""
    return "It holds several pictures; the first one is used."


def _turn(image: Image.Image) -> tuple[Image.Transpose | None, str]:
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:
        return None, "Its EXIF data is damaged, so its orientation may be wrong."
    return (_UPRIGHT.get(orientation) if isinstance(orientation, int) else None), ""


def _turned(plane: np.ndarray, turn: Image.Transpose) -> np.ndarray:
    return np.array(Image.fromarray(plane).transpose(turn))


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    """Return the resolution that a file states, if it is plausible."""
    try:
        horizontal, vertical = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    is_plausible = all(
        math.isfinite(value) and _MIN_DPI <= value <= _MAX_DPI for value in (horizontal, vertical)
    )
    return (horizontal, vertical) if is_plausible else None


def _colors(image: Image.Image, levels: LevelsChoice | None) -> tuple[Image.Image, str]:
    """Convert any mode to L, RGB, CMYK or LAB, with 8 bits a channel and without alpha."""
    if is_deep(image):
        return deep_to_gray(image, levels)
    if levels is not None:
        raise PictureError(
            "`--levels` needs a gray picture with more than 8 bits a pixel, got mode "
            f"{image.mode}. Leave it out."
        )
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image, ""
    if image.mode in ("1", "LA", "La"):
        return image.convert("LA").getchannel("L"), ""
    if image.mode in ("P", "PA", "RGBa"):
        return image.convert("RGBA").convert("RGB"), ""
    return image.convert("RGB"), ""


def _reason(error: BaseException) -> str:
    message = (error.strerror if isinstance(error, OSError) else None) or str(error)
    reason = one_line(printable(message)).rstrip(".") or type(error).__name__
    return reason[:1].lower() + reason[1:]


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".") + "."
