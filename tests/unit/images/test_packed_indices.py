import numpy as np
import pytest

from ditherlab.errors import PictureError
from ditherlab.images import pack_indices, packed_bits


def unpacked(data: bytes, height: int, width: int, num_bits: int) -> np.ndarray:
    """Read bit by bit, which is slow and cannot go wrong."""
    rows = np.frombuffer(data, dtype=np.uint8).reshape(height, -1)
    bits = np.unpackbits(rows, axis=1)[:, : width * num_bits].reshape(height, width, num_bits)
    return np.array([[int("".join(map(str, pixel)), 2) for pixel in row] for row in bits])


@pytest.mark.parametrize("num_bits", [1, 2, 4, 8])
@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 33])
def test_what_is_packed_can_be_unpacked(num_bits: int, width: int) -> None:
    indices = np.random.default_rng(width).integers(0, 1 << num_bits, (5, width), dtype=np.uint8)
    packed = pack_indices(indices, num_bits)
    assert len(packed) == 5 * -(-width * num_bits // 8)
    assert (unpacked(packed, 5, width, num_bits) == indices).all()


def test_first_pixels_are_in_the_highest_bits_and_padding_is_zero() -> None:
    ones = np.ones((2, 3), dtype=np.uint8)
    assert pack_indices(ones, 1) == b"\xe0\xe0"
    assert pack_indices(ones, 2) == b"\x54\x54"
    assert pack_indices(ones, 4) == b"\x11\x10" * 2
    assert pack_indices(ones, 8) == b"\1" * 6


def test_as_few_bits_as_the_largest_index_needs() -> None:
    needed = {1: 1, 2: 2, 3: 2, 4: 4, 15: 4, 16: 8, 255: 8}
    assert {largest: packed_bits(largest) for largest in needed} == needed


def test_what_cannot_be_packed() -> None:
    with pytest.raises(PictureError, match=r"^`num_bits` must be 1, 2, 4 or 8, got 3\.$"):
        pack_indices(np.zeros((1, 1), dtype=np.uint8), 3)
    with pytest.raises(PictureError, match=r"must be below 4 to fit into 2 bits, got 4\. Use more"):
        pack_indices(np.array([[4]], dtype=np.uint8), 2)
