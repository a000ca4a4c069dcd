"""Learned masks and noise beside fixed ones, and methods beside gradient descent.

    python -m benchmarks.models masks noise methods > docs/models/measured.jsonl

Prices are those of the default objective; all masks and noises are laid over the same pictures in
the same coordinates.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from benchmarks.quality.pictures import PICTURES, read_source
from ditherlab.images import Picture
from ditherlab.models import (
    BoundModel,
    Model,
    Noise,
    Ordered,
    RepeatedMask,
    Rounding,
    low_power_db,
    rank_mask,
    void_and_cluster_mask,
    white_noise_mask,
)
from ditherlab.palette import named_palette
from ditherlab.problem import Limits, Problem
from ditherlab.randomness import seeded_generator
from ditherlab.recipe import Recipe, Shorthands, default_recipe
from ditherlab.solver.solution import Solution
from ditherlab.solver.solver import optimize

PALETTES = ("black-and-white", "gray-4", "gray-8")
PHOTOS = ("astronaut", "chelsea", "coffee")
NUM_SEEDS = 3
STARTS: tuple[Literal["blue", "white"], ...] = ("blue", "white")

NOISES = (Noise("uniform"), Noise("triangular"), Noise("normal"), Noise("uniform", "pixel"))

SECONDS, METHOD_PX = 20.0, 1 << 15
_ENDLESS = 1_000_000
_DESCENT = f"nearest | descend(estimator={{}}, optimizer={{}}, steps={_ENDLESS}) | draw"
_GIBBS = f"gibbs-with-gradients(sweeps={_ENDLESS})"
_CROSS_ENTROPY = f"cross-entropy(steps={_ENDLESS})"
WAYS: Mapping[str, str] = {
    "error diffusion alone": "error-diffusion",
    "error diffusion and the polish": "error-diffusion | polish(sweeps=60)",
    "descent: moments, mean-field": _DESCENT.format("moments", "mean-field"),
    "descent: leave-one-out(credit=local), natural-gradient": _DESCENT.format(
        "leave-one-out(credit=local)", "natural-gradient"
    ),
    "gibbs-with-gradients": f"error-diffusion | {_GIBBS}",
    "gibbs-with-gradients, from the nearest colors": f"nearest | {_GIBBS}",
    "cross-entropy": f"error-diffusion | {_CROSS_ENTROPY}",
    "cross-entropy, from the nearest colors": f"nearest | {_CROSS_ENTROPY}",
}

# The sheet of masks: the size of a tile, and what of the photo is shown, in pixels.
TILE_PX = 288
CROP = (120, 200)

# How a given mask may be moved and stretched to suit a picture.
SHIFTS = (-0.1, -0.05, 0.0, 0.05, 0.1)
SCALES = (0.7, 0.8, 0.9, 1.0, 1.1)


@torch.no_grad()
def price(problem: Problem, model: BoundModel) -> float:
    """Return what the pictures of a model cost in expectation."""
    target = problem.target()
    cost = problem.objective.bind(target)
    return float(cost.expected(model.probs(1.0), problem.fixed_colors()))


def mask_rows() -> Iterator[dict[str, Any]]:
    """Price each mask on each photo in each palette, and say how blue it is."""
    for name, palette, seed, start in product(PHOTOS, PALETTES, range(NUM_SEEDS), STARTS):
        problem = _problem(name, palette)
        generator = seeded_generator(seed)
        solution = optimize(problem, _learning(problem, Ordered(start=start)), seed=seed)
        learned = _mask(solution)
        masks = {
            "void-and-cluster": void_and_cluster_mask(16, generator),
            "white noise": white_noise_mask(16, generator),
            "learned": learned,
            "learned, evenly spread": rank_mask(learned),
        }
        for kind, mask in masks.items():
            prices = {
                (shift, scale): _price_mask(problem, shift + scale * mask)
                for shift, scale in product(SHIFTS, SCALES)
            }
            yield {
                "picture": name,
                "palette": palette,
                "seed": seed,
                "start": start,
                "mask": kind,
                "price": prices[0.0, 1.0],
                "best_moved": min(prices.values()),
                "low_db": low_power_db(mask),
                "seconds": solution.seconds,
            }


def _price_mask(problem: Problem, mask: Tensor) -> float:
    rounding = Rounding.of(problem.target(), problem.fixed_colors())
    return price(problem, RepeatedMask(rounding, mask[None]))


def noise_rows() -> Iterator[dict[str, Any]]:
    """Price learned noise on each photo, beside white noise that is one step wide."""
    for name, palette in product(PICTURES, PALETTES[:2]):
        for model in NOISES:
            problem = _problem(name, palette)
            generator = seeded_generator(0)
            rounding = Rounding.of(problem.target(), problem.fixed_colors())
            fixed = Noise(shape="uniform").bind(rounding, generator)
            solution = optimize(problem, _learning(problem, model))
            row = {
                "picture": name,
                "palette": palette,
                "model": str(model),
                "fixed": price(problem, fixed),
                "learned": solution.history.snapshots[-1].cost,
                "seconds": solution.seconds,
            }
            if model.scope == "picture":
                row |= {key: float(value) for key, value in solution.parameters.items()}
            yield row


def method_rows() -> Iterator[dict[str, Any]]:
    """Price what each way to a picture reaches in the same time."""
    for name, palette in product(PHOTOS, ("black-and-white", "pico-8")):
        problem = _problem(name, palette, METHOD_PX)
        for words, recipe in WAYS.items():
            solution = optimize(problem, recipe, limits=Limits(seconds=SECONDS))
            target = problem.target()
            shown = solution.show(solution.indices, target)[None]
            yield {
                "picture": name,
                "palette": palette,
                "way": words,
                "price": float(problem.objective.bind(target).cost(shown)),
                "seconds": solution.seconds,
                "outcome": solution.outcome,
                "evaluations": solution.history.num_evaluations,
                "backward_passes": solution.history.num_backward_passes,
            }


def _problem(name: str, palette: str, max_px: int | None = None) -> Problem:
    pixels = read_source(name)
    picture = Picture(pixels=pixels, opaque=np.ones(pixels.shape[:2], dtype=np.bool_))
    return Problem(
        picture=picture if max_px is None else picture.shrink(max_px),
        palette=named_palette(palette),
    )


def _learning(problem: Problem, model: Model) -> Recipe:
    return default_recipe(problem, Shorthands(model=model))


def _mask(solution: Solution) -> Tensor:
    """Return the mask of the only channel of the only picture."""
    return solution.parameters["mask"][0, 0]


TABLES: Mapping[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "masks": mask_rows,
    "noise": noise_rows,
    "methods": method_rows,
}


def draw_masks(path: Path) -> None:
    """Write a sheet: masks, their spectra, and what they make of a photo."""
    problem = _problem("coffee", "black-and-white")
    learned = _mask(optimize(problem, _learning(problem, Ordered(start="white"))))
    generator = seeded_generator(0)
    masks = (
        white_noise_mask(16, generator),
        void_and_cluster_mask(16, generator),
        learned,
        rank_mask(learned),
    )
    rounding = Rounding.of(problem.target(), problem.fixed_colors())
    columns = []
    for mask in masks:
        firm = RepeatedMask(rounding, mask[None]).probs(1.0)[0]
        white = firm.argmax(dim=0) == problem.fixed_colors()[0, :, 0].argmax()
        crop = white[CROP[0] : CROP[0] + 96, CROP[1] : CROP[1] + 96]
        power = torch.fft.fftshift(torch.fft.fft2(mask - mask.mean()).abs())
        tiles = (_levels(rank_mask(mask)), _levels(power), crop.numpy() * np.uint8(255))
        big = [np.kron(tile, np.ones((TILE_PX // len(tile),) * 2, np.uint8)) for tile in tiles]
        columns.append(np.concatenate([np.pad(tile, 4, constant_values=255) for tile in big]))
    Image.fromarray(np.concatenate(columns, axis=1)).save(path, optimize=True)


def _levels(values: Tensor) -> NDArray[np.uint8]:
    spread = (values - values.min()) / (values.max() - values.min())
    return (spread * 255).round().to(torch.uint8).numpy()


def main() -> None:
    """Measure what is named, a line of JSON each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES])
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write the sheet of masks")
    words = parser.parse_args()
    if words.draw:
        draw_masks(words.draw)
    for table in words.tables:
        for row in TABLES[table]():
            print(json.dumps({"table": table, **row}), flush=True)


if __name__ == "__main__":
    main()
