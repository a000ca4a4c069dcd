"""Transparent colors of pictures that serve as palettes are in the units of their files."""

import struct

import numpy as np
import pytest

from ditherlab.palette import parse_palette
from tests.png_files import png


@pytest.mark.parametrize("key", [0, 1, 2, 3])
def test_a_gray_key_of_2_bits(key: int) -> None:
    data = png(4, 1, 2, 0, b"\0\x1b", tRNS=struct.pack(">H", key))
    levels = [place * 85 for place in range(4) if place != key]
    assert parse_palette(data, "some.png").colors == tuple((v, v, v) for v in levels)


@pytest.mark.parametrize("key", range(3))
def test_a_color_key_of_16_bits(key: int) -> None:
    """The first two colors differ in their lower bytes only."""
    samples = np.array([[10 << 8, 0, 5], [10 << 8, 0, 6], [200 << 8, 0, 7]], dtype=">u2")
    rows = b"\0" + samples.tobytes() + b"\xff" * 6
    data = png(4, 1, 16, 2, rows, tRNS=samples[key].tobytes())
    left = {(10, 0, 0), (200, 0, 0)} if key < 2 else {(10, 0, 0)}
    assert set(parse_palette(data, "some.png").colors) == left | {(255, 255, 255)}
