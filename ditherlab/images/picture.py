"""A picture in 8-bit display sRGB with a mask of opaque pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, UInt8

from ditherlab.errors import PictureError
from ditherlab.vision.transfer_functions import decode_srgb

if TYPE_CHECKING:
    from torch import Tensor


_LEVELS = np.arange(256, dtype=np.float32) / 255

# The light of each 8-bit level.
_DECODED = decode_srgb(_LEVELS)
_DECODED_MIDDLES = (_DECODED[1:] + _DECODED[:-1]) / 2


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture: its pixels, and a mask of those that are opaque.

    Args:
        pixels: display sRGB, uint8, `[h w c]` with c = 3.
        opaque: True at opaque pixels, `[h w]`; `pixels` is ignored elsewhere.
        name: stem of the file that the picture was read from, or empty.
        notes: sentences about anything that was assumed or left out on reading the file.
        alpha: alpha from 0 to 255, `[h w]`, if partly transparent pixels are kept; None if each
            pixel is opaque or transparent. Where it is not 0, `opaque` is True.
        dpi: pixels per inch, horizontal and vertical; None if unknown.
        num_file_bytes: size of the file that the picture was read from; None if there is none.

    Raises:
        PictureError: for a wrong shape or dtype, or a picture without pixels.

    Example:
        >>> pixels = np.full((2, 3, 3), 128, dtype=np.uint8)
        >>> picture = Picture(pixels, opaque=np.ones((2, 3), dtype=bool))
        >>> picture.height, picture.width, picture.is_gray, picture.has_transparency
        (2, 3, True, False)
    """

    pixels: UInt8[np.ndarray, "h w 3"]
    opaque: Bool[np.ndarray, "h w"]
    name: str = ""
    notes: tuple[str, ...] = ()
    alpha: UInt8[np.ndarray, "h w"] | None = field(default=None, kw_only=True)
    dpi: tuple[float, float] | None = field(default=None, kw_only=True)
    num_file_bytes: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        pixels, opaque = self.pixels, self.opaque
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise PictureError(
                "`Picture(pixels=...)` must be uint8 of shape [h w 3], "
                f"got {pixels.dtype} of shape {list(pixels.shape)}."
            )
        if pixels.size == 0:
            raise PictureError(
                "`Picture(pixels=...)` must have at least one pixel, "
                f"got shape {list(pixels.shape)}."
            )
        if opaque.dtype != np.bool_ or opaque.shape != pixels.shape[:2]:
            raise PictureError(
                f"`Picture(opaque=...)` must be bool of shape {list(pixels.shape[:2])}, "
                f"got {opaque.dtype} of shape {list(opaque.shape)}."
            )
        if self.alpha is not None:
            self._check_alpha(self.alpha)

    def _check_alpha(self, alpha: UInt8[np.ndarray, "h w"]) -> None:
        if alpha.dtype != np.uint8 or alpha.shape != self.opaque.shape:
            raise PictureError(
                f"`Picture(alpha=...)` must be uint8 of shape {list(self.opaque.shape)}, "
                f"got {alpha.dtype} of shape {list(alpha.shape)}."
            )
        if ((alpha > 0) != self.opaque).any():
            raise PictureError(
                "`Picture(alpha=...)` must be 0 exactly where `opaque` is False, got another mask."
            )

    @property
    def height(self) -> int:
        """Number of rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Number of columns of pixels."""
        return int(self.pixels.shape[1])

    @property
    def is_gray(self) -> bool:
        """True if red, green and blue are equal in every opaque pixel."""
        red, green, blue = (self.pixels[:, :, channel] for channel in range(3))
        return not bool((((red != green) | (green != blue)) & self.opaque).any())

    @property
    def has_transparency(self) -> bool:
        """True if any pixel is not opaque."""
        return not bool(self.opaque.all())

    def crop(self, *, left: int, top: int, width: int, height: int) -> Picture:
        """Cut out a part.

        Raises:
            PictureError: if the part is empty or does not lie inside the picture.
        """
        inside = left >= 0 and top >= 0 and width > 0 and height > 0
        if not (inside and left + width <= self.width and top + height <= self.height):
            raise PictureError(
                f"A crop must lie inside the picture of {self.width} x {self.height} pixels, got "
                f"{width} x {height} at ({left}, {top})."
            )
        rows, columns = slice(top, top + height), slice(left, left + width)
        return replace(
            self,
            pixels=self.pixels[rows, columns],
            opaque=self.opaque[rows, columns],
            alpha=None if self.alpha is None else self.alpha[rows, columns],
        )

    def shrink(self, num_px: int) -> Picture:
        """Make a copy of about `num_px` pixels at most, averaging light over square blocks.

        Rows and columns that do not fill a block are left out, and so is `alpha`. A picture that is
        small enough is returned itself.
        """
        factor = math.ceil(math.sqrt(self.height * self.width / num_px))
        height, width = self.height // factor, self.width // factor
        if factor <= 1 or not (height and width):
            return self
        rows, columns = slice(0, height * factor), slice(0, width * factor)
        blocks = (height, factor, width, factor)
        opaque = self.opaque[rows, columns].reshape(blocks)
        counts = opaque.sum(axis=(1, 3), dtype=np.float32)
        light = _DECODED[self.pixels[rows, columns]].reshape(*blocks, 3) * opaque[..., np.newaxis]
        mean = light.sum(axis=(1, 3)) / np.maximum(counts, 1)[..., np.newaxis]
        levels = np.searchsorted(_DECODED_MIDDLES, mean).astype(np.uint8)
        return replace(self, pixels=levels, opaque=counts > 0, alpha=None)

    def reduce(self, num_px: int) -> Picture:
        """Make a copy with about `num_px` opaque pixels, if this picture has more.

        Light is averaged over areas that need not be whole pixels. A pixel of the copy is opaque if
        at least half of its area is; it has no `alpha`.
        """
        from PIL import Image

        num_opaque = int(self.opaque.sum())
        if num_opaque <= num_px:
            return self
        scale = math.sqrt(num_px / num_opaque)
        size = (max(1, round(self.width * scale)), max(1, round(self.height * scale)))

        def average(plane: np.ndarray) -> np.ndarray:
            image = Image.fromarray(plane.astype(np.float32))
            return np.asarray(image.resize(size, Image.Resampling.BOX))

        coverage = average(self.opaque)
        light = _DECODED[self.pixels] * self.opaque[..., np.newaxis]
        planes = np.stack([average(light[..., channel]) for channel in range(3)], axis=-1)
        mean = planes / np.maximum(coverage, 1e-6)[..., np.newaxis]
        levels = np.searchsorted(_DECODED_MIDDLES, mean).astype(np.uint8)
        return replace(self, pixels=levels, opaque=coverage >= 0.5, alpha=None)

    def resize(self, *, width: int | None = None, height: int | None = None) -> Picture:
        """Make a copy of another size, in linear light; needs scikit-image.

        Light is averaged over areas along an axis that shrinks, and interpolated linearly along one
        that grows. Pixels count by their alpha. Without `alpha`, a pixel of the copy is
        opaque if at least half of its area is.

        Args:
            width: number of columns; None to keep the aspect ratio.
            height: number of rows; None to keep the aspect ratio.

        Raises:
            PictureError: if neither is given, or one is below 1.

        Example:
            >>> pixels = np.zeros((4, 6, 3), dtype=np.uint8)
            >>> picture = Picture(pixels, opaque=np.ones((4, 6), dtype=bool))
            >>> picture.resize(width=3).pixels.shape
            (2, 3, 3)
        """
        from ditherlab.images.resizing import resize_picture

        return resize_picture(self, width=width, height=height)

    def to_srgb(self) -> Float[Tensor, "1 3 h w"]:
        """Convert to a picture tensor: display sRGB in [0, 1], float32, on the CPU.

        Returns:
            A new tensor `[b c h w]` with b = 1 that shares no memory with `pixels`.
        """
        import torch

        planes = np.ascontiguousarray(self.pixels.transpose(2, 0, 1)[np.newaxis], dtype=np.float32)
        return torch.from_numpy(planes).div_(255)
