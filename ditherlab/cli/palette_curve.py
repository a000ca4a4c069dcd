"""`ditherlab palette curve`: how many colors a picture needs."""

import datetime
from functools import partial

import click

from ditherlab.cli.reporting import (
    JSON_AND_PAGE_FORMS,
    check_report,
    command_line,
    deliver_report,
    report_options,
)
from ditherlab.cli.streams import check_standard_output, read_source, write_to_stdout
from ditherlab.cli.trials import Trials, check_max_pixels, jobs_option, max_pixels_option


@click.command(name="curve")
@click.argument("picture")
@click.option(
    "--colors",
    default="2..64",
    show_default=True,
    metavar="LOW..HIGH",
    help="Numbers of colors, from 2 to 256; both ends and some between are measured.",
)
@click.option(
    "--target",
    metavar="METRIC=VALUE",
    help="Also find the smallest learned palette that is so good: flip=0.1 (needs the package "
    "flip-evaluator), cost=0.001, lp=30, ls=0.95, ...",
)
@max_pixels_option
@jobs_option
@partial(report_options, forms=JSON_AND_PAGE_FORMS)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def curve(
    context: click.Context,
    /,
    *,
    picture: str,
    colors: str,
    target: str | None,
    max_pixels: int,
    jobs: int | None,
    as_json: bool,
    report: str | None,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Measure how good PICTURE (- for standard input) becomes with so many colors.

    Palettes are learned, and found by the classical methods of `palette extract`; all get the same
    dither.

    \b
    Example:
      ditherlab palette curve photo.jpg --colors 2..4 --jobs 1
      ditherlab palette curve photo.jpg --colors 2..4 --jobs 1 --target lp=20 --report curve.html
    """
    if as_json:
        check_standard_output()
    check_report(report, overwrite=overwrite, forms=JSON_AND_PAGE_FORMS)
    check_max_pixels(max_pixels)

    from ditherlab.experiments import (
        LEARNED,
        CurveTask,
        FigureTarget,
        curve_tasks,
        measure_point,
        parse_ladder,
        smallest_palette,
    )
    from ditherlab.report import CurveReport

    ladder = parse_ladder(colors)
    aim = None if target is None else FigureTarget.parse(target)
    source = read_source(picture)
    shrunk = source.shrink(max_pixels)
    tasks = curve_tasks(shrunk, ladder, draws=report is not None)
    points = Trials(jobs, is_quiet=quiet).run(
        measure_point, tasks, weights=[task.effort for task in tasks]
    )
    smallest = None
    if aim is not None:
        smallest, between = smallest_palette(
            aim,
            points,
            lambda number: measure_point(
                CurveTask(shrunk, LEARNED, number, is_drawn=report is not None)
            ),
        )
        points = [*points, *between]
    told = CurveReport(shrunk, (source.width, source.height), points, aim, smallest)
    deliver_report(
        told.document(),
        as_json=as_json,
        report=report,
        overwrite=overwrite,
        page=lambda: told.html(command_line(context), datetime.date.today()),
    )
    if not (as_json or quiet):
        write_to_stdout(told.table())
        if (answer := told.answer()) is not None:
            write_to_stdout(answer)
