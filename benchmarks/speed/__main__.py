"""Measures the speed of whole runs, one process each, and writes JSON lines.

Usage: python -m benchmarks.speed [--base FOLDER] [--growth] [--threads] [--big 8000x6000]
                                  [--output FILE] [--page FOLDER]
"""

import json
from itertools import chain
from pathlib import Path

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
@click.option("--page", type=click.Path(path_type=Path), help="Write table and plots of --output.")
def main(
    base: Path | None,
    table: bool,
    growth: bool,
    threads: bool,
    huge: bool,
    big: str | None,
    output: Path | None,
    page: Path | None,
) -> None:
    """Measure runs, and print a JSON line for each."""
    if big is not None:
        width, _, height = big.partition("x")
        path = ROOT / "build/big.png"
        path.parent.mkdir(exist_ok=True)
        make_picture(int(width), int(height), path)
        click.echo(path)
        return
    if page is not None:
        if output is None:
            raise click.UsageError("`--page` needs the records of `--output`.")
        write_page(read_records(output), page)
        return
    groups = [
        cases()
        for cases, is_asked in (
            (table_cases, table),
            (growth_cases, growth),
            (thread_cases, threads),
            (big_cases, huge),
        )
        if is_asked
    ]
    checkouts = [Checkout(ROOT)]
    if base is not None:
        checkouts.insert(0, Checkout(base))
    torch = measure_torch(checkouts[-1])
    for case in chain.from_iterable(groups):
        for checkout in checkouts:
            if case.kind == "big" and checkout.folder != ROOT:
                continue
            line = _measure(case, checkout, torch)
            click.echo(line)
            if output is not None:
                with output.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")


def _measure(case: Case, checkout: Checkout, torch: Usage) -> str:
    picture = picture_of(case.width, case.height, _PICTURES)
    num_runs = 1 if case.width * case.height > 2**20 else 2
    usage = measure_case(case, picture, checkout, num_runs)
    return json.dumps(record(case, usage, torch, checkout))


if __name__ == "__main__":
    main()
