"""Custom properties of CSS: `:root { --ember-1: #000000; }`.

Source: W3C, "CSS Custom Properties for Cascading Variables Module Level 1", 2022; "CSS Color Module
Level 4", 2022, section 5.2, for hexadecimal colors.
"""

import re
from collections.abc import Sequence

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.palette.colors import Color, hex_to_color, quoted
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches, spelled_entries
from ditherlab.palette.formats.text_lines import decode_text, encode_text, is_text
from ditherlab.palette.palette import Palette

_PROPERTY = re.compile(r"(?<![\w-])--([\w-]+)[ \t\r\n]*:([^;{}]*)")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SNIFFED = re.compile(rb"(?:^|[\s{;/])--[\w\-\x80-\xff]+\s*:")
_SEPARATOR = r"(?:\s*,\s*|\s+)"
_LEVEL = "([0-9]{1,3})"
_RGB = re.compile(rf"rgba?\(\s*{_LEVEL}{_SEPARATOR}{_LEVEL}{_SEPARATOR}{_LEVEL}\s*(?:[,/].*)?\)")
_COLOR_FUNCTION = re.compile(r"(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix)\(")


def sniff(data: bytes) -> bool:
    """Look for a CSS custom property."""
    return _SNIFFED.search(data) is not None and is_text(data)


def parse(data: bytes, file: str) -> Swatches:
    """Read the custom properties that are colors, as #rgb, #rrggbb, rgb() or names; without alpha.

    Other properties, such as lengths and fonts, are skipped. If all names are a common stem with a
    number, as `write` makes them, the stem is the name of the palette.

    Raises:
        PaletteError: If a color is invalid, or written in another notation; the message names file
            and line.

    Example:
        >>> text = b":root { --ash: #111; --glow: rgb(255, 128, 0); --gap: 4px }"
        >>> parse(text, "some.css").colors, parse(text, "some.css").names
        ([(17, 17, 17), (255, 128, 0)], ['ash', 'glow'])
    """
    text = _COMMENT.sub(_blank, decode_text(data, file))
    colors, names = [], []
    for found in _PROPERTY.finditer(text):
        try:
            color = _color(found[2].strip())
        except PaletteRequestError as error:
            line = text.count("\n", 0, found.start()) + 1
            raise PaletteError(f"{file}, line {line}: {error}") from None
        if color is not None:
            colors.append(color)
            names.append(found[1])
    stem = _numbered_stem(names)
    return Swatches(colors, names=names) if stem is None else Swatches(colors, stem)


def _blank(comment: re.Match[str]) -> str:
    return "".join(letter if letter == "\n" else " " for letter in comment[0])


def _color(value: str) -> Color | None:
    """Parse a value as a color; return None if it is something else."""
    # Pillow knows the color names of CSS; loaded here, because `palette list` does not need it.
    from PIL import ImageColor

    if value.startswith("#"):
        has_alpha = len(value) in (5, 9)
        return hex_to_color(value[: (len(value) - 1) // 4 * 3 + 1] if has_alpha else value)
    if (parts := _RGB.fullmatch(value.lower())) and all(int(p) < 256 for p in parts.groups()):
        red, green, blue = map(int, parts.groups())
        return red, green, blue
    if _COLOR_FUNCTION.match(value.lower()):
        raise PaletteRequestError(
            "A color must be #rrggbb, a name, or rgb() of three numbers from 0 to 255, got "
            f"{quoted(value)}. Write #rrggbb."
        )
    if value.isalpha() and value.lower() in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(value)[:3]
        return red, green, blue
    return None


def _numbered_stem(names: Sequence[str]) -> str | None:
    stem = names[0].removesuffix("-1") if names and names[0].endswith("-1") else ""
    is_numbered = stem and all(
        name == f"{stem}-{number}" for number, name in enumerate(names, start=1)
    )
    return stem if is_numbered else None


def write(palette: Palette) -> bytes:
    """Write a custom property for each color, named after it, or after the palette and a number.

    Example:
        >>> print(write(Palette.from_hex(["#000", "#f80"], name="ember")).decode(), end="")
        :root {
          --ember-1: #000000;
          --ember-2: #ff8800;
        }
    """
    stem = _property_name(palette.name) or "color"
    names: dict[str, None] = {}
    for number, name in enumerate((name for _, name in palette.listed), start=1):
        wanted = _property_name(name) or f"{stem}-{number}"
        while wanted in names:
            wanted = f"{wanted}-{number}"
        names[wanted] = None
    spelled = spelled_entries(palette)
    lines = [f"  --{name}: {color};\n" for name, color in zip(names, spelled, strict=True)]
    return encode_text(":root {\n" + "".join(lines) + "}\n")


def _property_name(text: str) -> str:
    return re.sub(r"[^\w-]+", "-", text).strip("-")


CSS = PaletteFormat("css", "CSS custom properties", (".css",), sniff, parse, write)
