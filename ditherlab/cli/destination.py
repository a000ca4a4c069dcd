"""Destinations of a run's picture and of its packed indices."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ditherlab.cli.streams import (
    STANDARD_STREAM,
    check_binary_output,
    write_to_stdout,
)
from ditherlab.errors import OutputError, RequestError
from ditherlab.images import (
    PNG,
    Encoder,
    check_writable,
    encoder_for,
    free_path,
    path_label,
    sample_name,
    write_atomically,
)

if TYPE_CHECKING:
    from ditherlab.problem import Problem
    from ditherlab.solver.solution import Solution


@dataclass(frozen=True)
class Written:
    """A picture that was written.

    Attributes:
        name: The file, or `-`.
        num_bytes: Its size.
        encoder: Its format.
    """

    name: str
    num_bytes: int
    encoder: Encoder

    @property
    def label(self) -> str:
        """The name as messages show it."""
        return spell_destination(self.name)


@dataclass(frozen=True)
class Destination:
    """The destination of a picture: a file, a folder, a device or pipe, or standard output.

    Attributes:
        source: The file of the source picture, `sample:NAME`, or `-`.
        output: The value of `--output`: a file, whose suffix sets the format, a folder, `-`, or
            None for `NAME-dithered.png` in the current folder.
        overwrite: Whether an existing file may be replaced; otherwise a name that is made from the
            source's gets a number.
    """

    source: str
    output: str | None
    overwrite: bool

    @property
    def encoder(self) -> Encoder:
        """The format to write.

        Raises:
            RequestError: If no format has the suffix of the file.
        """
        if self.output is None or self.output == STANDARD_STREAM or self._folder is not None:
            return PNG
        return PNG if _is_device(self.output) else encoder_for(self.output)

    def check(self, report: str | None) -> None:
        """Raise an error before any work is done if the file could not be written.

        Raises:
            OutputError: If the file exists or its folder cannot be written to, or standard output
                is a terminal.
            RequestError: If the suffix is that of no format, or the report is the same file.
        """
        if self.output == STANDARD_STREAM:
            check_binary_output()
            return
        self.encoder  # noqa: B018 - refuses an unknown suffix
        output = self.path()
        check_writable(output, overwrite=self.overwrite)
        if report is not None and Path(report).resolve() == output.resolve():
            raise RequestError(
                f"`--report` must be another file than `--output`, got {path_label(report)} twice."
            )

    def check_picture(self, problem: "Problem") -> None:
        """Raise an error before the run if the format cannot hold the picture.

        Raises:
            RequestError: If the colors and the entry of transparent pixels exceed 256.
            PictureError: If the picture is too large, or has alpha that the format cannot hold.
        """
        from ditherlab.solver.solution import check_encodable

        check_encodable(problem, self.encoder)

    def write(self, solution: "Solution") -> Written:
        """Write the picture.

        Raises:
            OutputError: If writing fails; no partial file is left behind.
        """
        encoder = self.encoder
        data = solution.encode(encoder)
        if self.output == STANDARD_STREAM:
            write_to_stdout(data)
            return Written(self.output, len(data), encoder)
        while True:
            path = self.path()
            try:
                write_atomically(path, data, overwrite=self.overwrite)
            except OutputError:
                # Another run may have taken the free name in between; other errors are final.
                if not self._is_name_made or self.overwrite or not path.exists():
                    raise
            else:
                return Written(str(path), len(data), encoder)

    def path(self) -> Path:
        """Return the file to write, for any output but standard output."""
        if self.output is not None and not self._is_name_made:
            return Path(self.output)
        stem = sample_name(self.source) or Path(self.source).stem
        stem = "stdin" if self.source == STANDARD_STREAM else stem
        folder = self._folder or Path()
        if self.overwrite:
            return folder / f"{stem}-dithered.png"
        return free_path(folder, f"{stem}-dithered", ".png")

    @property
    def _is_name_made(self) -> bool:
        """Return whether the file is named after the source."""
        return self.output is None or self._folder is not None

    @property
    def _folder(self) -> Path | None:
        """The folder that `--output` names; None if it names no folder."""
        if self.output is None or self.output == STANDARD_STREAM:
            return None
        separators = tuple(filter(None, (os.sep, os.altsep)))
        # Unlike `Path.is_dir`, this never raises, for example for names that are too long.
        is_folder = self.output.endswith(separators) or os.path.isdir(self.output)  # noqa: PTH112
        return Path(self.output) if is_folder else None


def _is_device(output: str) -> bool:
    """Return whether a path is that of a device or a pipe, which is written to directly."""
    try:
        return not stat.S_ISREG(os.stat(output).st_mode)  # noqa: PTH116
    except (OSError, ValueError):
        return False


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
