"""Lospec's JSON: the name, the author and the colors of a palette.

Source: Lospec, "Palette List API", https://lospec.com/palettes/api.
"""

import json
from typing import Any

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.naming import one_line
from ditherlab.palette.colors import hex_to_color
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches, spelled_entries
from ditherlab.palette.formats.text_lines import decode_text, encode_text, is_text
from ditherlab.palette.palette import Palette

_EXAMPLE = '{"name": "ember", "author": "", "colors": ["000000", "ff8000"]}'


def sniff(data: bytes) -> bool:
    """Look for the opening brace of an object."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and is_text(data)


def parse(data: bytes, file: str) -> Swatches:
    """Read the name and the colors; other keys are ignored.

    Raises:
        PaletteError: If the JSON is invalid; the message says where.

    Example:
        >>> parse(b'{"name": "ember", "colors": ["000000", "#ff8000"]}', "some.json").colors
        [(0, 0, 0), (255, 128, 0)]
    """
    document = _document(decode_text(data, file), file)
    spelled = document.get("colors")
    if not isinstance(spelled, list) or not all(isinstance(text, str) for text in spelled):
        raise PaletteError(f"{file}: `colors` must be a list of texts. Write {_EXAMPLE}.")
    colors = []
    for index, text in enumerate(spelled):
        try:
            colors.append(hex_to_color(text))
        except PaletteRequestError as error:
            raise PaletteError(f"{file}, `colors[{index}]`: {error}") from None
    name = document.get("name")
    return Swatches(colors, one_line(name) if isinstance(name, str) else "")


def _document(text: str, file: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise PaletteError(
            f"{file}, line {error.lineno}: {error.msg} at column {error.colno}. Write {_EXAMPLE}."
        ) from None
    # A number with too many digits, or brackets nested too deeply.
    except (ValueError, RecursionError):
        raise PaletteError(f"{file} is too deep or too long to be a palette.") from None
    if not isinstance(document, dict):
        raise PaletteError(f"{file} must be one object. Write {_EXAMPLE}.")
    return document


def write(palette: Palette) -> bytes:
    """Write a palette as Lospec does; the author is unknown, so `author` is empty.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"], name="ember"))
        b'{"name": "ember", "author": "", "colors": ["000000", "ff8800"]}\\n'
    """
    colors = [spelled.removeprefix("#") for spelled in spelled_entries(palette)]
    document = {"name": one_line(palette.name), "author": "", "colors": colors}
    return encode_text(json.dumps(document, ensure_ascii=False) + "\n")


LOSPEC_JSON = PaletteFormat("lospec-json", "Lospec .json", (".json",), sniff, parse, write)
