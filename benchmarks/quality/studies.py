"""What each part of the default way is worth, and where other estimators end.

Run it as `python -m benchmarks.quality.studies`; it rewrites the two tables of `docs/quality.md`
between their markers. Eight learned colors, made for and judged at 67 pixels per degree.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import ditherlab as dl
from benchmarks.quality.child import ROOT
from benchmarks.quality.pictures import read_source
from ditherlab.estimators import ESTIMATORS
from ditherlab.images import Picture
from ditherlab.metrics import measure
from ditherlab.objectives import Perceptual, ViewedError
from ditherlab.vision.packaged_metrics import flip_error

PICTURES = ("astronaut", "chelsea")
PIXELS_PER_DEGREE = 67.0
NUM_COLORS = 8
TIMES_THE_DEFAULT = 3
FROM_NEAREST: Mapping[str, Any] = {"start": "nearest"}

PARTS: Mapping[str, Mapping[str, Any]] = {
    "the default": {},
    "objective: `viewed-error`, the same blur": {"objective": ViewedError(blur_px=1.34)},
    "start: nearest colors, annealed in full size": FROM_NEAREST,
    "palette: k-means, not learned": {"num_steps": 1},
    "polish: none": {"polish": "none"},
    "polish: flips only": {"polish": "flips"},
    "polish: 4 sweeps instead of 12": {"num_sweeps": 4},
    "polish: 60 sweeps, cooling": {"num_sweeps": 60, "polish_temperature": 1.0},
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


def run(name: str, **settings: Any) -> Ending:
    """Make one picture and judge it."""
    pixels = np.ascontiguousarray(read_source(name))
    opaque = np.ones(pixels.shape[:2], dtype=bool)
    objective = settings.pop("objective", Perceptual(PIXELS_PER_DEGREE))
    problem = dl.Problem(
        picture=Picture(pixels=pixels, opaque=opaque, name=name),
        palette=NUM_COLORS,
        objective=objective,
        device="cpu",
        **settings,
    )
    start_s = time.monotonic()
    shown = dl.optimize(problem).picture
    seconds = time.monotonic() - start_s
    figures = measure(problem.picture.to_srgb(), shown.to_srgb())
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
    parts: dict[str, Ending] = {}
    for words, settings in PARTS.items():
        parts[words] = median([run(name, **settings) for name in PICTURES])
        print(words, parts[words], flush=True)
        insert("parts", table("what is changed", parts))
    default = parts["the default"]
    limit_s = TIMES_THE_DEFAULT * default.seconds
    estimators = {"the default (`moments`, `mean-field`)": default}
    for words in ESTIMATOR_WORDS:
        settings = {"estimator": ESTIMATORS.parse(words), "num_steps": 1000, "max_seconds": limit_s}
        for start in ("error-diffusion", "nearest"):
            endings = [run(name, start=start, **settings) for name in PICTURES]
            where = "on the copy" if start == "error-diffusion" else "in full size, from nearest"
            estimators[f"`{words}`, {where}"] = median(endings)
            print(words, start, median(endings), flush=True)
            insert("estimators", table("estimator", estimators))


if __name__ == "__main__":
    main()
