"""Sample pictures of scikit-image as the source of commands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ditherlab.experiments.sweep_file import read_sweep


def test_the_picture_is_named_after_the_sample(optimize: Callable[..., Any]) -> None:
    ended = optimize("sample:microaneurysms", "--palette", "gray-4", "--json")
    assert json.loads(ended.out)["output"] == "microaneurysms-dithered.png"
    Path("there").mkdir()
    optimize("sample:Microaneurysms", "--palette", "gray-4", "-o", "there/")
    assert [path.name for path in Path("there").iterdir()] == ["microaneurysms-dithered.png"]


def test_other_commands_read_samples_too(run: Callable[..., Any]) -> None:
    ended = run("palette", "extract", "sample:logo", "--colors", "3", "--alpha", "blend")
    assert ended.code == 0, ended.err


def test_an_unknown_sample_is_wrong_usage(run: Callable[..., Any]) -> None:
    ended = run("optimize", "sample:chelsae")
    assert ended.code == 2
    assert ended.error.endswith("got 'chelsae'. Did you mean `chelsea`?")


def test_a_sweep_names_samples(folder: Path) -> None:
    path = folder / "sweep.toml"
    path.write_text('pictures = ["sample:microaneurysms"]\npalette = "gray-4"\ncrop = "8x8+0+0"\n')
    (cell,) = read_sweep(path)
    assert cell.picture.name == "microaneurysms"
