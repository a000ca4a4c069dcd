"""Packing of index images into bytes for the drivers of display panels."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

from ditherlab.errors import PictureError

_NUMBERS_OF_BITS = (1, 2, 4, 8)


def packed_bits(largest: int) -> int:
    """Return the bits that a pixel needs, 1, 2, 4 or 8, if `largest` is the largest index.

    Example:
        >>> [packed_bits(largest) for largest in (1, 2, 6, 16)]
        [1, 2, 4, 8]
    """
    return next(bits for bits in _NUMBERS_OF_BITS if largest < 1 << bits)


def pack_indices(indices: UInt8[np.ndarray, "h w"], num_bits: int) -> bytes:
    """Pack an index image: rows from the top, pixels from the left into the highest bits first.

    Each row begins with a new byte; unused bits of its last byte are zero.

    Args:
        indices: index image, uint8 `[h w]`.
        num_bits: bits a pixel: 1, 2, 4 or 8.

    Returns:
        `h` rows of `ceil(w * num_bits / 8)` bytes.

    Raises:
        PictureError: if `num_bits` is not one of these, or too small for an index.

    Example:
        >>> pack_indices(np.array([[1, 0, 3], [2, 2, 2]], dtype=np.uint8), 2).hex(" ")
        '4c a8'
    """
    if num_bits not in _NUMBERS_OF_BITS:
        raise PictureError(f"`num_bits` must be 1, 2, 4 or 8, got {num_bits}.")
    if indices.size and int(indices.max()) >= 1 << num_bits:
        raise PictureError(
            f"`indices` must be below {1 << num_bits} to fit into {num_bits} bits, got "
            f"{int(indices.max())}. Use more bits."
        )
    height, width = indices.shape
    num_a_byte = 8 // num_bits
    padded = np.zeros((height, -(-width // num_a_byte), num_a_byte), dtype=np.uint8)
    padded.reshape(height, -1)[:, :width] = indices
    shifts = np.arange(8 - num_bits, -1, -num_bits, dtype=np.uint8)
    packed: UInt8[np.ndarray, "h n"] = np.bitwise_or.reduce(padded << shifts, axis=2)
    return packed.tobytes()
