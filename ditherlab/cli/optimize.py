"""`ditherlab optimize`: dither one picture."""

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from ditherlab.choices import Draw, Fit, NoiseShape, Polish, Start
from ditherlab.cli import clock
from ditherlab.cli.checkpoint_options import checkpoint_options, read_checkpoint
from ditherlab.cli.console import Console
from ditherlab.cli.destination import Destination, PackedDestination, Written
from ditherlab.cli.exit_codes import INTERRUPTED
from ditherlab.cli.options import (
    device_option,
    gamut_option,
    lock_option,
    metrics_option,
    quiet_option,
)
from ditherlab.cli.progress import Interruption, ProgressBar, SecondInterrupt, TimeLeft
from ditherlab.cli.reading import read_source, reading_options
from ditherlab.cli.reporting import (
    check_report,
    check_stdout_is_free,
    deliver_report,
    report_options,
)
from ditherlab.cli.streams import STANDARD_STREAM
from ditherlab.errors import RequestError
from ditherlab.recipe.presets import PRESETS
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.request.palette_options import as_option
from ditherlab.solver.checkpoint import Checkpoint

if TYPE_CHECKING:
    from ditherlab.report import RunReport
    from ditherlab.request.job import Job
    from ditherlab.solver.snapshot import Snapshot
    from ditherlab.solver.solution import Solution

_EXIT_CODES = {"interrupted": INTERRUPTED, "not-finite": 1, "cost-failed": 1}


@click.command()
@click.argument("source")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Picture to write: a file, whose suffix sets the format (.png, .gif, .bmp, .webp, .tif), "
    "a folder, or - for a PNG on standard output.  [default: NAME-dithered.png]",
)
@click.option(
    "--packed",
    metavar="FILE",
    help="Also write the packed indices for the driver of a panel: 1, 2, 4 or 8 bits a pixel, rows "
    "from the top, highest bits first, each row padded to whole bytes.",
)
@click.option(
    "--palette",
    metavar="PALETTE",
    help="A name of `palette list`, a palette file or small picture, or '#112233,#fff,...'.",
)
@click.option(
    "--measured",
    metavar="PALETTE",
    help="The colors of --palette as measured on the panel, in the same order. The picture is "
    "optimized in the measured colors and written in those of --palette.",
)
@click.option(
    "--colors",
    type=int,
    metavar="K",
    help="Learn a palette of K colors (2 to 256).  [default: 16, without --palette]",
)
@lock_option
@gamut_option
@click.option(
    "--cells",
    metavar="MACHINE",
    help="Use the palette of an old machine and its limit of two colors in each cell: zx-spectrum "
    "(2 of 15 in 8 x 8), msx-screen-2 (2 of 15 in 8 x 1), c64-hires (2 of 16 in 8 x 8).",
)
@click.option(
    "--transparent-index",
    type=int,
    metavar="N",
    help="The entry of the palette for transparent pixels, such as 0 for many game tools; it is "
    "reserved also if there are none.  [default: that of the palette file, else one after all "
    "colors]",
)
@click.option(
    "--fit",
    type=click.Choice(get_args(Fit)),
    default="auto",
    show_default=True,
    help="How to treat colors outside the gamut of --palette: clip replaces them by the nearest "
    "color in the gamut, compress first shrinks the range of lightness, none keeps them; auto "
    "clips if most of the picture is outside the gamut.",
)
@click.option(
    "--model",
    metavar="MODEL",
    default="categorical",
    show_default=True,
    help="The model to learn: categorical, color probabilities for every pixel; noise, the shift "
    "and the amount of noise before rounding to the nearest color, or 'noise(scope=pixel)' and "
    "'noise(scope=channel)'; ordered, a periodic mask of thresholds, 16 x 16 or 'ordered(size=8)'.",
)
@click.option(
    "--noise",
    type=click.Choice(get_args(NoiseShape)),
    help="The shape of the noise, for --model noise.  [default: uniform]",
)
@click.option(
    "--method",
    metavar="METHOD",
    default="descent",
    show_default=True,
    help="The optimization method: descent, along the gradient of an --estimator; "
    "gibbs-with-gradients, an annealed sampler over pictures; cross-entropy, which fits the "
    "probabilities to the best of many draws, with parameters such as "
    "'cross-entropy(num_samples=64)'.",
)
@click.option(
    "--objective",
    default="perceptual",
    show_default=True,
    help="The objective to minimize: perceptual, variance, ssim, viewed-error, viewed-ssim, flip, "
    "png-bytes, with parameters such as 'ssim(sigma=1.5)', a metric of torchmetrics such as "
    "torchmetrics:ms-ssim, a Python function (python:FILE.py:function, which runs the code in "
    "FILE.py), or a weighted sum such as 'viewed-error+0.1*viewed-ssim'.",
)
@click.option(
    "--pixels-per-degree",
    type=float,
    metavar="N",
    help="Viewing distance, for the objectives perceptual and flip: 35 is a desktop monitor, 67 a "
    "4K monitor at 70 cm, 100 a phone.  [default: a compromise]",
)
@click.option(
    "--viewing-distance",
    metavar="LENGTH",
    help="Viewing distance as a length such as 70cm, 0.7m or 28in; needs --dpi.",
)
@click.option(
    "--dpi",
    type=float,
    metavar="N",
    help="Pixels per inch of the display, for --viewing-distance.",
)
@click.option(
    "--crisp",
    type=float,
    metavar="WEIGHT",
    help="The weight of single pixels in the objective perceptual, for pixel art and text: 0.1 "
    "gives little dithering, 1 almost none.  [default: 0; 0.05 without a viewing distance]",
)
@click.option(
    "--strength",
    type=float,
    default=1.0,
    show_default=True,
    help="Strength of the dithering, from 0 (nearest colors) to 1 (full dithering).",
)
@click.option(
    "--estimator",
    help="The gradient estimator: moments, gumbel-softmax, st, leave-one-out, score-function, "
    "with parameters such as 'score-function(baseline=ema)'.  [default: chosen for the objective]",
)
@click.option(
    "--optimizer",
    help="The optimizer: mean-field, adam or natural-gradient.  [default: chosen for the "
    "estimator]",
)
@click.option(
    "--samples",
    type=int,
    metavar="N",
    help="Number of pictures drawn in each step, for sampling estimators.",
)
@click.option(
    "--steps",
    type=int,
    metavar="N",
    help="Number of gradient steps, used to learn a palette, with --start nearest or with a "
    "--model; number of rounds of cross-entropy.  [default: by --preset]",
)
@click.option(
    "--start",
    type=click.Choice(get_args(Start)),
    help="The first picture: the nearest colors of each pixel, or error diffusion in linear "
    "light.  [default: chosen for the problem]",
)
@click.option(
    "--polish",
    type=click.Choice(get_args(Polish)),
    help="The exact search that finishes the picture: flips of pixels, or also swaps of "
    "neighbors.  [default: swaps for perceptual and viewed-error without --model and --method, "
    "else none]",
)
@click.option(
    "--sweeps",
    type=int,
    metavar="N",
    help="Number of sweeps of the polish or of gibbs-with-gradients.  [default: by --preset]",
)
@click.option(
    "--learning-rate",
    type=float,
    metavar="RATE",
    help="Learning rate: for adam and natural-gradient, the change of the logits in a step; for "
    "mean-field, the part of the pixels that changes in a step; with --model, the change of its "
    "parameters in a step, in palette steps.",
)
@click.option(
    "--temperature",
    metavar="START:END",
    help="Annealing from START to END: the temperature of the relaxation for gumbel-softmax, the "
    "weight of the entropy for all others.  [default: chosen for the estimator]",
)
@click.option(
    "--max-seconds",
    type=float,
    metavar="S",
    help="Stop after this time and write the picture so far.",
)
@click.option(
    "--max-memory",
    metavar="SIZE",
    help="Memory that the run may take, such as 4GiB, 500MB or a number of bytes.  [default: three "
    "quarters of what is free]",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Random seed; the same seed gives the same picture.",
)
@device_option
@click.option(
    "--draw",
    type=click.Choice(get_args(Draw)),
    help="Write the most probable picture, or draw one.  [default: mode; sample for variance with "
    "c < 1 and for --model noise]",
)
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="balanced",
    show_default=True,
    help="Speed against quality: "
    + ", ".join(
        f"{name} takes {preset.num_steps} steps and {preset.num_sweeps} sweeps"
        for name, preset in PRESETS.items()
    )
    + ". --steps and --sweeps override these numbers.",
)
@click.option(
    "--recipe",
    metavar="RECIPE",
    help="The full list of stages, which replaces the options that set them: "
    "'learn-palette(steps=80) | error-diffusion | polish(sweeps=20)'. -v prints the recipe of any "
    "run. A custom stage is python:FILE.py:Name(...), which runs the code in FILE.py.",
)
@click.option(
    "--like",
    metavar="PNG",
    help="Use the settings stored in an earlier picture of ditherlab; other options given override "
    "them.",
)
@metrics_option
@checkpoint_options
@reading_options
@report_options
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Print all settings.")
@click.pass_context
def optimize(context: click.Context, /, **options: Any) -> int:
    """Reduce the picture SOURCE (- for standard input) to few colors.

    SOURCE may also be sample:NAME, such as sample:astronaut: a picture that is installed with
    scikit-image.

    \b
    Example:
      ditherlab optimize photo.jpg
      ditherlab optimize photo.jpg --palette pico-8 -o small.png
      ditherlab optimize photo.jpg --colors 8 --preset best
      ditherlab optimize photo.jpg --colors 8 --lock '#000,#fff'
      ditherlab optimize photo.jpg --cells zx-spectrum
      ditherlab optimize photo.jpg --palette e-ink-6 --packed panel.bin
      ditherlab optimize photo.jpg --palette gray-4 --model ordered
      ditherlab optimize photo.jpg --colors 8 --metrics ms-ssim,uqi,vif
      ditherlab optimize photo.jpg --recipe 'nearest | descend(estimator=reinmax) | draw'
      ditherlab optimize other.jpg --like photo-dithered.png
      ditherlab optimize photo.jpg --preset best --checkpoint run.safetensors
      ditherlab optimize sample:page --palette gray-4
      cat photo.jpg | ditherlab optimize - --palette e-ink-7 -o - > panel.png
    """
    console = Console(options["quiet"], options["verbose"], _takes_stdout(options))
    if console.is_quiet and console.is_verbose:
        raise RequestError("`--quiet` and `--verbose` are opposites: give one of the two.")
    output, report, overwrite = options["output"], options["report"], options["overwrite"]
    source = options["source"]
    destination = Destination(source, output, overwrite)
    if options["as_json"]:
        check_stdout_is_free(output)
    check_report(report, overwrite=overwrite)
    destination.check(report)
    packed = PackedDestination(options["packed"], overwrite)
    packed.check(destination, report)
    checkpoint = read_checkpoint(options, _written_files(destination, options))
    request = _request(context, options)
    # Until there is something to keep, Ctrl-C ends the program at once.
    job = request.job(read_source(source, options["reading"]), clock.now)
    destination.check_picture(job.problem)
    packed.check_picture(job.problem)
    job.memory_need.check(job.allowed_memory_bytes)
    job.check_metrics(options["metrics"])
    with Interruption().listen() as interruption:
        console.report_job(job, options["metrics"])
        solution = _solve(job, interruption, checkpoint, is_quiet=console.is_quiet)
        written = destination.write(solution)
        interruption.end_at_once()
        try:
            packed_message = packed.write(solution)
            console.report_solution(solution, written)
            console.report_checkpoint(checkpoint, solution)
            console.report_packed(packed_message)
            run_report = _report(solution, written, options["metrics"])
            document = run_report.document()
            deliver_report(document, as_json=options["as_json"], report=report, overwrite=overwrite)
            console.report_table(run_report)
        except SecondInterrupt:
            where = written.label
            raise _InterruptedReportError(
                f"Interrupted while measuring: {where} is written, but no report."
            ) from None
    return _EXIT_CODES.get(solution.outcome, 0)


class _InterruptedReportError(click.ClickException):
    """Interrupted while the report was measured or written."""

    exit_code = INTERRUPTED


def _request(context: click.Context, options: dict[str, Any]) -> OptimizeRequest:
    """Return the options that determine the picture, including those of `--like`."""
    names = {field.name for field in fields(OptimizeRequest)}
    chosen = {name: options[name] for name in names}
    if options["like"] is None:
        request = OptimizeRequest(**chosen)
        request.check()
        return request
    from ditherlab.request.like import read_like

    typed_names = {
        name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    typed = {name: chosen[name] for name in typed_names}
    request = OptimizeRequest(**read_like(options["like"], typed))
    request.check(lambda name: "`--like`" if name == "recipe" else as_option(name))
    return request


def _written_files(destination: Destination, options: dict[str, Any]) -> list[Path | None]:
    others = [options["packed"], options["report"]]
    picture = None if destination.output == STANDARD_STREAM else destination.path()
    return [picture, *(None if other is None else Path(other) for other in others)]


def _takes_stdout(options: dict[str, Any]) -> bool:
    return bool(options["as_json"] or options["output"] == STANDARD_STREAM)


def _solve(
    job: "Job", interruption: Interruption, checkpoint: Checkpoint | None, *, is_quiet: bool
) -> "Solution":
    with ProgressBar(is_hidden=is_quiet) as bar:
        time_left = TimeLeft(0 if is_quiet else job.problem.num_pixels, bar.note)

        def show(snapshot: "Snapshot") -> None:
            bar.show(snapshot)
            time_left.see(snapshot)

        return job.run(
            clock=clock.now, on_progress=show, should_stop=interruption, checkpoint=checkpoint
        )


def _report(solution: "Solution", written: Written, metrics: Any) -> "RunReport":
    from ditherlab.report import RunReport

    return RunReport.of(solution, written.name, written.encoder, written.num_bytes, metrics)
