"""`optimize --metrics`: further metrics in the table and in the report."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab.metrics import measure

Optimize = Callable[..., Any]

QUICK = ("--palette", "pico-8", "--start", "nearest", "--polish", "none", "--steps", "1")


def to_images(path: str) -> torch.Tensor:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).unsqueeze(0) / 255


def test_the_table_has_a_column_for_each_further_metric(photo: Path, run: Optimize) -> None:
    ended = run("optimize", photo, *QUICK, "--metrics", "uqi,ERGAS,vp,psnr")
    assert ended.code == 0
    _, head, *rows, last = ended.out.decode().splitlines()
    assert head.split() == [
        *("raw", "vs", "vp/dB", "ls", "lp/dB", "uqi", "ergas", "psnr/dB", "bytes", "s")
    ]
    assert [len(row.split()) for row in rows] == [11, 11, 11]
    assert "-" not in rows[0].split()
    assert last == "Lower is better for ergas."


def test_json_has_the_values_of_the_written_picture(photo: Path, run: Optimize) -> None:
    words = ("--metrics", "uqi,rmse-sw", "--json", "--report", "run.json")
    document = json.loads(run("optimize", photo, *QUICK, *words).out)
    expected = measure(
        to_images("photo.png"), to_images("photo-dithered.png"), metrics=["uqi", "rmse-sw"]
    )
    assert document["metrics"] == pytest.approx(expected)
    assert list(document["metrics"]) == ["raw", "vs", "vp", "ls", "lp", "uqi", "rmse-sw"]
    assert document["lower_is_better"] == ["rmse-sw"]
    assert {"uqi", "rmse-sw"} <= set(document["baselines"]["nearest"])
    assert json.loads(Path("run.json").read_text()) == document


def test_a_metric_that_is_not_defined_is_a_dash_and_a_note(photo: Path, run: Optimize) -> None:
    gray = ("--palette", "gray-4", *QUICK[2:])
    ended = run("optimize", photo, *gray, "--metrics", "ms-ssim,sam")
    notes = [
        "`ms-ssim` needs a picture of at least 176 x 176 pixels, got 32 x 24.",
        "`sam` compares colors, and in gray only the luminance counts.",
    ]
    assert ended.err.splitlines()[:2] == notes
    assert ended.out.decode().splitlines()[2].split()[6:8] == ["-", "-"]
    document = json.loads(
        run("optimize", photo, *gray, "--metrics", "ms-ssim,sam", "--json", "--overwrite").out
    )
    assert (document["metrics"]["ms-ssim"], document["metrics"]["sam"]) == (None, None)
    assert document["notes"][-2:] == notes


def test_a_value_that_is_not_finite_is_a_dash_and_a_note(folder: Path, run: Optimize) -> None:
    Image.new("RGB", (24, 24)).save("black.png")
    ended = run("optimize", "black.png", *QUICK, "--metrics", "ergas")
    assert "`ergas` is not finite for ditherlab, nearest, floyd-steinberg." in ended.err


@pytest.mark.parametrize(
    ("names", "message"),
    [("uqii", "Did you mean `uqi`?"), ("dists", "needs a network that is downloaded.")],
)
def test_unknown_names_are_refused_before_the_source_is_read(
    names: str, message: str, run: Optimize
) -> None:
    ended = run("optimize", "missing.png", "--metrics", names)
    assert ended.code == 2
    assert message in ended.error


def test_a_metric_that_needs_too_much_memory_is_refused_before_the_run(
    folder: Path, run: Optimize, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (700, 700), 9).save("large.png")
    # If the check lets it pass, it must not take the memory of the tests.
    monkeypatch.setattr("ditherlab.solver.solver.Loop", None)
    words = ("--palette", "gray-4", "--metrics", "tv,vif,uqi", "--max-memory", "200MiB")
    ended = run("optimize", "large.png", *words)
    assert ended.code == 1
    assert ended.error == (
        "A picture of 700 x 700 pixels needs about 374 MiB of memory for `--metrics uqi`, and 200 "
        "MiB are allowed. Leave them out, or allow more (`--max-memory`)."
    )


def test_a_metric_is_optimized_and_read_back_from_the_picture(photo: Path, run: Optimize) -> None:
    objective = "viewed-error+0.1*torchmetrics:uqi(kernel_size=7:7)"
    words = ("--palette", "pico-8", "--steps", "3", "--json")
    first = json.loads(run("optimize", photo, *words, "--objective", objective).out)
    assert first["objective"] == objective
    assert first["backward_passes"] > 0
    again = run("optimize", photo, "--like", "photo-dithered.png", "-o", "again.png")
    assert again.code == 0, again.err
    assert Path("again.png").read_bytes() == Path("photo-dithered.png").read_bytes()


def test_without_the_option_neither_library_is_imported(photo: Path) -> None:
    code = (
        "import sys\n"
        "from ditherlab.cli import main\n"
        "try:\n"
        f"    main(['optimize', 'photo.png', *{QUICK[:2]!r}, '--steps', '1'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "assert 'torch' in sys.modules\n"
        "assert not {'torchmetrics', 'skimage', 'scipy'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
