"""Easy mode: what is drawn does not depend on what is differentiated.

    python docs/examples/easy_mode.py

Pictures of 3 x 3 pixels and two colors are drawn with probabilities that stay as they are; the
parameter is the palette. The distribution knows nothing of it, so the derivative goes into the
mean: draw, price, and let autograd differentiate the mean price.
"""

from dataclasses import replace
from pathlib import Path

import torch

import ditherlab as dl
from ditherlab.estimators import Exact
from ditherlab.experiments import GradientProblem
from ditherlab.protocol.categorical import Categorical

COFFEE = Path(__file__).parents[2] / "images" / "coffee.png"
NUM_GROUPS, NUM_SAMPLES = 40, 500


def main() -> None:
    """Print the gradient for the palette by draws, and the exact one beside it."""
    picture = dl.read_picture(COFFEE).crop(left=300, top=100, width=3, height=3)
    problem = dl.Problem(picture=picture, palette=dl.LearnedPalette(2))
    place = GradientProblem.of(problem, "flat", device="cpu")
    cost, model = place.cost, replace(place.model, learns_palette=True)

    # All 512 pictures, each with its probability.
    exact, _ = Exact().estimate(model, cost, torch.Generator())

    generator = torch.Generator().manual_seed(0)
    groups = []
    for _ in range(NUM_GROUPS):
        palette = model.palette.clone().requires_grad_()
        draws = model.draw_indices(NUM_SAMPLES, generator)  # the palette plays no part in this
        costs = cost.cost(Categorical(model.probs, palette).images(draws))
        groups += torch.autograd.grad(costs.mean(), palette)  # easy mode is this line
    by_group = torch.stack(groups)

    mean, error = by_group.mean(dim=0), by_group.std(dim=0) / NUM_GROUPS**0.5
    off = (mean - exact.grad_palette).abs() / error
    print(f"{NUM_GROUPS * NUM_SAMPLES} draws; the gradient for red, green, blue of each color:")
    for color in range(2):
        print(f"  color {color}: by draws {show(mean[0, color])}")
        print(f"           exact    {show(exact.grad_palette[0, color])}")
    print(f"The derivative of the mean is at most {off.max():.1f} standard errors off.")


def show(numbers: torch.Tensor) -> str:
    """Write numbers in columns."""
    return " ".join(f"{number:+.5f}" for number in numbers.tolist())


if __name__ == "__main__":
    main()
