"""The palette of an Aseprite sprite, `.ase` or `.aseprite`.

Source: Igara Studio, "Aseprite File Format (.ase/.aseprite) Specifications",
https://github.com/aseprite/aseprite/blob/main/docs/ase-file-specs.md.
"""

from ditherlab.palette.colors import Color
from ditherlab.palette.formats.byte_cursor import ByteCursor
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches

_NUM_HEADER_BYTES = 128
_FRAME_MAGIC = 0xF1FA
_CHUNK_HEAD = 6
_OLD_PALETTE, _OLDER_PALETTE, _PALETTE = 0x0004, 0x0011, 0x2019

# Old chunks store 256 colors as 0, because the count is one byte.
_MANY = 256


def sniff(data: bytes) -> bool:
    """Look for Aseprite's magic number after a length below 16 MiB."""
    return data[3:6] == b"\0\xe0\xa5"


def parse(data: bytes, file: str) -> Swatches:
    """Read the palette of the first frame; fully transparent entries keep their places.

    Raises:
        PaletteError: If the file is cut off or has no palette; the message names the byte.
    """
    cursor = ByteCursor(data, file)
    cursor.take(_NUM_HEADER_BYTES, "The head")
    start = cursor.position
    num_bytes, magic, old_count, _, _, count = cursor.numbers("<IHHH2sI", "The head of a frame")
    if magic != _FRAME_MAGIC:
        raise cursor.error(
            f"a frame must begin with {_FRAME_MAGIC:#06x}, got {magic:#06x}. "
            "Save the sprite again.",
            start + 4,
        )
    cursor.position = start
    frame = cursor.part(num_bytes, "A frame")
    frame.take(16, "The head of a frame")
    old: Swatches | None = None
    for _ in range(count or old_count):
        num_bytes, kind = frame.numbers("<IH", "The head of a chunk")
        chunk = frame.part(max(num_bytes - _CHUNK_HEAD, 0), "A chunk")
        if kind == _PALETTE:
            return _palette(chunk)
        if kind in (_OLD_PALETTE, _OLDER_PALETTE) and old is None:
            old = _old_palette(chunk, 63 if kind == _OLDER_PALETTE else 255)
    if old is None:
        raise frame.error(
            "the first frame must hold a palette, got none. Save the sprite again.", start
        )
    return old


def _palette(chunk: ByteCursor) -> Swatches:
    _, first, last = chunk.numbers("<III8x", "The head of the palette")
    colors: list[tuple[int, int, int, int]] = []
    names = []
    for _ in range(first, last + 1):
        flags, red, green, blue, alpha = chunk.numbers("<H4B", "A color")
        name = b""
        if flags & 1:
            (num_bytes,) = chunk.numbers("<H", "The length of a name")
            name = chunk.take(num_bytes, "A name")
        colors.append((red, green, blue, alpha))
        names.append(name.decode(errors="replace"))
    return Swatches.with_alpha(colors, names=names)


def _old_palette(chunk: ByteCursor, top: int) -> Swatches:
    (num_packets,) = chunk.numbers("<H", "The number of packets")
    table: dict[int, Color] = {}
    index = 0
    for _ in range(num_packets):
        skipped, count = chunk.numbers("<BB", "The head of a packet")
        index += skipped
        for _ in range(count or _MANY):
            levels = chunk.take(3, "A color")
            red, green, blue = (min(level, top) * 255 // top for level in levels)
            table[index] = red, green, blue
            index += 1
    return Swatches([table[index] for index in sorted(table)])


ASEPRITE = PaletteFormat(
    "aseprite", "Aseprite .aseprite (palette of a sprite)", (".aseprite", ".ase"), sniff, parse
)
