"""Measure what is missing, and write the report.

scripts/bench quality [--out FILE] [--seeds N] [--only-report] ...
"""

import argparse
from pathlib import Path

from benchmarks.quality.flat_grays import measure_missing_spectra
from benchmarks.quality.measuring import TOOLS, Gallery, Plan, measure_missing
from benchmarks.quality.ours import BEST
from benchmarks.quality.pictures import PALETTES, PICTURES
from benchmarks.quality.report import MEASURED, ROOT, write_report
from benchmarks.quality.task import Tool

GALLERY = ROOT / "build" / "quality"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench quality", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--out", type=Path, default=MEASURED, help="The file of results.")
    parser.add_argument("--pictures", nargs="+", choices=PICTURES, default=tuple(PICTURES))
    parser.add_argument("--palettes", nargs="+", choices=PALETTES, default=PALETTES)
    parser.add_argument("--tools", nargs="+", help="How their names begin: pngquant.")
    parser.add_argument("--seeds", type=int, default=1, help="For tools that draw; 3 for a spread.")
    parser.add_argument("--best", action="store_true", help="The preset `best` as well; slow.")
    parser.add_argument("--only-report", action="store_true", help="Measure nothing.")
    parser.add_argument("--no-report", action="store_true", help="Only measure.")
    parser.add_argument("--only-spectra", action="store_true", help="Only the flat grays.")
    return parser.parse_args()


def chosen_tools(words: list[str] | None, *, with_best: bool) -> tuple[Tool, ...]:
    """Return the tools whose names begin with one of the words; all without words."""
    tools = [tool for tool in TOOLS if with_best or tool is not BEST]
    return tuple(tool for tool in tools if not words or tool.name.startswith(tuple(words)))


def tell(line: str) -> None:
    """Show a line at once."""
    print(line, flush=True)


def main() -> None:
    """Measure, print and write."""
    asked = parse_arguments()
    plan = Plan(
        pictures=tuple(asked.pictures),
        palettes=tuple(asked.palettes),
        tools=chosen_tools(asked.tools, with_best=asked.best),
        num_seeds=asked.seeds,
    )
    gallery = Gallery(GALLERY)
    spectra = asked.out.with_name(f"{asked.out.stem}-spectra.jsonl")
    if not asked.only_report:
        if not asked.only_spectra:
            measure_missing(plan, asked.out, gallery, tell)
        if "bw" in plan.palettes:
            measure_missing_spectra(plan.tools, spectra, tell)
    if not asked.no_report:
        print(write_report(asked.out, spectra, gallery))


if __name__ == "__main__":
    main()
