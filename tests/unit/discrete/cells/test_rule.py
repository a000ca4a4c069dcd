from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ditherlab.discrete.cells import CellRule, cell_rule
from ditherlab.errors import RequestError
from ditherlab.palette import Palette

RULE = CellRule(
    name="tiles",
    palette=Palette.from_hex(["000", "fff", "f00", "00f"]),
    height_px=2,
    width_px=3,
    subpalettes=((0, 1), (0, 2), (1, 3)),
    source="A test",
)


def test_breaches_are_counted_cell_by_cell() -> None:
    generator = np.random.default_rng(7)
    indices = generator.integers(4, size=(7, 8)) * generator.integers(2, size=(7, 8))
    breaches = 0
    for top, left in product(range(0, 7, 2), range(0, 8, 3)):
        shown = set(indices[top : top + 2, left : left + 3].flatten().tolist())
        breaches += not any(shown <= set(subpalette) for subpalette in RULE.subpalettes)
    assert 0 < breaches < 12
    assert RULE.num_breaches(indices) == breaches


def test_transparent_pixels_break_nothing() -> None:
    indices = np.array([[0, 1, 3], [0, 0, 0]])
    opaque = np.array([[True, True, False], [True, True, True]])
    assert RULE.num_breaches(indices) == 1
    assert RULE.num_breaches(indices, opaque) == 0
    assert RULE.num_breaches(indices, np.zeros_like(opaque)) == 0


def test_both_of_a_cell_are_of_one_brightness_on_the_zx_spectrum() -> None:
    rule = cell_rule("zx-spectrum")
    blue, bright_red, bright_white = 1, 9, 14
    cell = np.zeros((8, 8), dtype=int)
    cell[0, 0] = bright_red
    assert rule.num_breaches(cell) == 0
    cell[cell == 0] = bright_white
    assert rule.num_breaches(cell) == 0
    cell[7, 7] = blue
    assert rule.num_breaches(cell) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"height_px": 0}, "must be at least 1 pixel high and wide, got 3 x 0"),
        ({"subpalettes": ()}, "must be equally many different colors"),
        ({"subpalettes": ((0, 1), (2,))}, r"equally many .* got \[1, 2\] colors"),
        ({"subpalettes": ((0, 1), (2, 2))}, "equally many different colors"),
        ({"subpalettes": ((0, 1), (2, 4))}, "must be indices from 0 to 3"),
        ({"subpalettes": ((),)}, "must be indices from 0 to 3, at least one"),
    ],
)
def test_what_is_no_rule_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        replace(RULE, **changes)  # type: ignore[arg-type]
