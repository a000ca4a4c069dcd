"""Small pictures as they once came out: none may look worse than it did.

Rounding differs between processors and versions of torch, and one rounded number may turn many
pixels. So pictures are not compared pixel by pixel, but by what they cost: the error that a person
sees. To renew the files after a change for the better: `python tests/golden/test_pictures.py`.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from ditherlab.images import Picture, read_picture
from ditherlab.objectives import Perceptual
from ditherlab.palette import named_palette
from ditherlab.problem import LearnedPalette, Problem
from ditherlab.protocol import Target
from ditherlab.recipe import Shorthands, default_recipe
from ditherlab.solver.solver import optimize

HERE = Path(__file__).parent
IMAGES = HERE.parents[1] / "images"

# Of the cost of the golden picture, by which another one may exceed it.
LEEWAY = 0.02

Pixels = npt.NDArray[np.uint8]


def crop(name: str, left: int, top: int) -> Picture:
    return read_picture(IMAGES / f"{name}.png").crop(left=left, top=top, width=48, height=48)


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "learned-4": lambda: Problem(picture=crop("astronaut", 200, 70), palette=LearnedPalette(4)),
    "pico-8": lambda: Problem(picture=crop("coffee", 280, 100), palette=named_palette("pico-8")),
    "black-and-white": lambda: Problem(
        picture=crop("chelsea", 120, 80), palette=named_palette("black-and-white")
    ),
}


def seen_error(problem: Problem, pixels: Pixels) -> float:
    """Price a picture in full precision."""
    source = problem.source_target()
    images = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None, None].double() / 255
    target = Target(source.images.double(), source.opaque)
    cost = Perceptual().bind(target)
    return float(cost.cost(images[:, :, : source.images.shape[1]]))


def write_evidence(folder: Path, name: str, actual: Pixels, expected: Pixels) -> None:
    difference = np.abs(actual.astype(np.int16) - expected).astype(np.uint8)
    pictures = {"actual": actual, "expected": expected, "difference": difference}
    folder.mkdir(parents=True, exist_ok=True)
    for what, pixels in pictures.items():
        enlarged = pixels.repeat(8, axis=0).repeat(8, axis=1)
        Image.fromarray(enlarged).save(folder / f"{name}-{what}.png")


def golden(name: str) -> Pixels:
    with Image.open(HERE / f"{name}.png") as image:
        assert image.mode == "P"
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_picture_looks_worse_than_it_did(name: str) -> None:
    problem = PROBLEMS[name]()
    solution = optimize(problem)
    actual, expected = solution.picture.pixels, golden(name)
    costs = seen_error(problem, actual), seen_error(problem, expected)
    if costs[0] > costs[1] * (1 + LEEWAY):
        folder = Path(gettempdir()) / "ditherlab-golden"
        write_evidence(folder, name, actual, expected)
        pytest.fail(f"{name} costs {costs[0]:.6f}, and did {costs[1]:.6f}: look into {folder}.")


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_picture_without_polish_would_be_noticed(name: str) -> None:
    problem = PROBLEMS[name]()
    rough = optimize(problem, default_recipe(problem, Shorthands(polish="none")))
    expected = seen_error(problem, golden(name))
    assert seen_error(problem, rough.picture.pixels) > expected * (1 + LEEWAY)


if __name__ == "__main__":
    for each, make in PROBLEMS.items():
        optimize(make()).save(HERE / f"{each}.png", overwrite=True)
