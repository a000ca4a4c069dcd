"""Small valid files of every format, for tests that damage them."""

import io
import struct

from PIL import Image

from ditherlab.palette import WRITABLE_FORMATS, Palette

EMBER = Palette(
    ((0, 0, 0), (255, 128, 0), (18, 52, 86)), name="ember", names=("ash", "glow of fire", "")
)


def aco(version: int, *colors: tuple[int, ...]) -> bytes:
    """Swatches of Photoshop, each a space and four values; with names if `version` is 2."""
    name = struct.pack(">I4H", 4, *map(ord, "one"), 0) if version == 2 else b""
    entries = b"".join(struct.pack(">5H", *color) + name for color in colors)
    return struct.pack(">HH", version, len(colors)) + entries


def ase(*colors: tuple[bytes, tuple[float, ...]]) -> bytes:
    """Swatches for exchange, each a space and its values, called `a`, outside of any group."""
    blocks = b""
    for model, values in colors:
        body = struct.pack(f">H2H4s{len(values)}fH", 2, ord("a"), 0, model, *values, 0)
        blocks += struct.pack(">HI", 1, len(body)) + body
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(colors)) + blocks


def aseprite_chunk(kind: int, body: bytes) -> bytes:
    return struct.pack("<IH", 6 + len(body), kind) + body


def aseprite(*chunks: bytes) -> bytes:
    """A sprite of one frame."""
    body = b"".join(chunks)
    frame = struct.pack("<IHHH2xI", 16 + len(body), 0xF1FA, len(chunks), 100, len(chunks)) + body
    head = struct.pack("<IHHHHH", 128 + len(frame), 0xA5E0, 1, 8, 8, 8)
    return head.ljust(128, b"\0") + frame


PALETTE_CHUNK = aseprite_chunk(
    0x2019,
    struct.pack("<III8x", 3, 0, 2)
    + struct.pack("<H4BH", 1, 0, 0, 0, 255, 3)
    + b"ash"
    + struct.pack("<H4B", 0, 255, 128, 0, 255)
    + struct.pack("<H4B", 0, 9, 9, 9, 0),
)
OLD_CHUNK = aseprite_chunk(0x0004, struct.pack("<HBB", 1, 0, 2) + bytes([0, 0, 0, 255, 128, 0]))
OLDER_CHUNK = aseprite_chunk(0x0011, struct.pack("<HBB", 1, 3, 2) + bytes([0, 0, 0, 63, 32, 0]))


def pictures() -> list[bytes]:
    written = []
    for suffix in ("png", "gif", "bmp", "tiff", "webp", "jpeg", "ppm"):
        indexed = Image.frombytes("P", (3, 2), bytes([0, 1, 2, 2, 1, 0]))
        indexed.putpalette([0, 0, 0, 200, 0, 0, 0, 0, 200])
        keeps_tables = suffix in ("png", "gif", "bmp", "tiff")
        for picture in (indexed, indexed.convert("RGB"))[not keeps_tables :]:
            buffer = io.BytesIO()
            picture.save(buffer, suffix)
            written.append(buffer.getvalue())
    return written


SAMPLES = {name: [known.write(EMBER)] for name, known in WRITABLE_FORMATS.items() if known.write}
SAMPLES["gimp"].append(b"GIMP Palette\nName: n\n0 0 0\n9 9 9 a\n")
SAMPLES["hex"].append(b"000000\n#ff8000\n")
SAMPLES["adobe-aco"] += [
    aco(1, (0, 0, 0, 0, 0), (1, 9, 65535, 65535, 0), (2, 0, 0, 65535, 9)),
    aco(2, (7, 5000, 60000, 9, 0), (8, 10000, 0, 0, 0)),
]
SAMPLES["adobe-ase"].append(
    ase((b"CMYK", (0.1, 0.2, 0.3, 0.4)), (b"LAB ", (0.5, 20.0, -30.0)), (b"Gray", (1.0,)))
)
SAMPLES["adobe-act"].append(bytes([9, 200, 0, 77]) * 192)
SAMPLES["css"].append(b"a { /* --no: 1 */ --ash: #111; --glow: rgb(255, 128, 0); --gap: 4px }\n")
SAMPLES["png"] += pictures()
SAMPLES["rgb-list"] = [
    b"0,0,0\n255,128,0\n",
    b"# ember\n" + b"".join(b"%d %d;%d\n" % (i, 9 * i, 255 - i) for i in range(20)),
]
SAMPLES["gimp"].append(b"GIMP Palette\nChannels: RGBA\n#\n0 0 0 0\n9 9 9 255 a\n1 2 3 9\n")
SAMPLES["paint-net"].append(b"ff0000ff\n00ff00ff\n")
SAMPLES["aseprite"] = [aseprite(PALETTE_CHUNK), aseprite(OLDER_CHUNK, OLD_CHUNK)]
