"""Where the picture of a run goes, and its bare indices."""

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
        output = self.path()
        check_writable(output, overwrite=self.overwrite)
        if report is not None and Path(report).resolve() == output.resolve():
            raise RequestError(
                f"`--report` must be another file than `--output`, got {path_label(report)} twice."
            )

    def check_picture(self, problem: "Problem") -> None:
        """Refuse a picture that no PNG has room for, before it is optimized.

        Raises:
            RequestError: If its colors are too many beside the entry of transparent pixels.
        """
        from ditherlab.solver.solution import check_encodable

        check_encodable(problem)

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
            path = self.path()
            try:
                write_atomically(path, png, overwrite=self.overwrite)
            except OutputError:
                # Another run may have taken a free name in between; anything else is final.
                if self.output is not None or self.overwrite or not path.exists():
                    raise
            else:
                return self.output or str(path)

    def path(self) -> Path:
        """Name the file that is written, if it is not standard output."""
        if self.output is not None:
            return Path(self.output)
        stem = "stdin" if self.source == STANDARD_STREAM else Path(self.source).stem
        if self.overwrite:
            return Path(f"{stem}-dithered.png")
        return free_path(".", f"{stem}-dithered", ".png")


@dataclass(frozen=True)
class PackedDestination:
    """The file that gets the bare indices beside the picture, if one is asked for.

    Attributes:
        path: What was asked for; None for no such file.
        overwrite: Whether a file that exists may be replaced.
    """

    path: str | None
    overwrite: bool

    def check(self, picture: Destination, report: str | None) -> None:
        """Refuse what could not be written in the end, before any work is done.

        Args:
            picture: Where the picture goes.
            report: Where the report goes; None for nowhere.

        Raises:
            OutputError: If the file exists or its folder cannot be written to.
            RequestError: If it would take the place of another one, or of standard output.
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
        """Refuse a picture that cannot be packed, before it is optimized.

        Raises:
            PictureError: If a pixel is transparent.
        """
        if self.path is not None:
            from ditherlab.solver.solution import check_packable

            check_packable(problem.pictures[0])

    def write(self, solution: "Solution") -> str | None:
        """Write the file and say so for a person; None if none was asked for.

        Raises:
            OutputError: If that fails; nothing is left behind then.
        """
        if self.path is None:
            return None
        write_atomically(self.path, solution.to_packed(), overwrite=self.overwrite)
        unit = "bit" if solution.packed_bits == 1 else "bits"
        return f"Wrote {path_label(self.path)}: {solution.packed_bits} {unit} a pixel."


def spell_destination(output: str) -> str:
    """Name for a person where a picture went."""
    return "standard output" if output == STANDARD_STREAM else path_label(output)
