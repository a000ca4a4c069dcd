"""Pictures as palettes: reads the colors of a picture, and writes a PNG of swatches.

Pictures are recognized by their first bytes, as the specification of each format gives them.
"""

import io
import re
import struct
import sys
import warnings
from typing import TYPE_CHECKING

from ditherlab.errors import PaletteError
from ditherlab.images.quiet_decoder import quiet_decoding
from ditherlab.palette.colors import Color
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.palette import MAX_NUM_COLORS, Palette

if TYPE_CHECKING:
    from PIL.Image import Image

# Formats with distinctive first bytes, so that no text is mistaken for a picture.
_FORMATS = ("PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG")
_MAGIC = re.compile(
    rb"\x89PNG\r\n\x1a\n|GIF8[79]a|BM|RIFF....WEBP|II[*+]\x00|MM\x00[*+]|P[1-6]\s|\xff\xd8\xff",
    re.DOTALL,
)
_EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
_MAX_NUM_PX = 2**25
_BAND_NUM_PX = 2**16
_SWATCH_PX = 16
_SWATCHES_PER_ROW = 16


def sniff(data: bytes) -> bool:
    """Look for the first bytes of a picture in one of the accepted formats."""
    return _MAGIC.match(data) is not None


def parse(data: bytes, file: str) -> Swatches:
    """Collect the colors of a picture, converted to sRGB as those of any picture.

    The colors of an indexed picture are the entries of its palette; unused and fully transparent
    ones keep their places. The colors of any other picture are listed in order of appearance, row
    by row, without fully transparent pixels. Only the first frame of an animation counts.

    Raises:
        PaletteError: If the picture is damaged, too large, not 8-bit, or has over 256 colors.
    """
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        # Pillow warns about odd metadata, and about sizes that are refused below.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                _check(image, file)
                with quiet_decoding(image.format):
                    image.load()
                return _swatches(image, data, file)
        except PaletteError:
            raise
        # On damaged files, Pillow's decoders raise many kinds of errors, struct.error to KeyError.
        except Exception as error:
            reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            if isinstance(error, UnidentifiedImageError):
                reason = "its header is damaged"
            raise PaletteError(
                f"{file} is a picture that cannot be read: {reason}. Save it again, as PNG."
            ) from error


def _check(image: "Image", file: str) -> None:
    if image.width * image.height > _MAX_NUM_PX:
        raise PaletteError(
            f"{file} must be at most {_MAX_NUM_PX} pixels to serve as a palette, "
            f"got {image.width * image.height}. Make it smaller, without smoothing."
        )
    if image.mode not in _EIGHT_BIT_MODES:
        raise PaletteError(
            f"{file} must be 8-bit sRGB or gray to serve as a palette, got {image.mode}. "
            "Save it as an 8-bit RGB picture."
        )


def _swatches(image: "Image", data: bytes, file: str) -> Swatches:
    # Pillow opens a color table of grays as a gray picture, whose values are in table order.
    table_of_grays = image.mode == "L" and image.format in ("GIF", "BMP")
    if image.mode != "P" and not table_of_grays:
        colors, notes = _as_srgb(_pixel_colors(image, data, file), image, data)
        return Swatches(colors, notes=notes)
    used = [index for index, count in enumerate(image.histogram()) if count]
    entries = image.crop((0, 0, used[-1] + 1, 1))
    entries.frombytes(bytes(range(used[-1] + 1)))
    rgba = list(struct.iter_unpack("4B", entries.convert("RGBA").tobytes()))
    # The place after all colors is the default one for a transparent entry.
    while len(rgba) > 1 and rgba[-1][3] == 0:
        rgba.pop()
    colors, notes = _as_srgb([color[:3] for color in rgba], image, data)
    clear = [index for index in used if index < len(rgba) and rgba[index][3] == 0]
    hidden = frozenset(range(len(rgba))) - frozenset(used) | frozenset(clear)
    return Swatches(colors, hidden=hidden, transparent=clear[0] if clear else None, notes=notes)


def _as_srgb(
    colors: list[Color], image: "Image", data: bytes
) -> tuple[list[Color], tuple[str, ...]]:
    """Convert colors to sRGB by what the file of a picture states about them."""
    from PIL import Image

    from ditherlab.vision.stated_colors import to_stated_srgb

    flat = bytes(level for color in colors for level in color)
    listed = Image.frombytes("RGB", (len(colors), 1), flat)
    if image.mode in ("1", "L", "LA"):
        listed = listed.getchannel(0)
    pixels, notes = to_stated_srgb(listed, image, data)
    return [(red, green, blue) for red, green, blue in pixels[0].tolist()], notes


def _pixel_colors(image: "Image", data: bytes, file: str) -> list[Color]:
    """Return the different colors of all pixels that are not fully transparent."""
    from PIL import Image

    from ditherlab.images.alpha import read_alpha

    pixels, mask = image.convert("RGBA"), read_alpha(image, data)
    pixels.putalpha(255 if mask is None else Image.fromarray(mask))

    seen: set[int] = set()
    colors: dict[Color, None] = {}
    # In bands of rows: a photo is refused early, and a picture one pixel wide is still fast.
    step = max(1, _BAND_NUM_PX // pixels.width)
    for top in range(0, pixels.height, step):
        bottom = min(top + step, pixels.height)
        band = pixels.crop((0, top, pixels.width, bottom)).tobytes()
        for packed in dict.fromkeys(memoryview(band).cast("I")):
            if packed in seen:
                continue
            seen.add(packed)
            red, green, blue, alpha = packed.to_bytes(4, sys.byteorder)
            if alpha:
                colors[red, green, blue] = None
        if len(colors) > MAX_NUM_COLORS:
            raise PaletteError(
                f"{file} must be a picture of at most {MAX_NUM_COLORS} different colors to serve "
                "as a palette, got more. Use `--colors` to learn a palette from a picture."
            )
    return list(colors)


def write(palette: Palette) -> bytes:
    """Write an indexed PNG of swatches, 16 per row; empty places in the last row are transparent.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"]))[1:4]
        b'PNG'
    """
    from PIL import Image

    listed = [color for color, _ in palette.listed_with_transparent]
    num_columns = min(len(listed), _SWATCHES_PER_ROW)
    num_rows = -(-len(listed) // num_columns)
    cells = bytes(min(cell, len(listed)) for cell in range(num_rows * num_columns))
    sheet = Image.frombytes("P", (num_columns, num_rows), cells)
    is_full = len(cells) == len(listed)
    entries = listed if is_full else [*listed, (0, 0, 0)]
    sheet.putpalette([level for color in entries for level in color])
    large = sheet.resize(
        (num_columns * _SWATCH_PX, num_rows * _SWATCH_PX), Image.Resampling.NEAREST
    )
    file = io.BytesIO()
    clear = {palette.transparent, None if is_full else len(listed)} - {None}
    alphas = bytes(0 if place in clear else 255 for place in range(len(entries)))
    large.save(file, "PNG", **({"transparency": alphas} if clear else {}))
    return file.getvalue()


PICTURE = PaletteFormat("png", "PNG of swatches", (".png",), sniff, parse, write)
