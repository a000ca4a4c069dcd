"""Sweeps that would be too large, and values that no number or list is."""

from collections.abc import Callable
from inspect import signature

import pytest

from ditherlab.cli.sweep import sweep
from ditherlab.errors import RequestError
from ditherlab.experiments import MAX_CELLS, read_sweep
from ditherlab.experiments.sweep_axes import num_points, points

THOUSAND = str(list(range(1000)))
NINES = "9" * 5000


@pytest.mark.parametrize(
    "axes",
    [
        {},
        {"seed": [0]},
        {"seed": [0, 1, 2], "steps": [1, 2]},
        {"palette": ["ega", "nes"], "colors": [3], "cells": ["zx-spectrum"], "seed": [0, 1]},
        {"cells": ["zx-spectrum"]},
        {"seed": [0, 0], "palette": ["ega"], "steps": [None, 4]},
    ],
)
def test_points_are_counted_as_they_are_listed(axes: dict[str, list[object]]) -> None:
    assert num_points(axes) == len(list(points(axes)))


@pytest.mark.parametrize(
    ("changes", "num_cells"),
    [
        ({"seeds": THOUSAND, "steps": THOUSAND, "strengths": THOUSAND}, 10**9),
        ({"seeds": THOUSAND, "steps": "[1,2,3,4,5,6,7,8,9,10,11]"}, 11_000),
        ({"seeds": THOUSAND, "more": f"[[also]]\nsteps = {THOUSAND}"}, 10**6 + 1000),
        ({"more": f"seeds = {THOUSAND}\n" + "[[also]]\n" * 10}, 11_000),
        ({"palettes": str(["ega"] * 200), "colors": str([4] * 200), "seeds": THOUSAND}, 400_000),
        (dict.fromkeys(("seeds", "steps", "samples", "sweeps", "crisp"), THOUSAND), None),
        ({"pictures": str(["none.png"] * 101), "seeds": str(list(range(100)))}, 10_100),
    ],
)
def test_a_sweep_of_too_many_cells_is_refused_before_any_is_made(
    changes: dict[str, str], num_cells: int | None, write: Callable[..., object]
) -> None:
    changes = {name.replace("crisp", "learning_rates"): value for name, value in changes.items()}
    message = f"sweep.toml: A sweep must have at most 10000 cells, got {num_cells or 10**15}. Short"
    with pytest.raises(RequestError, match=message):
        read_sweep(write(**changes))


def test_the_limit_can_be_changed(write: Callable[..., object]) -> None:
    path = write(seeds="[0, 1, 2]")
    assert len(read_sweep(path, max_cells=3)) == 3
    with pytest.raises(RequestError, match="at most 2 cells, got 3"):
        read_sweep(path, max_cells=2)
    default = next(option for option in sweep.params if option.name == "max_cells").default
    assert default == MAX_CELLS == signature(read_sweep).parameters["max_cells"].default


def test_cells_that_are_asked_for_twice_count_twice(write: Callable[..., object]) -> None:
    with pytest.raises(RequestError, match="at most 2 cells, got 3"):
        read_sweep(write(seeds="[0, 0, 0]"), max_cells=2)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("deep = " + "[" * 5000 + "]" * 5000, "its values are nested too deeply. Write lists"),
        ("deep = " + "[" * 5000, "its values are nested too deeply"),
        ("deep = " + "{a = " * 5000 + "1" + "}" * 5000, "its values are nested too deeply"),
        ("seeds = " + "[" * 60 + "]" * 60, "`seeds` must be a whole number, got "),
        ("a" + ".a" * 5000 + " = 1", "Unknown key `a`"),
        (f"seed = {NINES}", "is not valid TOML: "),
        (f"seed = {'9' * 400}", "`seed` must have at most 19 digits, got 9"),
        (f"seed = 0x{'f' * 5000}", "`seed` must have at most 19 digits, got a number of too many"),
        (f"seed = 0b{'1' * 20000}", "`seed` must have at most 19 digits, got a number of too many"),
        (f"strength = {'9' * 400}", "`strength` must have at most 19 digits"),
        (f"strength = {NINES}.0", "`strength` must have at most 19 digits, got inf"),
        ("strength = 1e400", "`strength` must have at most 19 digits, got inf"),
        ("strength = nan", "`strength` must have at most 19 digits, got nan"),
        (f"lock = 0x{'f' * 5000}", '`lock` must be text in quotes, "...", got a number of too m'),
        (f"fit = 0x{'f' * 5000}", "`fit` must be auto, none, clip or compress, got a number of t"),
        (f"palette = [[0x{'f' * 5000}]]", "`palette` must be text in quotes"),
        (f"seeds = 0o{'7' * 9000}", r"`seeds` must be a list, got a number of too many digits"),
        (f"crop = '{NINES}x1+0+0'", "`--crop` must be WxH"),
        (f"# {'x' * (1 << 24)}", "is not valid TOML: it has more than 16777216 bytes"),
    ],
)
def test_a_value_that_is_too_deep_or_too_long_is_one_sentence(
    more: str, message: str, write: Callable[..., object]
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        read_sweep(write(more=more, palettes=None))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 6000
