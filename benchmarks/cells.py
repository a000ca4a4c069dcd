"""FLIP of pictures for old machines, beside what is done without optimizing, as a table.

    python -m benchmarks.cells zx-spectrum msx-screen-2 --write docs/cells

`--write` puts the pictures of the astronaut into a folder. Every picture is checked to obey its
machine.
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.quality.pictures import PICTURES, read_source
from benchmarks.quality.task import Pixels
from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.cells import CellRule, cell_rule
from ditherlab.discrete.error_diffusion import diffuse_error
from ditherlab.images import Picture
from ditherlab.problem import Problem
from ditherlab.solver.solver import optimize
from ditherlab.vision.color import srgb_to_linear, srgb_to_oklab
from ditherlab.vision.packaged_metrics import flip_error

SHOWN = "astronaut"


def nearest_in_cells(pixels: Pixels, rule: CellRule) -> tuple[AllowedColors, Pixels]:
    """Show the nearest colors in OKLab, in the sub-palette of each cell in which they are nearest.

    Returns:
        What each pixel may show, and the indices.
    """
    palette = srgb_to_oklab(rule.palette.srgb(), dim=1)
    wanted = srgb_to_oklab(torch.from_numpy(pixels).float() / 255, dim=2)
    prices = torch.stack([(wanted - color).square().sum(dim=2) for color in palette])
    height, width = pixels.shape[:2]
    columns = -(-width // rule.width_px)
    rows = torch.arange(height)[:, None] // rule.height_px
    cells = rows * columns + torch.arange(width) // rule.width_px
    totals = torch.stack(
        [
            torch.zeros(int(cells.max()) + 1).index_add(
                0, cells.flatten(), prices[list(subpalette)].amin(dim=0).flatten()
            )
            for subpalette in rule.subpalettes
        ]
    )
    allowed = AllowedColors(torch.from_numpy(rule.members), totals.argmin(dim=0)[cells])
    every_pixel = (slice(None), slice(None))
    nearest = prices.masked_fill(~allowed.at(every_pixel), torch.inf).argmin(dim=0)
    return allowed, nearest.numpy().astype(np.uint8)


def diffuse_in_cells(pixels: Pixels, rule: CellRule, allowed: AllowedColors) -> Pixels:
    """Diffuse errors in linear light, as Floyd and Steinberg, within the sub-palettes."""
    light = srgb_to_linear(torch.from_numpy(pixels).float() / 255).permute(2, 0, 1)
    colors = srgb_to_linear(rule.palette.srgb()).T
    opaque = torch.ones(light.shape[1:], dtype=torch.bool)
    indices = diffuse_error(light, colors, torch.ones_like(light), opaque, allowed=allowed)
    return indices.numpy().astype(np.uint8)


def indices_of(pixels: Pixels, rule: CellRule) -> tuple[Mapping[str, Pixels], float]:
    """Make a picture in each way; return them, and the CPU seconds of ditherlab."""
    allowed, nearest = nearest_in_cells(pixels, rule)
    picture = Picture(pixels=pixels, opaque=np.ones(pixels.shape[:2], dtype=np.bool_))
    begin_s = time.process_time()
    ours = optimize(Problem(picture=picture, palette=rule.palette, cells=rule)).indices
    seconds = time.process_time() - begin_s
    diffused = diffuse_in_cells(pixels, rule, allowed)
    return {"nearest": nearest, "error diffusion": diffused, "ditherlab": ours}, seconds


def main() -> None:
    """Print a table of each machine that is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("machines", nargs="+")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    words = parser.parse_args()
    torch.set_num_threads(1)
    for rule in map(cell_rule, words.machines):
        colors = np.array(rule.palette.seen, dtype=np.uint8)
        print(f"\n| {rule.name} | nearest | error diffusion | ditherlab | CPU s |")
        print("| --- | ---: | ---: | ---: | ---: |", flush=True)
        for name in PICTURES:
            pixels = read_source(name)
            ways, seconds = indices_of(pixels, rule)
            figures = []
            for way, indices in ways.items():
                if rule.num_breaches(indices):
                    raise ValueError(f"{way} breaks the rule of {rule.name} for {name}")
                figures.append(flip_error(colors[indices], pixels, pixels_per_degree=67.0))
                if words.write and name == SHOWN and way == "ditherlab":
                    words.write.mkdir(parents=True, exist_ok=True)
                    shown = Image.fromarray(indices, mode="P")
                    shown.putpalette(colors.tobytes())
                    shown.save(words.write / f"{name}-{rule.name}.png", optimize=True)
            cells = " | ".join(f"{figure:.3f}" for figure in figures)
            print(f"| {name} | {cells} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
