"""Measure what palettes are worth: the figures of `docs/palettes.md`.

    .venv/bin/python benchmarks/palettes.py learned  # 16 learned colors beside classical ones
    .venv/bin/python benchmarks/palettes.py joint    # one palette for five pictures beside five
    .venv/bin/python benchmarks/palettes.py gamut    # learned within a gamut beside rounded
    .venv/bin/python benchmarks/palettes.py rank     # quick ranks beside the full optimization

Each prints a line of JSON for every figure as it comes, and Markdown at the end. The pictures are
those of `benchmarks/quality`, the whole of each.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from statistics import median

import numpy as np
import torch

from benchmarks.quality.pictures import PICTURES, read_source
from ditherlab.experiments import (
    METHODS,
    CurveTask,
    PaletteTrial,
    PaletteVerdict,
    measure_point,
    try_palette,
)
from ditherlab.images import Picture
from ditherlab.objectives import Perceptual
from ditherlab.palette import Color, Palette, named_palettes, parse_gamut
from ditherlab.recipe.presets import PRESETS
from ditherlab.request.optimize_request import OptimizeRequest

RANKED = ("astronaut", "coffee", "chelsea")
RANK_PX, RANK_SWEEPS = 1 << 17, 2
GAMUT_PX = 1 << 15
LEARNING = Perceptual().suited_to(learned_palette=True)


def main() -> None:
    """Measure what the command line names."""
    studies: Mapping[str, Callable[[], None]] = {
        "learned": measure_learned,
        "joint": measure_joint,
        "gamut": measure_gamuts,
        "rank": measure_ranks,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", choices=studies)
    torch.set_num_threads(1)
    studies[parser.parse_args().study]()


def measure_learned() -> None:
    """Compare 16 learned colors with the classical extractions after the same dither, in FLIP."""
    margins = []
    for name in PICTURES:
        flips: dict[str, float] = {}
        for method in METHODS:
            task = CurveTask(read_picture(name), method, 16, preset="balanced")
            flips[method] = measure_point(task).verdict.figures["flip"] or 0.0
            tell(picture=name, method=method, flip=flips[method])
        best = min(flips[method] for method in METHODS[1:])
        margins.append(1 - flips[METHODS[0]] / best)
        cells = " | ".join(f"{flips[method]:.4f}" for method in METHODS)
        print(f"| {name} | {cells} | {margins[-1]:.1%} |", flush=True)
    print(f"median margin over the best classical one: {median(margins):.1%}")


def measure_joint() -> None:
    """Compare one palette of 32 colors for all pictures with one for each."""
    pictures = [read_picture(name) for name in PICTURES]
    request = OptimizeRequest(colors=32)
    joint = request.joint_job(pictures).run().palette
    losses = []
    for picture in pictures:
        own = request.job(picture).run().palette
        verdicts = [judge(picture, palette) for palette in (own, joint)]
        flips = [verdict.figures["flip"] or 0.0 for verdict in verdicts]
        losses.append(flips[1] / flips[0] - 1)
        costs = [verdict.cost for verdict in verdicts]
        tell(picture=picture.name, flip=flips, cost=costs)
        print(
            f"| {picture.name} | {flips[0]:.4f} | {flips[1]:.4f} | {losses[-1]:+.1%} | "
            f"{costs[1] / costs[0] - 1:+.0%} |",
            flush=True,
        )
    print(f"mean loss in FLIP: {sum(losses) / len(losses):.1%}")


def measure_gamuts() -> None:
    """Compare palettes that were learned within a gamut with those rounded to it in the end."""
    for words in ("rgb332", "rgb444"):
        gamut = parse_gamut(words)
        for name in PICTURES:
            picture = read_picture(name).shrink(GAMUT_PX)
            for num_colors in (8, 16):
                request = OptimizeRequest(colors=num_colors)
                free = request.job(picture).run().palette
                rounded: list[Color] = [gamut.nearest(color) for color in free.colors]
                within = replace(request, gamut=words).job(picture).run().palette
                palettes = (free, within, Palette(tuple(rounded)))
                costs = [judge(picture, palette).cost for palette in palettes]
                tell(gamut=words, picture=name, colors=num_colors, cost=costs)


def measure_ranks() -> None:
    """Compare the order of `palette rank` with that of the full optimization at full size."""
    for name in RANKED:
        picture = read_picture(name)
        full, quick, seconds = [], [], 0.0
        for words, palette in named_palettes().items():
            full.append(try_palette(PaletteTrial(picture, palette, num_sweeps=12)).cost)
            start_s = time.monotonic()
            trial = PaletteTrial(picture.shrink(RANK_PX), palette, num_sweeps=RANK_SWEEPS)
            quick.append(try_palette(trial).cost)
            seconds += time.monotonic() - start_s
            tell(picture=name, palette=words, full=full[-1], quick=quick[-1])
        tau = kendall_tau(full, quick)
        print(f"| {name} | {tau:.3f} | {seconds:.0f} s of one core |", flush=True)


def kendall_tau(one: list[float], other: list[float]) -> float:
    """Return how far two orders agree, from -1 to 1; no two entries are equal."""
    signs = [
        np.sign((one[a] - one[b]) * (other[a] - other[b]))
        for a, b in combinations(range(len(one)), 2)
    ]
    return float(np.mean(signs))


def judge(picture: Picture, palette: Palette) -> PaletteVerdict:
    """Dither with a palette as if it had been learned, and judge the picture."""
    sweeps = PRESETS["balanced"].num_sweeps
    return try_palette(PaletteTrial(picture, palette, LEARNING, "none", num_sweeps=sweeps))


def read_picture(name: str) -> Picture:
    """Return a development picture."""
    pixels = read_source(name)
    return Picture(pixels, opaque=np.ones(pixels.shape[:2], dtype=bool), name=name)


def tell(**figures: object) -> None:
    """Print a line of JSON."""
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
