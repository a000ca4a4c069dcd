from math import comb

import pytest

from ditherlab.discrete.cells import cell_rule, cell_rules
from ditherlab.errors import RequestError

# Two of eight or fifteen or sixteen; black is in both sets of the ZX Spectrum.
NUM_SUBPALETTES = {
    "zx-spectrum": 2 * comb(8, 2),
    "msx-screen-2": comb(15, 2),
    "c64-hires": comb(16, 2),
}


@pytest.mark.parametrize("name", cell_rules())
def test_a_machine_has_all_its_subpalettes_once_and_a_source(name: str) -> None:
    rule = cell_rule(name)
    sets = {frozenset(subpalette) for subpalette in rule.subpalettes}
    assert len(sets) == len(rule.subpalettes) == NUM_SUBPALETTES[name]
    assert set().union(*sets) == set(range(len(rule.palette)))
    assert rule.name == name
    assert len(rule.source) > 20


def test_colors_of_the_zx_spectrum_are_of_one_brightness() -> None:
    rule = cell_rule("zx-spectrum")
    for subpalette in rule.subpalettes:
        levels = {level for index in subpalette for level in rule.palette.colors[index]} - {0}
        assert levels in ({0xD8}, {0xFF})


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(RequestError, match=r"must be a known machine, got 'zx-spektrum'. .*zx-sp"):
        cell_rule("zx-spektrum")
