"""Where the picture of a run goes."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ditherlab.cli.streams import STANDARD_STREAM, check_standard_output, write_to_stdout
from ditherlab.errors import OutputError, RequestError
from ditherlab.images import check_writable, free_path, path_label, write_atomically

if TYPE_CHECKING:
    from ditherlab.solution import Solution


@dataclass(frozen=True)
class Destination:
    """A file, standard output, or a name after that of the source.

    Attributes:
        source: The file that the picture is made from, or `-`.
        output: What was asked for: a file, `-`, or None for `NAME-dithered.png`.
        overwrite: Whether a file that exists may be replaced; else a name gets a number.
    """

    source: str
    output: str | None
    overwrite: bool

    def check(self, report: str | None) -> None:
        """Refuse what could not be written in the end, before any work is done.

        Raises:
            OutputError: If the file exists or its folder cannot be written to.
            RequestError: If the report would take its place.
        """
        if self.output == STANDARD_STREAM:
            check_standard_output()
            return
        output = self._path()
        check_writable(output, overwrite=self.overwrite)
        if report is not None and Path(report).resolve() == output.resolve():
            raise RequestError(
                f"`--report` must be another file than `--output`, got {path_label(report)} twice."
            )

    def write(self, solution: "Solution") -> str:
        """Write the picture and say where it went.

        Raises:
            OutputError: If that fails; nothing is left behind then.
        """
        if self.output == STANDARD_STREAM:
            write_to_stdout(solution.to_png())
            return self.output
        png = solution.to_png()
        while True:
            path = self._path()
            try:
                write_atomically(path, png, overwrite=self.overwrite)
            except OutputError:
                # Another run may have taken a free name in between; anything else is final.
                if self.output is not None or self.overwrite or not path.exists():
                    raise
            else:
                return self.output or str(path)

    def _path(self) -> Path:
        if self.output is not None:
            return Path(self.output)
        stem = "stdin" if self.source == STANDARD_STREAM else Path(self.source).stem
        if self.overwrite:
            return Path(f"{stem}-dithered.png")
        return free_path(".", f"{stem}-dithered", ".png")


def spell_destination(output: str) -> str:
    """Name for a person where a picture went."""
    return "standard output" if output == STANDARD_STREAM else path_label(output)
