"""`ditherlab optimize`: the main job."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ditherlab.cli.progress import Interruption, ProgressBar
from ditherlab.cli.reporting import check_output, check_report, deliver_report, report_options
from ditherlab.cli.request import STANDARD_STREAM, OptimizeRequest
from ditherlab.errors import OutputError, RequestError
from ditherlab.images import free_path, write_atomically
from ditherlab.presets import PRESETS

if TYPE_CHECKING:
    from ditherlab.problem import Problem
    from ditherlab.report import RunReport
    from ditherlab.solution import Solution

_EXIT_CODES = {"interrupted": 130, "not-finite": 1}
_ENDINGS = {
    "interrupted": "Interrupted: '{output}' is the best picture so far.",
    "not-finite": "The cost became infinite or NaN: '{output}' is the last good picture.",
    "out-of-time": "The time is up: '{output}' is the picture so far.",
    "nothing-to-draw": "Every pixel is transparent: '{output}' is as the source.",
}


@click.command()
@click.argument("source")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Indexed PNG to write; - for standard output.  [default: NAME-dithered.png]",
)
@click.option(
    "--palette",
    metavar="PALETTE",
    help="A name of `palette list`, a file (.hex, .gpl, picture), or '#112233,#fff,...'.",
)
@click.option(
    "--colors",
    type=int,
    metavar="K",
    help="Learn a palette of K colors (2 to 256).  [default: 16, without --palette]",
)
@click.option(
    "--objective",
    default="viewed-error",
    show_default=True,
    help="What to minimize: variance, ssim, viewed-error, viewed-ssim, with parameters such as "
    "'ssim(sigma=1.5)', or a weighted sum such as 'viewed-error+0.1*viewed-ssim'.",
)
@click.option(
    "--estimator",
    help="How to find the gradient: moments, gumbel-softmax, st, leave-one-out, score-function, "
    "with parameters such as 'score-function(baseline=ema)'.  [default: what fits the objective]",
)
@click.option(
    "--optimizer", help="How to move: mean-field or adam.  [default: what fits the estimator]"
)
@click.option(
    "--samples", type=int, metavar="N", help="Pictures to draw a step, for estimators that draw."
)
@click.option("--steps", type=int, metavar="N", help="Steps to take.  [default: by --preset]")
@click.option(
    "--learning-rate",
    type=float,
    metavar="RATE",
    help="Adam: logits a step. mean-field: part of the pixels that moves in a step.",
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
    type=click.Choice(["mode", "sample"]),
    help="Write the most probable picture, or draw one.  [default: mode; sample for variance with "
    "c < 1]",
)
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="balanced",
    show_default=True,
    help="Between haste and beauty.",
)
@report_options
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say all settings.")
def optimize(**words: Any) -> int:
    """Reduce the picture SOURCE (- for standard input) to few colors.

    \b
    Example:
      ditherlab optimize photo.jpg
      ditherlab optimize photo.jpg --palette pico-8 -o small.png
      ditherlab optimize photo.jpg --colors 8 --preset best
      cat photo.jpg | ditherlab optimize - --palette e-ink-7 -o - > panel.png
    """
    teller = _Teller(words.pop("quiet"), words.pop("verbose"), _takes_stdout(words))
    output, report = words.pop("output"), words.pop("report")
    as_json, overwrite = words.pop("as_json"), words.pop("overwrite")
    _check_outputs(output, report, as_json=as_json, overwrite=overwrite)
    with Interruption().listen() as interruption:
        problem = OptimizeRequest(**words).problem()
        teller.tell_problem(problem)
        solution = _solve(problem, interruption, is_quiet=teller.is_quiet)
        written = _write(solution, output, overwrite=overwrite)
        teller.tell_solution(solution, written)
        run_report = _report(solution, written)
        deliver_report(run_report.document(), as_json=as_json, report=report, overwrite=overwrite)
        teller.tell_report(run_report)
    return _EXIT_CODES.get(solution.outcome, 0)


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
                self._remark(f"{word}: {setting}")

    def tell_solution(self, solution: "Solution", output: str) -> None:
        """Tell what was found and where it is."""
        for note in solution.notes:
            self._remark(note)
        used, size = solution.num_colors_used, len(solution.palette)
        if isinstance(solution.problem.palette, int) and used < solution.problem.palette:
            self._remark(f"{used} of {solution.problem.palette} colors are used.")
        if self.is_verbose:
            self._remark(f"palette ({size}): {','.join(solution.palette.hex)}")
            self._remark(f"temperature: {solution.history.temperature}")
        ending = _ENDINGS.get(solution.outcome)
        where = "standard output" if output == STANDARD_STREAM else output
        if ending is not None:
            click.echo(ending.format(output=where), err=True)
        elif not self.is_stdout_taken and not self.is_quiet:
            click.echo(f"Wrote {where}.")

    def tell_report(self, report: "RunReport") -> None:
        """Tell the figures."""
        if not self.is_quiet:
            click.echo(report.table(), err=self.is_stdout_taken)

    def _remark(self, text: str) -> None:
        if not self.is_quiet:
            click.echo(text, err=True)


def _takes_stdout(words: dict[str, Any]) -> bool:
    return bool(words["as_json"] or words["output"] == STANDARD_STREAM)


def _check_outputs(
    output: str | None, report: str | None, *, as_json: bool, overwrite: bool
) -> None:
    if as_json and output == STANDARD_STREAM:
        raise RequestError(
            "`--json` and `-o -` both need standard output. Write one of them into a file: "
            "`--report run.json` or `-o picture.png`."
        )
    check_report(report, overwrite=overwrite)
    if output is not None and output != STANDARD_STREAM:
        check_output(output, overwrite=overwrite)
    if report is not None and output is not None and Path(report) == Path(output):
        raise RequestError(
            f"`--report` must be another file than `--output`, got '{report}' twice."
        )


def _solve(problem: "Problem", interruption: Interruption, *, is_quiet: bool) -> "Solution":
    from ditherlab.solver import optimize as solve

    with ProgressBar(problem.num_steps, is_hidden=is_quiet) as bar:
        return solve(problem, on_look=bar.show, should_stop=interruption)


def _write(solution: "Solution", output: str | None, *, overwrite: bool) -> str:
    """Write the picture and say where it went."""
    if output == STANDARD_STREAM:
        sys.stdout.buffer.write(solution.to_png())
        sys.stdout.flush()
        return output
    if output is not None:
        solution.save(output, overwrite=overwrite)
        return output
    stem = f"{solution.problem.picture.name or 'stdin'}-dithered"
    png = solution.to_png()
    while True:
        path = free_path(".", stem, ".png")
        try:
            write_atomically(path, png, overwrite=False)
        except OutputError:
            # Another run may have taken the name in between; anything else is final.
            if not path.exists():
                raise
        else:
            return str(path)


def _report(solution: "Solution", output: str) -> "RunReport":
    from ditherlab.report import RunReport

    return RunReport.of(solution, output)
