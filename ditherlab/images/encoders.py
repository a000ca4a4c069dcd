"""The file formats of pictures that are written; the suffix of a file chooses one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from ditherlab.errors import PictureError, RequestError
from ditherlab.images.indexed_image import IndexedImage
from ditherlab.images.indexed_png import to_png
from ditherlab.images.label import path_label

Text = Mapping[str, str]


@dataclass(frozen=True)
class Encoder:
    """A file format, and what it can hold.

    Attributes:
        name: The name of the format.
        suffixes: The suffixes of its files, in lower case.
        encode: Encodes an image with texts; a format without texts leaves them out.
        holds_transparency: Whether a pixel can be transparent.
        holds_soft_alpha: Whether a pixel can be partly transparent.
        max_side_px: The largest width and height.
    """

    name: str
    suffixes: tuple[str, ...]
    encode: Callable[[IndexedImage, Text], bytes]
    holds_transparency: bool
    holds_soft_alpha: bool
    max_side_px: int

    def check(self, width: int, height: int, *, is_opaque: bool, is_soft: bool) -> None:
        """Refuse a picture that the format cannot hold.

        Raises:
            PictureError: If the picture is too large, or its transparency cannot be written.
        """
        if max(width, height) > self.max_side_px:
            raise PictureError(
                f"A {self.name} file holds at most {self.max_side_px} x {self.max_side_px} pixels, "
                f"got {width} x {height}. Write a PNG."
            )
        if not (is_opaque or self.holds_transparency):
            raise PictureError(
                f"A {self.name} file holds no transparent pixels, got some. Write a PNG, or use "
                "`--alpha blend`."
            )
        if is_soft and not self.holds_soft_alpha:
            raise PictureError(
                f"A {self.name} file holds no partly transparent pixels, which `--alpha keep` "
                "keeps. Write a PNG."
            )


def _to_gif(image: IndexedImage, _text: Text) -> bytes:
    # Without `optimize=False`, Pillow drops entries that are not used.
    options = {"transparency": _clear_place(image)} if image.alphas else {}
    return _saved(image, "GIF", optimize=False, **options)


def _to_bmp(image: IndexedImage, _text: Text) -> bytes:
    options = {"dpi": image.dpi} if image.dpi else {}
    return _saved(image, "BMP", **options)


def _to_tiff(image: IndexedImage, _text: Text) -> bytes:
    options = {"dpi": image.dpi} if image.dpi else {}
    return _saved(image, "TIFF", compression="tiff_adobe_deflate", **options)


def _to_webp(image: IndexedImage, _text: Text) -> bytes:
    file = BytesIO()
    image.to_rgba().save(file, "WEBP", lossless=True, exact=True, quality=100)
    return file.getvalue()


PNG = Encoder("PNG", (".png",), to_png, True, True, (1 << 31) - 1)
ENCODERS = (
    PNG,
    Encoder("GIF", (".gif",), _to_gif, True, False, (1 << 16) - 1),
    Encoder("BMP", (".bmp", ".dib"), _to_bmp, False, False, (1 << 31) - 1),
    Encoder("WebP", (".webp",), _to_webp, True, True, (1 << 14) - 1),
    Encoder("TIFF", (".tif", ".tiff"), _to_tiff, False, False, (1 << 31) - 1),
)


def encoder_for(path: str | os.PathLike[str], option: str = "--output") -> Encoder:
    """Choose the format of a file by its suffix.

    Args:
        path: Path of the file.
        option: The name of the option in messages.

    Raises:
        RequestError: If no format has the suffix.

    Example:
        >>> encoder_for("small.gif").name
        'GIF'
    """
    suffix = PurePath(path).suffix.lower()
    for encoder in ENCODERS:
        if suffix in encoder.suffixes:
            return encoder
    known = " ".join(suffix for encoder in ENCODERS for suffix in encoder.suffixes)
    raise RequestError(
        f"`{option}` must be a file that ends in one of {known}, got '{path_label(path)}'. "
        "Use .png."
    )


def _clear_place(image: IndexedImage) -> int:
    return min(range(len(image.alphas)), key=image.alphas.__getitem__)


def _saved(image: IndexedImage, file_format: str, **options: object) -> bytes:
    file = BytesIO()
    image.to_pillow().save(file, file_format, **options)
    return file.getvalue()
