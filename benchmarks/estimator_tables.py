"""Measure the gradients of all estimators, and write the tables of the page about them.

    .venv/bin/python benchmarks/estimator_tables.py  # measure (minutes) and write the tables
    .venv/bin/python benchmarks/estimator_tables.py --tables  # write the tables from the last run

The figures lie in `docs/estimators/measured-*.json`; the tables stand in
`docs/how-to-choose-an-estimator.md` and `docs/estimators/local-credit-and-linstat.md`. On one
machine, all but the times are the same on every run.
"""

import argparse
import json
import math
import platform
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

import ditherlab as dl
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments import GradientProblem
from ditherlab.experiments.gradients import (
    Reference,
    RunningMoments,
    measure_estimator,
    measure_reference,
)
from ditherlab.randomness import seeded_generator

ROOT = Path(__file__).resolve().parent.parent
CHOICE = ROOT / "docs" / "how-to-choose-an-estimator.md"
FAMILIES = ROOT / "docs" / "estimators"
PLACES = ("flat", "peaked")
GROWTH = "growth"

# The time of every estimator is told as a multiple of this one's, measured in turn with it.
YARDSTICK = "leave-one-out(num_samples=8)"
MOST_TIMINGS = 15

MANY, SOME, FEW = 200, 100, 60

# Errors below this are those of single precision.
ROUNDING = 1e-4


@dataclass(frozen=True)
class Case:
    """A problem, and how often each estimator's gradient is taken there.

    Attributes:
        name: What it is called in the figures.
        crop: Left, top, width and height in `images/astronaut.png`.
        num_colors: Chosen by k-means.
        objective: What is minimized.
        num_references: Estimates of `local-expectation` to average for the reference; 0 where the
            objective's expectation is exact.
        repetitions: By the words of the estimator.
    """

    name: str
    crop: tuple[int, int, int, int]
    num_colors: int
    objective: str
    num_references: int
    repetitions: Mapping[str, int]

    def place(self, at: str) -> GradientProblem:
        """Put the logits where gradients are compared."""
        left, top, width, height = self.crop
        photo = dl.read_picture(ROOT / "images" / "astronaut.png")
        problem = dl.Problem(
            picture=photo.crop(left=left, top=top, width=width, height=height),
            palette=dl.LearnedPalette(self.num_colors),
            objective=dl.parse_objective(self.objective),
        )
        return GradientProblem.of(problem, at, device="cpu")  # type: ignore[arg-type]


CASES = (
    Case(
        "8 colors",
        (180, 60, 64, 64),
        8,
        "ssim",
        500,
        {
            "score-function(num_samples=8)": MANY,
            "leave-one-out(num_samples=8)": MANY,
            "leave-one-out(num_samples=8, control=linstat)": MANY,
            "local-leave-one-out(num_samples=8)": MANY,
            "linstat(num_samples=8)": MANY,
            "muprop(num_samples=8)": MANY,
            "pairwise(num_samples=8)": SOME,
            "pairwise(num_samples=8, credit=local)": SOME,
            "carms(num_samples=8)": SOME,
            "carms(num_samples=8, credit=local)": SOME,
            "arsm": SOME,
            "arsm(credit=local)": SOME,
            "rebar(num_samples=8)": SOME,
            "rebar(num_samples=8, credit=local)": SOME,
            "relax(num_samples=8)": SOME,
            "gumbel-softmax(num_samples=8)": SOME,
            "gumbel-softmax(num_samples=8, tau=1)": SOME,
            "st(num_samples=8)": MANY,
            "st-gumbel(num_samples=8)": SOME,
            "gumbel-rao(num_samples=8)": FEW,
            "gst(num_samples=8)": SOME,
            "reinmax(num_samples=8)": MANY,
            "darn(num_samples=8)": MANY,
            "local-expectation": FEW,
            "local-expectation(num_samples=8, order=1)": SOME,
            "local-expectation(num_samples=8, order=2)": SOME,
            "rao-blackwell": FEW,
            "measure-valued": FEW,
            "stochastic-triples": FEW,
            "stochastic-triples(order=palette)": FEW,
            "moments": 3,
            "moments(order=0)": 3,
            "random-windows(estimator=leave-one-out(num_samples=8, credit=local))": MANY,
            "random-sparsification(estimator=st(num_samples=8))": SOME,
            "common-random-numbers(estimator=leave-one-out(num_samples=8))": FEW,
        },
    ),
    Case(
        "2 colors",
        (180, 60, 64, 64),
        2,
        "ssim",
        500,
        {
            "leave-one-out(num_samples=2)": MANY,
            "leave-one-out(num_samples=8)": MANY,
            "local-leave-one-out(num_samples=8)": MANY,
            "linstat(num_samples=8)": MANY,
            "arm": MANY,
            "arm(num_samples=8)": MANY,
            "disarm": MANY,
            "disarm(num_samples=8)": MANY,
        },
    ),
    Case(
        "tiny",
        (210, 90, 4, 3),
        2,
        "viewed-error",
        0,
        {
            "leave-one-out": 20 * MANY,
            "unordered-set": 20 * MANY,
            "exact": 3,
        },
    ),
)


def measure(at: str) -> dict[str, Any]:
    """Measure all cases at one place."""
    return {
        "at": at,
        "command": "benchmarks/estimator_tables.py",
        "machine": f"{platform.machine()}, one thread, torch {torch.__version__}",
        "cases": [measure_case(case, at) for case in CASES],
    }


def measure_case(case: Case, at: str) -> dict[str, Any]:
    """Measure every estimator of a case against one reference."""
    place = case.place(at)
    reference = find_reference(place, case.num_references)
    figures = {}
    for words, num_repetitions in case.repetitions.items():
        found = measure_estimator(
            ESTIMATORS.parse(words),
            place.model,
            place.cost,
            reference,
            seeded_generator(1),
            num_repetitions=num_repetitions,
        )
        times = asdict(time_ratio(words, place, min(num_repetitions, MOST_TIMINGS)))
        figures[words] = {key: rounded(figure) for key, figure in (asdict(found) | times).items()}
        print(at, case.name, words, f"{found.relative_error:.3g}", flush=True)
    left, top, width, height = case.crop
    return {
        "name": case.name,
        "picture": f"images/astronaut.png, {width}x{height}+{left}+{top}",
        "num_colors": case.num_colors,
        "objective": case.objective,
        "entropy": rounded(float(place.model.entropy().mean())),
        "reference": {
            "estimator": reference.estimator,
            "num_repetitions": reference.num_repetitions,
            "relative_error": rounded(reference.relative_error),
        },
        "figures": figures,
    }


def find_reference(place: GradientProblem, num_repetitions: int) -> Reference:
    """Average the least noisy of the unbiased estimators, or take the exact expectation."""
    if place.is_expectation_exact:
        return measure_reference(
            place.model, place.cost, seeded_generator(0), num_repetitions=1, is_exact=True
        )
    estimator = ESTIMATORS.parse("local-expectation")
    generator, found = seeded_generator(0), RunningMoments()
    for _ in range(num_repetitions):
        found.include(estimator.estimate(place.model, place.cost, generator)[0].grad_logits)
    assert found.mean is not None
    squared_error = found.total_variance / num_repetitions
    return Reference(found.mean, squared_error, str(estimator), num_repetitions)


@dataclass(frozen=True)
class Times:
    """How long a gradient takes.

    Attributes:
        ms_per_gradient: The median.
        times_leave_one_out: The median of its ratios to the yardstick, timed right beside it.
    """

    ms_per_gradient: float
    times_leave_one_out: float


def time_ratio(words: str, place: GradientProblem, num_timings: int) -> Times:
    """Time an estimator and the yardstick in turn, which a busy machine slows down alike."""
    pairs = []
    for number in range(num_timings + 1):
        pair = []
        for each in (words, YARDSTICK):
            generator = seeded_generator(number)
            start_s = time.perf_counter()
            estimate, _ = ESTIMATORS.parse(each).estimate(place.model, place.cost, generator)
            estimate.grad_logits  # noqa: B018 (unfolded where it is first asked for)
            pair.append(time.perf_counter() - start_s)
        pairs.append(pair)
    # The first of all pairs warms up.
    return Times(
        1e3 * median(own for own, _ in pairs[1:]), median(own / other for own, other in pairs[1:])
    )


def rounded(figure: Any) -> Any:
    """Keep four digits of a number; None stands for what JSON cannot say."""
    if not isinstance(figure, float):
        return figure
    return float(f"{figure:.4g}") if math.isfinite(figure) else None


GROWING_SIDES_PX = (32, 64, 128, 256)


def measure_growth() -> dict[str, Any]:
    """Measure how the noise grows with the picture, without and with local credit."""
    rows = []
    for side in GROWING_SIDES_PX:
        corner = 212 - side // 2, 128 - side // 2
        place = Case("", (*corner, side, side), 8, "ssim", 0, {}).place("flat")
        variances = [
            measure_variance(words, place, MANY) for words in (YARDSTICK, f"local-{YARDSTICK}")
        ]
        rows.append({"side_px": side, "variance_ratio": rounded(variances[0] / variances[1])})
        print(GROWTH, rows[-1], flush=True)
    return {"command": "benchmarks/estimator_tables.py", "num_repetitions": MANY, "rows": rows}


def measure_variance(words: str, place: GradientProblem, num_repetitions: int) -> float:
    """Return the variance of all components of an estimator's gradient together."""
    estimator, generator, found = ESTIMATORS.parse(words), seeded_generator(1), RunningMoments()
    for _ in range(num_repetitions):
        found.include(estimator.estimate(place.model, place.cost, generator)[0].grad_logits)
    return found.total_variance


def read_figures(name: str) -> dict[str, Any]:
    """Read what was measured last."""
    figures: dict[str, Any] = json.loads((FAMILIES / f"measured-{name}.json").read_text())
    return figures


def family_headings(page: Path) -> list[str]:
    """List the estimators that have a section of their own on a page, in code spans."""
    headings = re.findall(r"^##+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return [name for heading in headings for name in re.findall(r"`([a-z-]+)`", heading)]


def write_tables() -> Iterator[tuple[Path, str, str]]:
    """Make every table: its page, the word that marks its place, and the text."""
    flat, peaked = map(read_figures, PLACES)
    for one, other in zip(flat["cases"], peaked["cases"], strict=True):
        yield CHOICE, one["name"], comparison_table(one, other)
    yield CHOICE, "conditions", conditions(flat, peaked)
    rows = [
        f"| {row['side_px']} x {row['side_px']} | {short(row['variance_ratio'])} |"
        for row in read_figures(GROWTH)["rows"]
    ]
    head = ["| pixels | variance, global : local |", "|---|---|"]
    yield FAMILIES / "local-credit-and-linstat.md", GROWTH, "\n".join([*head, *rows])


def conditions(flat: Mapping[str, Any], peaked: Mapping[str, Any]) -> str:
    """Say of every case where it was measured, and how well the reference is known."""
    lines = [
        "| case | picture | colors | objective | entropy, nats | reference | its relative error |",
        "|---|---|---|---|---|---|---|",
    ]
    for one, other in zip(flat["cases"], peaked["cases"], strict=True):
        reference = one["reference"]
        is_exact = reference["relative_error"] == 0
        source = (
            "`moments`, exact"
            if is_exact
            else (f"{reference['num_repetitions']} x `{reference['estimator']}`")
        )
        errors = [short(each["reference"]["relative_error"]) for each in (one, other)]
        cells = [
            one["name"],
            f"`{one['picture']}`",
            str(one["num_colors"]),
            f"`{one['objective']}`",
            f"{one['entropy']:.2f}, {other['entropy']:.2f}",
            source,
            "none" if is_exact else ", ".join(errors),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def comparison_table(flat: Mapping[str, Any], peaked: Mapping[str, Any]) -> str:
    """Write the figures of one case, the least errors first."""
    lines = [
        "| estimator | draws | priced + differentiated | error, flat | error, peaked | bias, flat "
        "| bias, peaked | ms | x LOO |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    figures = {
        words: (flat["figures"][words], peaked["figures"][words]) for words in flat["figures"]
    }
    for words in sorted(figures, key=lambda words: figures[words][0]["relative_error"]):
        pair = figures[words]
        estimator = ESTIMATORS.parse(words)
        inner = getattr(estimator, "estimator", estimator)
        cells = [
            linked(words),
            str(getattr(inner, "num_samples", "-")),
            f"{pair[0]['evaluations']} + {pair[0]['backward_passes']}",
            *map(error, pair),
            *(bias(each, is_unbiased=estimator.is_unbiased) for each in pair),
            short(pair[0]["ms_per_gradient"]),
            short(pair[0]["times_leave_one_out"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def linked(words: str) -> str:
    """Write an estimator, without its number of draws, as a link to its page."""
    words = re.sub(r"\(num_samples=\d+\)", "", words)
    words = re.sub(r"num_samples=\d+, ", "", words)
    name = words.partition("(")[0]
    for page in sorted(FAMILIES.glob("*.md")):
        if name in family_headings(page):
            return f"[`{words}`](estimators/{page.name})"
    return f"`{words}`"


def error(figures: Mapping[str, Any]) -> str:
    """Write a relative error; of one without noise, it cannot be told below its floor."""
    if figures["relative_error"] is None:
        return "overflows"
    if max(figures["relative_error"], figures["bias_floor"]) < ROUNDING:
        return "rounding"
    if figures["relative_error"] <= figures["bias_floor"]:
        return f"below {short(figures['bias_floor'])}"
    return short(figures["relative_error"])


def bias(figures: Mapping[str, Any], *, is_unbiased: bool) -> str:
    """Write a bias beside what chance alone would show."""
    if is_unbiased and (figures["variance"] != 0 or figures["bias_floor"] < ROUNDING):
        return "none"
    if figures["bias"] <= figures["bias_floor"]:
        return f"below {short(figures['bias_floor'])}"
    return f"{short(figures['bias'])} (floor {short(figures['bias_floor'])})"


def short(figure: float) -> str:
    """Write two digits of a number, without an exponent.

    Example:
        >>> short(8435.0), short(61.4), short(1.109), short(0.00691)
        ('8400', '61', '1.1', '0.0069')
    """
    return f"{float(f'{figure:.2g}'):.6f}".rstrip("0").rstrip(".") if figure else "0"


def with_table(text: str, mark: str, table: str) -> str:
    """Put a table between the comments that mark its place."""
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    before, rest = text.split(start)
    _, after = rest.split(end)
    return f"{before}{start}\n{table}\n{end}{after}"


def write_json(name: str, figures: Mapping[str, Any]) -> None:
    """Keep what was measured."""
    path = FAMILIES / f"measured-{name}.json"
    path.write_text(json.dumps(figures, indent=1) + "\n")


def main() -> None:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(description="Measure the gradients of all estimators.")
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    if not parser.parse_args().tables:
        torch.set_num_threads(1)
        write_json(GROWTH, measure_growth())
        for at in PLACES:
            write_json(at, measure(at))
    for page, mark, table in write_tables():
        page.write_text(with_table(page.read_text(), mark, table))


if __name__ == "__main__":
    main()
