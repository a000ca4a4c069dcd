"""Reading of picture files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool
from PIL import Image, UnidentifiedImageError

from ditherlab.errors import PictureError
from ditherlab.images.color_profile import image_to_srgb
from ditherlab.images.gray_depth import deep_to_gray, is_deep
from ditherlab.images.label import path_label, printable
from ditherlab.images.picture import Picture
from ditherlab.naming import one_line

# Only raster formats: to read EPS, for example, Pillow would run another program on the file.
_FORMATS = (
    *("PNG", "JPEG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "PPM", "JPEG2000", "QOI"),
    *("ICO", "PSD", "PCX", "DDS", "SGI", "XPM", "XBM", "TGA"),
)
# In these formats, further frames are views or layers of the picture, not an animation.
_STACKED_FORMATS = ("MPO", "PSD")
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
_OPAQUE_FROM = 128


@runtime_checkable
class ByteStream(Protocol):
    """Anything that can be read to its end, such as `sys.stdin.buffer` or a `BytesIO`."""

    def read(self) -> bytes:
        """Read all bytes that are left."""
        ...


def read_picture(source: str | os.PathLike[str] | ByteStream) -> Picture:
    """Read a picture from a file or from an open stream.

    The picture is rotated by its EXIF orientation, converted to sRGB by its color profile, and
    rounded to 8 bits. A pixel is opaque if its alpha is at least one half. For an animation, the
    first frame is read. `Picture.notes` lists what was assumed or left out.

    Args:
        source: path of the file, or a binary stream, which is read to its end and called
            'standard input' in messages.

    Returns:
        The picture, named by the stem of its file, or by an empty string for a stream.

    Raises:
        PictureError: if the file does not exist, is not a picture, is damaged, or is so large that
            Pillow suspects a decompression bomb. The message is one line that names the file.
    """
    if isinstance(source, str | os.PathLike):
        label, name = path_label(Path(source)), Path(source).stem
    else:
        label, name = "standard input", ""
    data = _contents(source, label)
    with _explained(label), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = _decode(data, name)
    warned = dict.fromkeys(_sentence(f"Pillow says: {warning.message}") for warning in caught)
    return Picture(picture.pixels, picture.opaque, name, (*picture.notes, *warned))


def _contents(source: str | os.PathLike[str] | ByteStream, label: str) -> bytes:
    try:
        data = Path(source).read_bytes() if isinstance(source, str | os.PathLike) else source.read()
    except FileNotFoundError:
        raise PictureError(f"There is no file {label}.") from None
    except IsADirectoryError:
        raise PictureError(f"{label} is a folder. Name a picture in it.") from None
    except PermissionError:
        raise PictureError(f"{label} cannot be read: permission denied.") from None
    except (OSError, ValueError, MemoryError) as error:
        raise PictureError(f"{label} cannot be read: {_reason(error)}.") from error
    if not data:
        raise PictureError(f"{label} is empty.")
    return data


@contextmanager
def _explained(label: str) -> Iterator[None]:
    try:
        yield
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


def _decode(data: bytes, name: str) -> Picture:
    Image.init()
    known = [file_format for file_format in _FORMATS if file_format in Image.OPEN]
    with Image.open(BytesIO(data), formats=known) as image:
        frames = _frames_note(image)
        image.load()
        upright, turning = _turned_upright(image)
        colors, depth = _colors(upright)
        srgb, profile = image_to_srgb(colors, image.info.get("icc_profile"))
        opaque, alpha = _mask(upright)
    notes = tuple(note for note in (frames, turning, depth, profile, alpha) if note)
    return Picture(np.array(srgb), opaque, name, notes)


def _frames_note(image: Image.Image) -> str:
    if image.format in _STACKED_FORMATS or not getattr(image, "is_animated", False):
        return ""
    return "It holds several pictures; the first one is used."


def _turned_upright(image: Image.Image) -> tuple[Image.Image, str]:
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:
        return image, "Its EXIF data is damaged, so its orientation may be wrong."
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return (image if method is None else image.transpose(method)), ""


def _colors(image: Image.Image) -> tuple[Image.Image, str]:
    """Convert any mode to L, RGB, CMYK or LAB, with 8 bits a channel and without alpha."""
    if is_deep(image):
        return deep_to_gray(image)
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image, ""
    if image.mode in ("1", "LA", "La"):
        return image.convert("LA").getchannel("L"), ""
    if image.mode in ("P", "PA", "RGBa"):
        return image.convert("RGBA").convert("RGB"), ""
    return image.convert("RGB"), ""


def _mask(image: Image.Image) -> tuple[Bool[np.ndarray, "h w"], str]:
    if not image.has_transparency_data:
        return np.ones((image.height, image.width), dtype=bool), ""
    key = image.info.get("transparency")
    if is_deep(image):
        return np.asarray(image) != key, ""
    if image.mode == "RGB" and isinstance(key, tuple) and max(key) > 255:
        # The transparent color of a PNG with 16 bits a channel; Pillow keeps the upper 8 bits.
        image.info["transparency"] = tuple(value >> 8 for value in key)
    alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    partly = bool(((alpha > 0) & (alpha < 255)).any())
    note = "Its partly transparent pixels count as opaque if their alpha is at least one half."
    return alpha >= _OPAQUE_FROM, note if partly else ""


def _reason(error: BaseException) -> str:
    message = (error.strerror if isinstance(error, OSError) else None) or str(error)
    reason = one_line(printable(message)).rstrip(".") or type(error).__name__
    return reason[:1].lower() + reason[1:]


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".") + "."
