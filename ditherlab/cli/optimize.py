"""`ditherlab optimize`: the main job."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import click

from ditherlab.choices import Draw, Fit, NoiseShape, Polish, Start
from ditherlab.cli.destination import Destination, PackedDestination, spell_destination
from ditherlab.cli.exit_codes import INTERRUPTED
from ditherlab.cli.options import gamut_option, lock_option, quiet_option
from ditherlab.cli.progress import Interruption, ProgressBar
from ditherlab.cli.reporting import check_report, deliver_report, report_options
from ditherlab.cli.streams import (
    STANDARD_STREAM,
    check_standard_output,
    read_source,
    write_to_stdout,
)
from ditherlab.errors import RequestError
from ditherlab.images import printable
from ditherlab.recipe.presets import PRESETS
from ditherlab.request.optimize_request import OptimizeRequest

if TYPE_CHECKING:
    from ditherlab.problem.problem import Problem
    from ditherlab.report import RunReport
    from ditherlab.solver.solution import Solution

_EXIT_CODES = {"interrupted": INTERRUPTED, "not-finite": 1, "cost-failed": 1}
_FAILURES = {
    "interrupted": "Interrupted: {output} is the best picture so far.",
    "not-finite": "Error: The cost became infinite or NaN: {output} is the last good picture.",
    "cost-failed": "Error: {failure} {output} is the picture so far.",
}
_REMARKS = {
    "out-of-time": "The time is up: {output} is the picture so far.",
    "nothing-begun": "The time was up before the first step: {output} shows {start}.",
    "nothing-to-draw": "Every pixel is transparent: {output} is as the source.",
}
_STARTS = {"nearest": "the nearest colors", "error-diffusion": "plain error diffusion"}


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
@report_options
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Say all settings.")
def optimize(**words: Any) -> int:
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
      cat photo.jpg | ditherlab optimize - --palette e-ink-7 -o - > panel.png
    """
    teller = _Teller(words.pop("quiet"), words.pop("verbose"), _takes_stdout(words))
    if teller.is_quiet and teller.is_verbose:
        raise RequestError("`--quiet` and `--verbose` are opposites: give one of the two.")
    output, report = words.pop("output"), words.pop("report")
    as_json, overwrite = words.pop("as_json"), words.pop("overwrite")
    source = words.pop("source")
    destination = Destination(source, output, overwrite)
    if as_json:
        _check_stdout_is_free(output)
    check_report(report, overwrite=overwrite)
    destination.check(report)
    packed = PackedDestination(words.pop("packed"), overwrite)
    packed.check(destination, report)
    with Interruption().listen() as interruption:
        problem = OptimizeRequest(**words).problem(read_source(source))
        destination.check_picture(problem)
        packed.check_picture(problem)
        teller.tell_problem(problem)
        solution = _solve(problem, interruption, is_quiet=teller.is_quiet)
        written = destination.write(solution)
        told = packed.write(solution)
        try:
            teller.tell_solution(solution, written)
            teller.tell_packed(told)
            run_report = _report(solution, written)
            document = run_report.document()
            deliver_report(document, as_json=as_json, report=report, overwrite=overwrite)
            teller.tell_report(run_report)
        except click.Abort:
            where = spell_destination(written)
            raise _Unreported(f"Interrupted: {where} is written, but no report.") from None
    return _EXIT_CODES.get(solution.outcome, 0)


class _Unreported(click.ClickException):
    """The end of a run whose figures nobody wanted to wait for."""

    exit_code = INTERRUPTED


@dataclass(frozen=True)
class _Teller:
    """Tell a person about the run; on standard error where standard output is taken."""

    is_quiet: bool
    is_verbose: bool
    is_stdout_taken: bool

    def tell_problem(self, problem: "Problem") -> None:
        """Tell what had to be assumed, and with -v all settings."""
        for note in problem.notes:
            self._remark(note)
        if self.is_verbose:
            for word, setting in problem.settings.items():
                # The temperature may depend on the first step, and is told at the end.
                if word != "temperature":
                    self._remark(f"{word}: {_spell_setting(setting)}")
            self._remark(f"device: {problem.chosen_device}")

    def tell_solution(self, solution: "Solution", output: str) -> None:
        """Tell what was found and where it is."""
        for note in solution.notes:
            self._remark(note)
        used, asked_for = solution.num_colors_used, solution.problem.palette
        if isinstance(asked_for, int) and 0 < used < asked_for:
            self._remark(f"Colors used: {used} of {asked_for}.")
        if self.is_verbose:
            temperature = solution.history.temperature
            spelled = "none" if temperature is None else "{:.3g}:{:.3g}".format(*temperature)
            self._remark(f"temperature: {spelled}")
            self._remark(f"colors: {','.join(solution.palette.hex)}")
        where = spell_destination(output)
        is_begun = solution.history.costs or solution.outcome != "out-of-time"
        event = solution.outcome if is_begun else "nothing-begun"
        if event in _FAILURES:
            failure = printable(solution.failure or "")
            click.echo(_FAILURES[event].format(failure=failure, output=where), err=True)
        elif event in _REMARKS:
            start = _beginning(solution.problem)
            self._remark(_REMARKS[event].format(output=where, start=start))
        elif not self.is_stdout_taken:
            self._say(f"Wrote {where}.")

    def tell_packed(self, told: str | None) -> None:
        """Tell where the bare indices are."""
        if told is not None:
            self._remark(told)

    def tell_report(self, report: "RunReport") -> None:
        """Tell the figures."""
        self._say(report.table())

    def _say(self, text: str) -> None:
        if self.is_stdout_taken:
            self._remark(text)
        elif not self.is_quiet:
            write_to_stdout(text)

    def _remark(self, text: str) -> None:
        if not self.is_quiet:
            click.echo(text, err=True)


def _beginning(problem: "Problem") -> str:
    if problem.model is not None:
        return f"`{problem.model}` as it begins"
    return _STARTS[problem.chosen_start]


def _spell_setting(setting: object) -> str:
    return ",".join(setting) if isinstance(setting, list) else str(setting)


def _takes_stdout(words: dict[str, Any]) -> bool:
    return bool(words["as_json"] or words["output"] == STANDARD_STREAM)


def _check_stdout_is_free(output: str | None) -> None:
    if output == STANDARD_STREAM:
        raise RequestError(
            "`--json` and `-o -` both need standard output. Write one of them into a file: "
            "`--report run.json` or `-o picture.png`."
        )
    check_standard_output()


def _solve(problem: "Problem", interruption: Interruption, *, is_quiet: bool) -> "Solution":
    from ditherlab.solver.solver import optimize as solve

    with ProgressBar(is_hidden=is_quiet) as bar:
        return solve(problem, on_look=bar.show, should_stop=interruption)


def _report(solution: "Solution", output: str) -> "RunReport":
    from ditherlab.report import RunReport

    return RunReport.of(solution, output)
