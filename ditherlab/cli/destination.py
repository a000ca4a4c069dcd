"""Destinations of a run's picture and of its packed indices."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ditherlab.cli.streams import STANDARD_STREAM, check_standard_output, write_to_stdout
from ditherlab.errors import OutputError, RequestError
from ditherlab.images import check_writable, free_path, path_label, write_atomically

if TYPE_CHECKING:
    from ditherlab.problem import Problem
    from ditherlab.solver.solution import Solution


@dataclass(frozen=True)
class Destination:
    """The destination of a picture: a file, standard output, or a name made from the source's.

    Attributes:
        source: The file of the source picture, or `-`.
        output: The value of `--output`: a file, `-`, or None for `NAME-dithered.png`.
        overwrite: Whether an existing file may be replaced; otherwise the name gets a number.
    """

    source: str
    output: str | None
    overwrite: bool

    def check(self, report: str | None) -> None:
        """Raise an error before any work is done if the file could not be written.

        Raises:
            OutputError: If the file exists or its folder cannot be written to.
            RequestError: If the report is the same file.
        """
        if self.output == STANDARD_STREAM:
            check_standard_output()
            return
        output = self.path()
        check_writable(output, overwrite=self.overwrite)
        if report is not None and Path(report).resolve() == output.resolve():
            raise RequestError(
                f"`--report` must be another file than `--output`, got {path_label(report)} twice."
            )

    def check_picture(self, problem: "Problem") -> None:
        """Raise an error before the run if the picture has too many colors for a PNG.

        Raises:
            RequestError: If the colors and the entry of transparent pixels exceed 256.
        """
        from ditherlab.solver.solution import check_encodable

        check_encodable(problem)

    def write(self, solution: "Solution") -> str:
        """Write the picture and return the name of its destination.

        Raises:
            OutputError: If writing fails; no partial file is left behind.
        """
        if self.output == STANDARD_STREAM:
            write_to_stdout(solution.to_png())
            return self.output
        png = solution.to_png()
        while True:
            path = self.path()
            try:
                write_atomically(path, png, overwrite=self.overwrite)
            except OutputError:
                # Another run may have taken the free name in between; other errors are final.
                if self.output is not None or self.overwrite or not path.exists():
                    raise
            else:
                return self.output or str(path)

    def path(self) -> Path:
        """Return the file to write, for any output but standard output."""
        if self.output is not None:
            return Path(self.output)
        stem = "stdin" if self.source == STANDARD_STREAM else Path(self.source).stem
        if self.overwrite:
            return Path(f"{stem}-dithered.png")
        return free_path(".", f"{stem}-dithered", ".png")


@dataclass(frozen=True)
class PackedDestination:
    """The destination of the packed indices, if `--packed` is given.

    Attributes:
        path: The value of `--packed`; None for no file.
        overwrite: Whether an existing file may be replaced.
    """

    path: str | None
    overwrite: bool

    def check(self, picture: Destination, report: str | None) -> None:
        """Raise an error before any work is done if the file could not be written.

        Args:
            picture: The destination of the picture.
            report: The file of the report; None for none.

        Raises:
            OutputError: If the file exists or its folder cannot be written to.
            RequestError: If it is standard output, or the same file as another output.
        """
        if self.path is None:
            return
        if self.path == STANDARD_STREAM:
            raise RequestError("`--packed` must be a file, got standard output. Name a file.")
        check_writable(self.path, overwrite=self.overwrite)
        others = [] if picture.output == STANDARD_STREAM else [picture.path()]
        others += [] if report is None else [Path(report)]
        if Path(self.path).resolve() in [other.resolve() for other in others]:
            raise RequestError(
                "`--packed` must be another file than `--output` and `--report`, got "
                f"{path_label(self.path)} twice."
            )

    def check_picture(self, problem: "Problem") -> None:
        """Raise an error before the run if the picture cannot be packed.

        Raises:
            PictureError: If a pixel is transparent.
        """
        if self.path is not None:
            from ditherlab.solver.solution import check_packable

            check_packable(problem.pictures[0])

    def write(self, solution: "Solution") -> str | None:
        """Write the file and return a message about it; None without `--packed`.

        Raises:
            OutputError: If writing fails; no partial file is left behind.
        """
        if self.path is None:
            return None
        write_atomically(self.path, solution.to_packed(), overwrite=self.overwrite)
        unit = "bit" if solution.packed_bits == 1 else "bits"
        return f"Wrote {path_label(self.path)}: {solution.packed_bits} {unit} a pixel."


def spell_destination(output: str) -> str:
    """Return the name of a destination as messages show it."""
    return "standard output" if output == STANDARD_STREAM else path_label(output)
