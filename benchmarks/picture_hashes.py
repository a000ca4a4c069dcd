"""Hashes of the pictures that many settings give: run it before and after a change, and compare.

    python -m benchmarks.picture_hashes > before.txt

Each line is a name and the SHA-256 of the indices and the palette in the PNG that the command line
writes. Text chunks do not count. Hashes differ between machines and versions of torch.
"""

import hashlib
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from ditherlab.cli import main as ditherlab

IMAGES = Path(__file__).parents[1] / "images"

# Left, top, width and height of the crops that the small runs take.
CROPS: Mapping[str, tuple[str, tuple[int, int, int, int]]] = {
    "face": ("astronaut.png", (200, 70, 48, 40)),
    "cup": ("coffee.png", (180, 100, 44, 52)),
    "ramp": ("gray-ramp.png", (100, 90, 64, 33)),
}

RUNS: Mapping[str, tuple[str, str]] = {
    "default": ("face", ""),
    "fast": ("cup", "--colors 8 --preset fast"),
    "best": ("face", "--colors 6 --preset best"),
    "best with a gamut": ("face", "--colors 6 --preset best --gamut rgb444"),
    "seed": ("face", "--colors 5 --seed 3"),
    "named palette": ("face", "--palette pico-8"),
    "best named palette": ("face", "--palette pico-8 --preset best"),
    "black and white": ("cup", "--palette black-and-white"),
    "gray picture": ("ramp", "--colors 4"),
    "gray picture in a gamut": ("ramp", "--colors 3 --gamut bits=2"),
    "clipped by itself": ("face", "--palette game-boy"),
    "compressed": ("face", "--palette game-boy --fit compress"),
    "measured": ("face", "--palette #000,#fff,#f00 --measured #222,#ccc,#a32"),
    "panel": ("face", "--palette e-ink-6-measured"),
    "locked": ("face", "--colors 6 --lock #000,#fff"),
    "locked in a gamut": ("face", "--colors 6 --gamut rgb332 --lock #000"),
    "cells": ("face", "--cells zx-spectrum"),
    "cells without a polish": ("cup", "--cells c64-hires --polish none"),
    "strength": ("face", "--palette pico-8 --strength .5"),
    "strength beside learned colors": ("face", "--colors 4 --strength .7"),
    "crisp": ("face", "--colors 4 --crisp .1 --pixels-per-degree 67"),
    "steps": ("face", "--palette pico-8 --steps 20"),
    "steps from error diffusion": (
        "face",
        "--palette pico-8 --estimator moments --start error-diffusion --steps 10",
    ),
    "learned from the nearest": ("face", "--colors 5 --start nearest --steps 30"),
    "learned by adam": ("face", "--colors 5 --optimizer adam --steps 30"),
    "flips": ("face", "--palette pico-8 --polish flips --sweeps 2"),
    "no polish": ("face", "--colors 5 --polish none"),
    "gumbel-softmax": (
        "face",
        "--palette pico-8 --estimator gumbel-softmax --steps 15 --temperature 1:.1",
    ),
    "reinmax": ("face", "--palette pico-8 --estimator reinmax --steps 15"),
    "drawn": ("face", "--palette black-and-white --estimator disarm --steps 9 --draw sample"),
    "learned by gumbel-softmax": (
        "face",
        "--colors 4 --estimator gumbel-softmax --start nearest --steps 12",
    ),
    "variance": ("face", "--colors 4 --objective variance --steps 20"),
    "variance of drawn pictures": ("cup", "--palette ega --objective variance(c=1) --steps 20"),
    "ssim": ("face", "--palette ega --objective ssim --steps 12"),
    "viewed-ssim": ("face", "--colors 4 --objective viewed-ssim --steps 12"),
    "viewed-error": ("face", "--colors 4 --objective viewed-error"),
    "a sum": ("face", "--palette ega --objective viewed-error+.1*viewed-ssim --steps 12"),
    "local credit": (
        "cup",
        "--palette black-and-white --objective ssim --estimator leave-one-out(credit=local) "
        "--steps 12 --samples 3",
    ),
    "noise": ("face", "--palette gray-4 --model noise --noise triangular --steps 20"),
    "noise of channels": ("face", "--palette pico-8 --model noise(scope=channel) --steps 12"),
    "mask": ("face", "--palette gray-4 --model ordered --steps 20"),
    "mask beside learned colors": ("face", "--colors 4 --model ordered(size=8) --steps 12"),
    "gibbs": ("cup", "--palette gray-4 --method gibbs-with-gradients --sweeps 1"),
    "gibbs and polish": (
        "cup",
        "--palette gray-4 --method gibbs-with-gradients(heat=.1) --sweeps 1 --polish swaps",
    ),
    "cross-entropy": ("face", "--palette ega --method cross-entropy --steps 10"),
    "cross-entropy beside learned colors": (
        "face",
        "--colors 3 --method cross-entropy(num_samples=8) --steps 10 --start nearest",
    ),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for crop, (name, (left, top, width, height)) in CROPS.items():
            part = Image.open(IMAGES / name).crop((left, top, left + width, top + height))
            part.save(Path(folder) / f"{crop}.png")
        for label, (crop, options) in RUNS.items():
            output = Path(folder) / "out.png"
            words = ["optimize", str(Path(folder) / f"{crop}.png"), *options.split()]
            try:
                ditherlab([*words, "--overwrite", "--quiet", "-o", str(output)])
            except SystemExit as ended:
                if ended.code:
                    sys.exit(f"'{label}' ended with {ended.code}.")
            print(f"{_hash(output)}  {label}", flush=True)


def _hash(path: Path) -> str:
    with Image.open(path) as image:
        indices, palette = np.asarray(image), image.getpalette()
    return hashlib.sha256(indices.tobytes() + repr(palette).encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
