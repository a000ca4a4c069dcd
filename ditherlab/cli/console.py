"""Messages about a run for people; they go to standard error if standard output is in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ditherlab.cli.destination import Written
from ditherlab.cli.streams import write_to_stderr, write_to_stdout
from ditherlab.images import path_label, printable

if TYPE_CHECKING:
    from ditherlab.report import RunReport
    from ditherlab.request.job import Job
    from ditherlab.solver.checkpoint import Checkpoint
    from ditherlab.solver.solution import Solution
    from ditherlab.vision.image_metrics import ImageMetric

_FAILURES = {
    "interrupted": "Interrupted: {output} is the best picture so far.",
    "not-finite": "Error: The cost became infinite or NaN: {output} is the last good picture.",
    "cost-failed": "Error: {failure} {output} is the picture so far.",
}
_REMARKS = {
    "out-of-time": "The time is up: {output} is the picture so far.",
    "nothing-begun": "The time was up before the first step: {output} shows {start}.",
    "nothing-to-draw": "Every pixel is transparent: {output} shows the source unchanged.",
}
# A run that takes more says so before it starts.
_MUCH_MEMORY_BYTES = 1 << 30

_STARTS = {"nearest": "the nearest colors", "error-diffusion": "plain error diffusion"}


@dataclass(frozen=True)
class Console:
    """Report a run to a person.

    Attributes:
        is_quiet: Whether only errors are reported.
        is_verbose: Whether all settings are reported.
        is_stdout_taken: Whether standard output receives the picture or a document.
    """

    is_quiet: bool
    is_verbose: bool
    is_stdout_taken: bool

    def report_job(self, job: "Job", metrics: "Sequence[ImageMetric]") -> None:
        """Report the assumptions that were made, and with -v all settings.

        Args:
            job: The job.
            metrics: The further metrics, of which some may not be defined for the picture.
        """
        problem = job.problem
        undefined = [
            metric.why_not(problem.width, problem.height, is_gray=problem.is_gray)
            for metric in metrics
        ]
        for note in (*problem.notes, *filter(None, undefined)):
            self._remark(note)
        if self.is_verbose:
            for word, setting in job.settings.items():
                # The temperature may depend on the first step, so it is reported at the end.
                if word != "temperature":
                    self._remark(f"{word}: {_spell_setting(setting)}")
            self._remark(f"device: {job.chosen_device}")
        self._report_memory(job)

    def _report_memory(self, job: "Job") -> None:
        from ditherlab.solver.memory import spell_size

        num_bytes, allowed_bytes = job.memory_need.num_bytes, job.allowed_memory_bytes
        if self.is_verbose:
            of = "" if allowed_bytes is None else f" of {spell_size(allowed_bytes)}"
            self._remark(f"memory: about {spell_size(num_bytes)}{of}")
        elif num_bytes > _MUCH_MEMORY_BYTES:
            self._remark(f"The run takes about {spell_size(num_bytes)} of memory.")

    def report_solution(self, solution: "Solution", written: Written) -> None:
        """Report the outcome of a run and the file that was written."""
        for note in solution.notes:
            self._remark(note)
        learned, used = solution.problem.learned, solution.num_colors_used
        if learned is not None and 0 < used < learned.num_colors:
            self._remark(f"Colors used: {used} of {learned.num_colors}.")
        if self.is_verbose:
            temperature = solution.history.temperature
            spelled = "none" if temperature is None else "{:.3g}:{:.3g}".format(*temperature)
            self._remark(f"temperature: {spelled}")
            self._remark(f"colors: {','.join(solution.palette.hex)}")
        where = written.label
        is_begun = solution.history.costs or solution.outcome != "out-of-time"
        event = solution.outcome if is_begun else "nothing-begun"
        if event in _FAILURES:
            failure = printable(solution.failure or "")
            write_to_stderr(_FAILURES[event].format(failure=failure, output=where))
        elif event in _REMARKS:
            start = _first_picture(solution)
            self._remark(_REMARKS[event].format(output=where, start=start))
        elif not self.is_stdout_taken:
            self._write(f"Wrote {where}.")
        source_bytes = solution.source.num_file_bytes
        if source_bytes is not None and written.num_bytes > source_bytes:
            self._remark(
                f"It is larger than the source: {written.num_bytes} bytes, and not {source_bytes}."
            )

    def report_checkpoint(self, checkpoint: "Checkpoint | None", solution: "Solution") -> None:
        """Report that a run that ended early can go on."""
        if checkpoint is not None and solution.outcome in ("interrupted", "out-of-time"):
            self._remark(f"To go on: `--resume {path_label(checkpoint.path)}`.")

    def report_packed(self, message: str | None) -> None:
        """Report the file of packed indices."""
        if message is not None:
            self._remark(message)

    def report_table(self, report: "RunReport") -> None:
        """Report the metrics."""
        self._write(report.table())
        for note in report.not_finite:
            self._remark(note)

    def _write(self, text: str) -> None:
        if self.is_stdout_taken:
            self._remark(text)
        elif not self.is_quiet:
            write_to_stdout(text)

    def _remark(self, text: str) -> None:
        if not self.is_quiet:
            write_to_stderr(text)


def _first_picture(solution: "Solution") -> str:
    settings = solution.settings
    if "model" in settings:
        return f"the untrained model `{settings['model']}`"
    return _STARTS[str(settings["start"])]


def _spell_setting(setting: object) -> str:
    return ",".join(setting) if isinstance(setting, list) else str(setting)
