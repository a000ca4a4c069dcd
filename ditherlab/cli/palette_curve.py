"""`ditherlab palette curve`: quality against the number of colors."""

from typing import TYPE_CHECKING, Any

import click

from ditherlab.cli.reading import read_source, reading_options
from ditherlab.cli.trials import Trials, trial_options

if TYPE_CHECKING:
    from ditherlab.images import ReadingOptions


@click.command(name="curve")
@click.argument("picture")
@click.option(
    "--colors",
    default="2..64",
    show_default=True,
    metavar="LOW..HIGH",
    help="Range of the number of colors, from 2 to 256; both ends and some between are measured.",
)
@click.option(
    "--target",
    metavar="METRIC=VALUE",
    help="Also find the smallest learned palette that reaches this value: flip=0.1 (needs the "
    "package flip-evaluator), cost=0.001, lp=30, ls=0.95, ...",
)
@reading_options
@trial_options
@click.pass_context
def curve(
    context: click.Context,
    /,
    *,
    picture: str,
    colors: str,
    target: str | None,
    reading: "ReadingOptions",
    **options: Any,
) -> None:
    """Measure the quality of PICTURE (- for standard input) against the number of colors.

    Learned palettes are compared with the classical methods of `palette extract`. All pictures are
    dithered in the same way.

    \b
    Example:
      ditherlab palette curve photo.jpg --colors 2..4 --jobs 1
      ditherlab palette curve photo.jpg --colors 2..4 --jobs 1 --target lp=20 --report curve.html
    """
    trials = Trials(**options)
    trials.check()

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
    source = read_source(picture, reading)
    shrunk = source.shrink(trials.max_pixels)
    tasks = curve_tasks(shrunk, ladder, draws=trials.draws)
    points = trials.run(measure_point, tasks, [task.effort for task in tasks])
    smallest = None
    if aim is not None:
        smallest, between = smallest_palette(
            aim,
            points,
            lambda number: measure_point(CurveTask(shrunk, LEARNED, number, is_drawn=trials.draws)),
        )
        points = [*points, *between]
    result = CurveReport(shrunk, (source.width, source.height), points, aim, smallest)
    trials.deliver(result, context)
