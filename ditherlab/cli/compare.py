"""`ditherlab compare`: gradient estimators side by side on a real picture."""

import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ditherlab.arguments import split_outside
from ditherlab.cli import clock
from ditherlab.cli.exit_codes import INTERRUPTED
from ditherlab.cli.laboratory import Laboratory
from ditherlab.cli.options import device_option, quiet_option
from ditherlab.cli.progress import CountdownBar, Interruption
from ditherlab.cli.reading import read_source, reading_options
from ditherlab.cli.reporting import (
    JSON_AND_PAGE_FORMS,
    check_report,
    command_line,
    deliver_report,
    report_options,
)
from ditherlab.cli.streams import check_standard_output, write_to_stderr, write_to_stdout
from ditherlab.errors import ObjectiveError, RequestError
from ditherlab.request.loading import loading_deadline
from ditherlab.request.optimize_request import crop_picture
from ditherlab.request.palette_options import PaletteOptions

if TYPE_CHECKING:
    from ditherlab.experiments import At


@click.command()
@click.argument("source")
@click.option("--crop", metavar="WxH+X+Y", help="Compare on this part of the picture.")
@click.option("--palette", metavar="PALETTE", help="A fixed palette, in the syntax of `optimize`.")
@click.option(
    "--colors",
    type=int,
    metavar="K",
    help="Choose K colors by k-means.  [default: 16, without --palette]",
)
@click.option(
    "--objective",
    default="ssim",
    show_default=True,
    help="The objective to minimize, in the syntax of `optimize`.",
)
@click.option(
    "--estimators",
    default="all",
    show_default=True,
    metavar="A,B,...",
    help="Estimators with their parameters, or `all` that fit; those left out are listed.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of pictures drawn for each gradient.",
)
@click.option(
    "--at",
    default="flat",
    show_default=True,
    metavar="flat|peaked|FILE",
    help="The logits at which the gradients are taken: flat, small random logits; peaked, the "
    "nearest colors; FILE, a .npy file of shape colors x height x width.",
)
@click.option(
    "--repetitions",
    type=click.IntRange(min=2),
    default=50,
    show_default=True,
    help="Number of gradients measured for each estimator.",
)
@click.option("--gradients-only", is_flag=True, help="Measure only the gradients.")
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    default=3,
    show_default=True,
    metavar="N",
    help="Number of runs of each estimator under each budget; their seeds start at --seed.",
)
@click.option(
    "--max-seconds",
    type=float,
    metavar="S",
    help="Total time limit: a quarter for gradients, half for runs under equal time, the rest for "
    "runs under equal evaluations.  [default: 5 s per run, and at most 15 s for the gradients of "
    "each estimator]",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Random seed; the same seed gives the same draws.",
)
@device_option
@reading_options
@partial(report_options, forms=JSON_AND_PAGE_FORMS)
@quiet_option
@click.pass_context
def compare(context: click.Context, /, **options: Any) -> int:
    """Compare gradient estimators on the picture SOURCE (- for standard input).

    First, the gradients of each estimator are compared with a reference gradient of known error:
    relative error, bias and the floor below which no bias can be detected, cosine, evaluations,
    backward passes, time. Then each estimator optimizes the picture under equal time and under
    equal evaluations, with the same fixed palette and the same optimizer (Adam).

    \b
    Example:
      ditherlab compare photo.jpg --colors 8 --crop 16x16+4+4 --gradients-only
      ditherlab compare photo.jpg --estimators linstat,moments --report compare.html
    """
    as_json, report, overwrite = options["as_json"], options["report"], options["overwrite"]
    if as_json:
        check_standard_output()
    check_report(report, overwrite=overwrite, forms=JSON_AND_PAGE_FORMS)
    palette_options = PaletteOptions(palette=options["palette"], colors=options["colors"])
    palette = palette_options.read_palette()
    names = _read_names(options["estimators"])
    picture = read_source(options["source"], options["reading"])
    if options["crop"] is not None:
        picture = crop_picture(picture, options["crop"])

    from ditherlab.experiments import GradientProblem, fitting_estimators, fix_palette
    from ditherlab.objectives import parse_objective
    from ditherlab.problem import LearnedPalette, Limits, Problem, find_device
    from ditherlab.report import ComparisonPage, ComparisonReport
    from ditherlab.solver.solution import check_encodable
    from ditherlab.solver.solver import check_seed

    seed, device, max_seconds = options["seed"], options["device"], options["max_seconds"]
    seeds = range(seed, seed + options["seeds"])
    Limits(seconds=max_seconds)
    for number in (seeds[0], seeds[-1]):
        check_seed(number)
    with loading_deadline(max_seconds, clock.now):
        objective = parse_objective(options["objective"])
    problem = fix_palette(
        Problem(
            picture=picture,
            palette=LearnedPalette(palette) if isinstance(palette, int) else palette,
            objective=objective,
            fit="none",
        ),
        seed=seed,
        device=device,
    )
    check_encodable(problem)
    estimators, left_out = fitting_estimators(names, problem, options["samples"], device=device)
    place = GradientProblem.of(problem, _read_at(options["at"]), seed=seed, device=device)
    with (
        Interruption().listen() as interruption,
        CountdownBar(is_hidden=options["quiet"]) as bar,
    ):
        laboratory = Laboratory(
            problem,
            estimators,
            seeds=seeds,
            device=device,
            max_seconds=max_seconds,
            bar=bar,
            interruption=interruption,
        )
        try:
            gradients = laboratory.compare_gradients(
                place, options["repetitions"], is_all=options["gradients_only"]
            )
        except ObjectiveError:
            if interruption():
                raise click.Abort from None
            raise
        runs = None if options["gradients_only"] else laboratory.compare_runs()
    is_interrupted = interruption()
    has_all_runs = options["gradients_only"] or (runs is not None and runs.is_complete)
    is_complete = gradients.is_complete and has_all_runs and not is_interrupted
    result = ComparisonReport(
        problem,
        options["at"],
        gradients,
        left_out,
        is_complete,
        runs,
        seed=seed,
        device=str(find_device(device)),
    )
    deliver_report(
        result.document(),
        as_json=as_json,
        report=report,
        overwrite=overwrite,
        page=lambda: ComparisonPage(result, command_line(context), datetime.date.today()).html(),
    )
    if as_json and not options["quiet"]:
        write_to_stderr(result.table())
    elif not options["quiet"]:
        write_to_stdout(result.table())
    if not is_complete:
        reason = "Interrupted" if is_interrupted else "The time was up"
        write_to_stderr(f"{reason}: these are the figures so far.")
    return INTERRUPTED if is_interrupted else 0


def _read_names(estimators: str) -> list[str] | None:
    """Return the text of each estimator; None stands for all."""
    names = [name.strip() for name in split_outside(estimators, ",")]
    if names == ["all"]:
        return None
    if "all" in names:
        raise RequestError(
            f"`--estimators`: `all` must stand alone, got '{estimators}'. Write `all`, or a "
            "list of estimators."
        )
    return names


def _read_at(at: str) -> "At":
    if at == "flat":
        return "flat"
    if at == "peaked":
        return "peaked"

    import numpy as np

    try:
        logits = np.load(at, allow_pickle=False)
    except FileNotFoundError:
        raise RequestError(
            f"`--at` must be flat, peaked, or a .npy file that exists, got '{at}'."
        ) from None
    except (OSError, ValueError, EOFError) as error:
        raise RequestError(f"`--at`: '{at}' is not a .npy file of numbers.") from error
    if not isinstance(logits, np.ndarray) or logits.dtype.kind not in "fiu":
        raise RequestError(f"`--at`: '{at}' is not a .npy file of numbers.")
    return logits
