"""`ditherlab compare`: gradient estimators side by side on a real picture."""

import re
from typing import TYPE_CHECKING, Any

import click

from ditherlab.cli.progress import Interruption, MeasurementBar
from ditherlab.cli.reporting import check_report, deliver_report, report_options
from ditherlab.cli.request import read_palette, read_source
from ditherlab.cli.streams import check_standard_output, write_to_stdout
from ditherlab.errors import RequestError

if TYPE_CHECKING:
    from ditherlab.experiments import At
    from ditherlab.images import Picture

_CROP = re.compile(r"(\d+)x(\d+)\+(\d+)\+(\d+)")
_COMMA = re.compile(r",(?![^(]*\))")
_INTERRUPTED = 130


@click.command()
@click.argument("source")
@click.option("--crop", metavar="WxH+X+Y", help="Compare on this part of the picture.")
@click.option("--palette", metavar="PALETTE", help="A fixed palette, as `optimize` takes it.")
@click.option(
    "--colors",
    type=int,
    metavar="K",
    help="K colors by k-means.  [default: 16, without --palette]",
)
@click.option("--objective", default="ssim", show_default=True, help="As `optimize` takes it.")
@click.option(
    "--estimators",
    default="all",
    show_default=True,
    metavar="A,B,...",
    help="Estimators with their parameters, or `all` that fit; the others are named.",
)
@click.option("--samples", type=int, metavar="N", help="Pictures drawn for each gradient.")
@click.option(
    "--at",
    default="flat",
    show_default=True,
    metavar="flat|peaked|FILE",
    help="Where the gradients are taken: at small random logits, at the nearest colors, or at the "
    "logits of a .npy file of shape colors x height x width.",
)
@click.option(
    "--repetitions",
    type=click.IntRange(min=2),
    default=50,
    show_default=True,
    help="Gradients of each estimator.",
)
@click.option(
    "--max-seconds", type=float, metavar="S", help="Share this time among all measurements."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same draws.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@report_options
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def compare(**words: Any) -> int:
    """Compare the gradients of estimators on the picture SOURCE (- for standard input).

    Each is measured against a reference gradient whose own error is known: relative error, bias
    with the floor below which it cannot be seen, cosine, pictures priced and differentiated, time.

    \b
    Example:
      ditherlab compare photo.jpg --colors 8 --crop 16x16+4+4
      ditherlab compare photo.jpg --objective viewed-error --estimators moments,linstat,st
    """
    as_json, report, overwrite = words["as_json"], words["report"], words["overwrite"]
    if as_json:
        check_standard_output()
    check_report(report, overwrite=overwrite)
    palette = read_palette(words["palette"], words["colors"])
    picture = _crop(read_source(words["source"]), words["crop"])

    from ditherlab.experiments import Place, compare_gradients, fitting_estimators
    from ditherlab.objectives import parse_objective
    from ditherlab.problem import Problem
    from ditherlab.report import ComparisonReport

    problem = Problem(
        picture=picture,
        palette=palette,
        objective=parse_objective(words["objective"]),
        max_seconds=words["max_seconds"],
        seed=words["seed"],
        device=words["device"],
    )
    asked_for = words["estimators"].strip()
    names = None if asked_for == "all" else [name.strip() for name in _COMMA.split(asked_for)]
    estimators, left_out = fitting_estimators(names, problem, words["samples"])
    place = Place.of(problem, _read_at(words["at"]))
    with (
        Interruption().listen() as interruption,
        MeasurementBar(1 + len(estimators), is_hidden=words["quiet"]) as bar,
    ):
        comparison = compare_gradients(
            place,
            estimators,
            num_repetitions=words["repetitions"],
            seed=problem.seed,
            max_seconds=problem.max_seconds,
            on_progress=bar.show,
            should_stop=interruption,
        )
    is_complete = not interruption()
    told = ComparisonReport(problem, words["at"], comparison, left_out, is_complete)
    deliver_report(told.document(), as_json=as_json, report=report, overwrite=overwrite)
    if as_json and not words["quiet"]:
        click.echo(told.table(), err=True)
    elif not words["quiet"]:
        write_to_stdout(told.table())
    if not is_complete:
        click.echo("Interrupted: these are the figures so far.", err=True)
    return 0 if is_complete else _INTERRUPTED


def _crop(picture: "Picture", crop: str | None) -> "Picture":
    if crop is None:
        return picture
    match = _CROP.fullmatch(crop)
    if match is None:
        raise RequestError(f"`--crop` must be WxH+X+Y in pixels, got '{crop}'. Try 64x64+0+0.")
    width, height, left, top = (int(number) for number in match.groups())
    return picture.crop(left=left, top=top, width=width, height=height)


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
        raise RequestError(f"`--at`: '{at}' is no .npy file of numbers.") from error
    if not isinstance(logits, np.ndarray) or logits.dtype.kind not in "fiu":
        raise RequestError(f"`--at`: '{at}' is no .npy file of numbers.")
    return logits
