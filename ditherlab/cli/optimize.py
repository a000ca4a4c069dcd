"""`ditherlab optimize`: the main job."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from ditherlab.choices import Draw, Fit, NoiseShape, Polish, Start
from ditherlab.cli import clock
from ditherlab.cli.console import Console
from ditherlab.cli.destination import Destination, PackedDestination, spell_destination
from ditherlab.cli.exit_codes import INTERRUPTED
from ditherlab.cli.options import gamut_option, lock_option, quiet_option
from ditherlab.cli.progress import Interruption, ProgressBar
from ditherlab.cli.reporting import check_report, deliver_report, report_options
from ditherlab.cli.streams import STANDARD_STREAM, check_standard_output, read_source
from ditherlab.errors import RequestError
from ditherlab.recipe.presets import PRESETS
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.request.palette_options import as_option

if TYPE_CHECKING:
    from ditherlab.report import RunReport
    from ditherlab.request.job import Job
    from ditherlab.solver.solution import Solution

_EXIT_CODES = {"interrupted": INTERRUPTED, "not-finite": 1, "cost-failed": 1}


@click.command()
@click.argument("source")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Indexed PNG to write; - for standard output.  [default: NAME-dithered.png]",
)
@click.option(
    "--packed",
    metavar="FILE",
    help="Write the bare indices too, as a panel's driver wants them: 1, 2, 4 or 8 bits a pixel, "
    "rows from the top, highest bits first, each row padded to whole bytes.",
)
@click.option(
    "--palette",
    metavar="PALETTE",
    help="A name of `palette list`, a palette file or small picture, or '#112233,#fff,...'.",
)
@click.option(
    "--measured",
    metavar="PALETTE",
    help="What the colors of --palette look like on the panel, in the same order: the picture is "
    "made to look right in these, and written in those.",
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
    help="Obey an old machine that shows few colors in each cell, in its palette: zx-spectrum (2 "
    "of 15 in 8 x 8), msx-screen-2 (2 of 15 in 8 x 1), c64-hires (2 of 16 in 8 x 8).",
)
@click.option(
    "--fit",
    type=click.Choice(get_args(Fit)),
    default="auto",
    show_default=True,
    help="What to do with colors that the --palette cannot show: clip replaces them by the "
    "nearest, compress shrinks the range of lightness first, none aims at them; auto clips where "
    "most of the picture is out of reach.",
)
@click.option(
    "--model",
    metavar="MODEL",
    default="categorical",
    show_default=True,
    help="What is learned: categorical, the color of every pixel by itself; noise, the shift and "
    "the amount of noise before rounding to the nearest color, or 'noise(scope=pixel)' and "
    "'noise(scope=channel)'; ordered, a mask of thresholds that repeats, 16 x 16 or "
    "'ordered(size=8)'.",
)
@click.option(
    "--noise",
    type=click.Choice(get_args(NoiseShape)),
    help="--model noise: the shape of the noise.  [default: uniform]",
)
@click.option(
    "--method",
    metavar="METHOD",
    default="descent",
    show_default=True,
    help="How it is learned: descent, along the gradient of an --estimator; gibbs-with-gradients, "
    "an annealed sampler over pictures; cross-entropy, which moves to the best of many draws, with "
    "parameters such as 'cross-entropy(num_samples=64)'.",
)
@click.option(
    "--objective",
    default="perceptual",
    show_default=True,
    help="What to minimize: perceptual, variance, ssim, viewed-error, viewed-ssim, flip, "
    "png-bytes, with parameters such as 'ssim(sigma=1.5)', a Python function "
    "(python:FILE.py:function, whose code is run), or a weighted sum such as "
    "'viewed-error+0.1*viewed-ssim'.",
)
@click.option(
    "--pixels-per-degree",
    type=float,
    metavar="N",
    help="perceptual, flip: from where the picture will be looked at. 35 is a desktop monitor, 67 "
    "a 4K monitor at 70 cm, 100 a phone.  [default: a compromise]",
)
@click.option(
    "--viewing-distance",
    metavar="LENGTH",
    help="The same, as a distance such as 70cm, 0.7m or 28in; needs --dpi.",
)
@click.option(
    "--dpi", type=float, metavar="N", help="Pixels per inch of the display, for a distance."
)
@click.option(
    "--crisp",
    type=float,
    metavar="WEIGHT",
    help="perceptual: the weight of single pixels, for pixel art and text: 0.1 is quiet, 1 hardly "
    "dithers.  [default: 0; 0.05 where no distance is told]",
)
@click.option(
    "--strength",
    type=float,
    default=1.0,
    show_default=True,
    help="From 0, only the nearest colors, to 1, full dithering.",
)
@click.option(
    "--estimator",
    help="How to find the gradient: moments, gumbel-softmax, st, leave-one-out, score-function, "
    "with parameters such as 'score-function(baseline=ema)'.  [default: what fits the objective]",
)
@click.option(
    "--optimizer",
    help="How to move: mean-field, adam or natural-gradient.  [default: what fits the estimator]",
)
@click.option(
    "--samples", type=int, metavar="N", help="Pictures to draw a step, for estimators that draw."
)
@click.option(
    "--steps",
    type=int,
    metavar="N",
    help="Steps of the estimator: to learn a palette, to start from the nearest colors, or for a "
    "--model; rounds of cross-entropy.  [default: by --preset]",
)
@click.option(
    "--start",
    type=click.Choice(get_args(Start)),
    help="Where to start: with the colors near each pixel's own, or with error diffusion in linear "
    "light.  [default: what fits]",
)
@click.option(
    "--polish",
    type=click.Choice(get_args(Polish)),
    help="Exact moves that finish the picture: flips of pixels, or also swaps of neighbors.  "
    "[default: swaps for perceptual and viewed-error without --model and --method, else none]",
)
@click.option(
    "--sweeps",
    type=int,
    metavar="N",
    help="Sweeps of the polish, or of gibbs-with-gradients.  [default: by --preset]",
)
@click.option(
    "--learning-rate",
    type=float,
    metavar="RATE",
    help="adam, natural-gradient: logits a step. mean-field: part of the pixels that moves in a "
    "step. --model: steps of the palette.",
)
@click.option(
    "--temperature",
    metavar="START:END",
    help="Annealing: the relaxation's temperature for gumbel-softmax, the weight of the entropy "
    "for all others.  [default: what fits]",
)
@click.option(
    "--max-seconds", type=float, metavar="S", help="Stop after this time with the picture so far."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same picture.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
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
    help="Between haste and beauty: "
    + ", ".join(
        f"{name} takes {preset.num_steps} steps and {preset.num_sweeps} sweeps"
        for name, preset in PRESETS.items()
    )
    + ", unless --steps and --sweeps say otherwise.",
)
@click.option(
    "--recipe",
    metavar="RECIPE",
    help="All stages, in place of the options that edit them: 'learn-palette(steps=80) | "
    "error-diffusion | polish(sweeps=20)'. -v prints the recipe of any run; a stage of your own is "
    "python:FILE.py:Name(...), whose code is run.",
)
@click.option(
    "--like",
    metavar="PNG",
    help="Take the settings that an earlier picture of ditherlab carries; options beside it "
    "replace some.",
)
@report_options
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Print all settings.")
@click.pass_context
def optimize(context: click.Context, /, **words: Any) -> int:
    """Reduce the picture SOURCE (- for standard input) to few colors.

    \b
    Example:
      ditherlab optimize photo.jpg
      ditherlab optimize photo.jpg --palette pico-8 -o small.png
      ditherlab optimize photo.jpg --colors 8 --preset best
      ditherlab optimize photo.jpg --colors 8 --lock '#000,#fff'
      ditherlab optimize photo.jpg --cells zx-spectrum
      ditherlab optimize photo.jpg --palette e-ink-6 --packed panel.bin
      ditherlab optimize photo.jpg --palette gray-4 --model ordered
      ditherlab optimize photo.jpg --recipe 'nearest | descend(estimator=reinmax) | draw'
      ditherlab optimize other.jpg --like photo-dithered.png
      cat photo.jpg | ditherlab optimize - --palette e-ink-7 -o - > panel.png
    """
    console = Console(words["quiet"], words["verbose"], _takes_stdout(words))
    if console.is_quiet and console.is_verbose:
        raise RequestError("`--quiet` and `--verbose` are opposites: give one of the two.")
    output, report, overwrite = words["output"], words["report"], words["overwrite"]
    source = words["source"]
    destination = Destination(source, output, overwrite)
    if words["as_json"]:
        _check_stdout_is_free(output)
    check_report(report, overwrite=overwrite)
    destination.check(report)
    packed = PackedDestination(words["packed"], overwrite)
    packed.check(destination, report)
    request = _request(context, words)
    with Interruption().listen() as interruption:
        job = request.job(read_source(source))
        destination.check_picture(job.problem)
        packed.check_picture(job.problem)
        console.report_job(job)
        solution = _solve(job, interruption, is_quiet=console.is_quiet)
        written = destination.write(solution)
        packed_message = packed.write(solution)
        try:
            console.report_solution(solution, written)
            console.report_packed(packed_message)
            run_report = _report(solution, written)
            document = run_report.document()
            deliver_report(document, as_json=words["as_json"], report=report, overwrite=overwrite)
            console.report_table(run_report)
        except click.Abort:
            where = spell_destination(written)
            raise _InterruptedReportError(
                f"Interrupted while measuring: {where} is written, but no report."
            ) from None
    return _EXIT_CODES.get(solution.outcome, 0)


class _InterruptedReportError(click.ClickException):
    """Interrupted while the report was measured or written."""

    exit_code = INTERRUPTED


def _request(context: click.Context, words: dict[str, Any]) -> OptimizeRequest:
    """Return the options that decide the picture, those of an earlier picture included."""
    names = {field.name for field in fields(OptimizeRequest)}
    options = {name: words[name] for name in names}
    if words["like"] is None:
        request = OptimizeRequest(**options)
        request.check()
        return request
    from ditherlab.request.like import read_like

    is_typed = {
        name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    typed = {name: options[name] for name in is_typed}
    request = OptimizeRequest(**read_like(words["like"], typed))
    request.check(lambda name: "`--like`" if name == "recipe" else as_option(name))
    return request


def _takes_stdout(words: dict[str, Any]) -> bool:
    return bool(words["as_json"] or words["output"] == STANDARD_STREAM)


def _check_stdout_is_free(output: str | None) -> None:
    if output == STANDARD_STREAM:
        raise RequestError(
            "`--json` and `-o -` both need standard output. Write one of them into a file: "
            "`--report run.json` or `-o picture.png`."
        )
    check_standard_output()


def _solve(job: "Job", interruption: Interruption, *, is_quiet: bool) -> "Solution":
    with ProgressBar(is_hidden=is_quiet) as bar:
        return job.run(clock=clock.now, on_progress=bar.show, should_stop=interruption)


def _report(solution: "Solution", output: str) -> "RunReport":
    from ditherlab.report import RunReport

    return RunReport.of(solution, output)
