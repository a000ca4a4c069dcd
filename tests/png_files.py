"""PNG files with any chunks and samples, which Pillow does not write."""

import struct
import zlib


def png(
    width: int, height: int, depth: int, color_type: int, rows: bytes, **chunks: bytes
) -> bytes:
    """Write samples as they are; `rows` has a filter byte before each row."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)),
            *(chunk(kind.encode(), data) for kind, data in chunks.items()),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def rgb_png(color: tuple[int, int, int], **chunks: bytes) -> bytes:
    """Write a picture of a single pixel with 8 bits a channel."""
    return png(1, 1, 8, 2, b"\0" + bytes(color), **chunks)


def gamma_chunk(gamma: float) -> bytes:
    """Return the content of a gAMA chunk."""
    return struct.pack(">I", round(gamma * 100_000))


def chromaticities_chunk(*numbers: float) -> bytes:
    """Return the content of a cHRM chunk: x and y of white, red, green and blue."""
    return struct.pack(">8I", *(round(number * 100_000) for number in numbers))
