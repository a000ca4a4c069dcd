"""The registry of palette file formats; a new format is one module and one line here."""

from pathlib import PurePath

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import nearest_name
from ditherlab.palette.colors import quoted
from ditherlab.palette.formats.adobe_aco import ADOBE_ACO
from ditherlab.palette.formats.adobe_act import ADOBE_ACT
from ditherlab.palette.formats.adobe_ase import ADOBE_ASE
from ditherlab.palette.formats.aseprite import ASEPRITE
from ditherlab.palette.formats.css import CSS
from ditherlab.palette.formats.gimp import GIMP
from ditherlab.palette.formats.hex_list import HEX_LIST
from ditherlab.palette.formats.jasc import JASC
from ditherlab.palette.formats.lospec_json import LOSPEC_JSON
from ditherlab.palette.formats.paint_net import PAINT_NET
from ditherlab.palette.formats.palette_format import PaletteFormat
from ditherlab.palette.formats.picture import PICTURE
from ditherlab.palette.formats.rgb_list import RGB_LIST
from ditherlab.palette.formats.riff import RIFF

# Formats are sniffed in this order, so the most distinctive ones come first. If several writable
# formats share a suffix, the first one is used for writing.
FORMATS = (
    GIMP,
    JASC,
    RIFF,
    ADOBE_ASE,
    ASEPRITE,
    PICTURE,
    ADOBE_ACO,
    ADOBE_ACT,
    LOSPEC_JSON,
    PAINT_NET,
    CSS,
    RGB_LIST,
    HEX_LIST,
)
WRITABLE_FORMATS = {known.name: known for known in FORMATS if known.write is not None}


def sniff_format(data: bytes) -> PaletteFormat | None:
    """Detect the format of a file from its contents; None if it is unknown.

    Example:
        >>> sniff_format(b"GIMP Palette").name
        'gimp'
    """
    return next((known for known in FORMATS if known.sniff(data)), None)


def format_to_write(name: str | None, path: str) -> PaletteFormat:
    """Choose the format in which to write a palette.

    Args:
        name: The name of the format; None to choose by the suffix of the path.
        path: Path of the file to write.

    Raises:
        PaletteRequestError: If no writable format has the name or the suffix.

    Example:
        >>> format_to_write(None, "ember.pal").name, format_to_write("riff", "ember.pal").name
        ('jasc', 'riff')
    """
    if name is not None:
        if name not in WRITABLE_FORMATS:
            raise PaletteRequestError(
                "`--format` must be a format that can be written, got "
                f"{quoted(name)}. {nearest_name(name, WRITABLE_FORMATS)}"
            )
        return WRITABLE_FORMATS[name]
    suffix = PurePath(path).suffix.lower()
    for known in WRITABLE_FORMATS.values():
        if suffix in known.suffixes:
            return known
    suffixes = sorted({s for known in WRITABLE_FORMATS.values() for s in known.suffixes})
    raise PaletteRequestError(
        f"A palette file must end in one of {' '.join(suffixes)}, got {quoted(path)}. "
        "Rename it, or use `--format`."
    )
