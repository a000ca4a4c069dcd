"""Measure whether the order of the palette matters for stochastic triples, and what pruning costs.

    .venv/bin/python benchmarks/color_order.py  # two minutes; prints the tables

The tables stand in `docs/estimators/coupled-draws.md`. The relative error is the root of the mean
squared distance from the gradient of `moments`, as a part of that gradient's length.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import torch

import ditherlab as dl
from ditherlab.estimators import Moments, StochasticTriples
from ditherlab.estimators.color_order import ColorOrder
from ditherlab.estimators.stochastic_triples import Pruning
from ditherlab.experiments import GradientProblem, Reference, measure_estimator
from ditherlab.protocol import Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import seeded_generator

IMAGES = Path(__file__).resolve().parent.parent / "images"
CROPS = {"astronaut": (180, 60), "coffee": (300, 100), "chelsea": (200, 100)}
SIZE_PX, NUM_COLORS, NUM_SHUFFLES, NUM_REPETITIONS = 64, 8, 5, 40


def main() -> None:
    """Print both tables."""
    print("| picture | logits | as k-means gives them | by lightness | shuffled, 5 times |")
    print("|---|---|---|---|---|")
    for name in CROPS:
        for at in ("flat", "peaked"):
            place = find_place(name, at)
            as_listed = StochasticTriples(order="palette")
            given, light = measure(as_listed, place), measure(StochasticTriples(), place)
            shuffled = [measure(as_listed, each) for each in shuffle(place)]
            print(
                f"| {name} | {at} | {given:.2g} | {light:.2g} | "
                f"{min(shuffled):.2g} to {max(shuffled):.2g} |",
                flush=True,
            )
    print("\n| pruning | cost maps or pictures | flat | peaked |")
    print("|---|---|---|---|")
    places = [find_place("astronaut", at) for at in ("flat", "peaked")]
    for pruning in get_args(Pruning):
        estimator = StochasticTriples(pruning=pruning)
        errors = " | ".join(f"{measure(estimator, place):.2g}" for place in places)
        spent, _ = estimator.estimate(places[0].model, places[0].cost, seeded_generator(0))
        print(f"| `{pruning}` | {spent.num_evaluations} | {errors} |", flush=True)


def find_place(name: str, at: str) -> GradientProblem:
    """Put the logits of a crop where gradients are compared."""
    left, top = CROPS[name]
    photo = dl.read_picture(IMAGES / f"{name}.png")
    problem = dl.Problem(
        picture=photo.crop(left=left, top=top, width=SIZE_PX, height=SIZE_PX),
        palette=dl.LearnedPalette(NUM_COLORS),
        objective=dl.parse_objective("ssim"),
    )
    return GradientProblem.of(problem, at, device="cpu")  # type: ignore[arg-type]


def shuffle(place: GradientProblem) -> Iterator[GradientProblem]:
    """List the same colors with the same probabilities in other orders."""
    for seed in range(NUM_SHUFFLES):
        colors = torch.randperm(NUM_COLORS, generator=seeded_generator(seed)).unsqueeze(0)
        order = ColorOrder(colors, colors.argsort(dim=1))
        palette = place.model.palette[:, colors[0]]
        yield replace(place, model=Categorical(order.sort(place.model.probs), palette))


def measure(estimator: Estimator, place: GradientProblem) -> float:
    """Return the relative error."""
    generator = seeded_generator(1)
    exact, _ = Moments().estimate(place.model, place.cost, generator)
    reference = Reference(exact.grad_logits, 0.0, "moments", 1)
    return measure_estimator(
        estimator, place.model, place.cost, reference, generator, num_repetitions=NUM_REPETITIONS
    ).relative_error


if __name__ == "__main__":
    main()
