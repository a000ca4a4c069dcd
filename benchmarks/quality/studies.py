"""What each part of the default way is worth, and where other estimators end.

Run it as `python -m benchmarks.quality.studies`; it rewrites the two tables of `docs/quality.md`
between their markers. Eight learned colors, made for and judged at 67 pixels per degree.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

import ditherlab as dl
from benchmarks.quality.child import ROOT
from benchmarks.quality.pictures import read_source
from ditherlab.images import Picture
from ditherlab.metrics import measure
from ditherlab.objectives import Perceptual, ViewedError
from ditherlab.protocol import Objective
from ditherlab.vision.packaged_metrics import flip_error

PICTURES = ("astronaut", "chelsea")
PIXELS_PER_DEGREE = 67.0
NUM_COLORS = 8
TIMES_THE_DEFAULT = 3

OBJECTIVE = Perceptual(PIXELS_PER_DEGREE)

DEFAULT = "learn-palette | error-diffusion | polish"
PARTS: Mapping[str, str] = {
    "start: nearest colors, annealed in full size": "nearest | descend | draw | polish",
    "palette: k-means, not learned": "learn-palette(steps=1) | error-diffusion | polish",
    "polish: none": "learn-palette | error-diffusion",
    "polish: flips only": "learn-palette | error-diffusion | polish(moves=flips)",
    "polish: 4 sweeps instead of 12": "learn-palette | error-diffusion | polish(sweeps=4)",
    "polish: 60 sweeps, cooling": (
        "learn-palette | error-diffusion | polish(sweeps=60, temperature=1)"
    ),
}
STARTS: Mapping[str, str] = {
    "on the copy": "learn-palette({words}) | error-diffusion | polish",
    "in full size, from nearest": "nearest | descend({words}) | draw | polish",
}
ESTIMATOR_WORDS = (
    "gumbel-softmax",
    "leave-one-out(credit=local)",
    "leave-one-out(credit=local,control=linstat)",
)


@dataclass(frozen=True)
class Ending:
    """Where the runs of one way ended: medians over the pictures."""

    flip: float
    raw: float
    ls: float
    seconds: float


def run(
    name: str,
    recipe: str = DEFAULT,
    *,
    objective: Objective = OBJECTIVE,
    limits: dl.Limits | None = None,
) -> Ending:
    """Make one picture and judge it."""
    pixels = np.ascontiguousarray(read_source(name))
    opaque = np.ones(pixels.shape[:2], dtype=bool)
    picture = Picture(pixels=pixels, opaque=opaque, name=name)
    palette = dl.LearnedPalette(NUM_COLORS)
    problem = dl.Problem(picture=picture, palette=palette, objective=objective)
    start_s = time.monotonic()
    shown = dl.optimize(problem, recipe, limits=limits, device="cpu").picture
    seconds = time.monotonic() - start_s
    figures = measure(picture.to_srgb(), shown.to_srgb())
    flip = flip_error(shown.pixels, pixels, pixels_per_degree=PIXELS_PER_DEGREE)
    return Ending(flip, figures["raw"] or 0.0, figures["ls"] or 0.0, seconds)


def median(endings: Sequence[Ending]) -> Ending:
    """Return the median of each figure."""
    columns = zip(*((e.flip, e.raw, e.ls, e.seconds) for e in endings), strict=True)
    return Ending(*(statistics.median(column) for column in columns))


def table(heads: str, endings: Mapping[str, Ending]) -> str:
    """Write a table whose first row is the default, to which the others are related."""
    best = next(iter(endings.values())).flip
    rows = [
        f"| {heads} | `flip` | parts of the default's | `raw` | `ls` | s |",
        "|---|" + 5 * "--|",
    ]
    rows += [
        f"| {words} | {e.flip:.3f} | {e.flip / best:.2f} | {e.raw:.2f} | {e.ls:.3f} | "
        f"{e.seconds:.0f} |"
        for words, e in endings.items()
    ]
    return "\n".join(rows)


def insert(marker: str, text: str) -> None:
    """Put a text between its markers in the page."""
    page = ROOT / "docs" / "quality.md"
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Run all ways and write both tables."""
    torch.set_num_threads(1)
    default = median([run(name) for name in PICTURES])
    viewed = ViewedError(blur_px=1.34)
    parts = {
        "the default": default,
        "objective: `viewed-error`, the same blur": median(
            [run(name, objective=viewed) for name in PICTURES]
        ),
    }
    for words, recipe in PARTS.items():
        parts[words] = median([run(name, recipe) for name in PICTURES])
        print(words, parts[words], flush=True)
        insert("parts", table("what is changed", parts))
    limits = dl.Limits(seconds=TIMES_THE_DEFAULT * default.seconds)
    estimators = {"the default (`moments`, `mean-field`)": default}
    for words in ESTIMATOR_WORDS:
        for where, start in STARTS.items():
            recipe = start.format(words=f"estimator={words}, steps=1000")
            ending = median([run(name, recipe, limits=limits) for name in PICTURES])
            estimators[f"`{words}`, {where}"] = ending
            print(words, where, ending, flush=True)
            insert("estimators", table("estimator", estimators))


if __name__ == "__main__":
    main()
