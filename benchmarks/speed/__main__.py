"""Measures the speed of whole runs, one process each, and writes JSON lines.

Usage: python -m benchmarks.speed [--base FOLDER] [--growth] [--threads] [--huge] [--big 8000x6000]
                                  [--output FILE] [--page docs/speed.md]
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from benchmarks.speed.cases import Case, big_cases, growth_cases, table_cases, thread_cases
from benchmarks.speed.measuring import (
    Checkout,
    Usage,
    measure_case,
    measure_torch,
    read_records,
    record,
)
from benchmarks.speed.page import write_page
from benchmarks.speed.pictures import ROOT, make_picture, picture_of

_PICTURES = ROOT / "build/speed"


@click.command()
@click.option("--base", type=click.Path(path_type=Path), help="Another checkout to measure too.")
@click.option("--table/--no-table", default=True, help="Measure the runs of the table.")
@click.option("--growth", is_flag=True, help="Measure more and more pixels and colors.")
@click.option("--threads", is_flag=True, help="Measure one thread and two.")
@click.option("--huge", is_flag=True, help="Measure 12 and 48 megapixels.")
@click.option("--big", metavar="WxH", help="Only write a picture of this size to build/big.png.")
@click.option("--output", type=click.Path(path_type=Path), help="File to append JSON lines to.")
@click.option("--page", type=click.Path(path_type=Path), help="Put table and plots of --output in.")
def main(**options: Any) -> None:
    """Measure runs, and print a JSON line for each."""
    big, output, page = options["big"], options["output"], options["page"]
    if big is not None:
        click.echo(_write_big(big))
        return
    if page is not None:
        if output is None:
            raise click.UsageError("`--page` needs the records of `--output`.")
        write_page(read_records(output), page)
        return
    checkouts = [Checkout(ROOT)]
    if options["base"] is not None:
        checkouts.insert(0, Checkout(options["base"].resolve(), "base"))
    torch = measure_torch(checkouts[-1])
    for case in _cases(options):
        for checkout in checkouts:
            # The base took half an hour for these, or refused them.
            if case.kind == "big" and checkout.folder != ROOT:
                continue
            line = _measure(case, checkout, torch)
            click.echo(line)
            if output is not None:
                with output.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")


def _cases(options: dict[str, Any]) -> Iterator[Case]:
    groups = {"table": table_cases, "growth": growth_cases, "threads": thread_cases}
    for name, cases in {**groups, "huge": big_cases}.items():
        if options[name]:
            yield from cases()


def _write_big(size: str) -> Path:
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise click.UsageError(f"`--big` must be WIDTHxHEIGHT in pixels, got {size!r}.")
    path = ROOT / "build/big.png"
    path.parent.mkdir(exist_ok=True)
    make_picture(int(width), int(height), path)
    return path


def _measure(case: Case, checkout: Checkout, torch: Usage) -> str:
    picture = picture_of(case.width, case.height, _PICTURES)
    num_runs = 1 if case.width * case.height > 2**20 else 2
    usage = measure_case(case, picture, checkout, num_runs)
    return json.dumps(record(case, usage, torch, checkout))


if __name__ == "__main__":
    main()
