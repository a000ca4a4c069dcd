"""The results file of a sweep: a line of JSON per cell, appended when the cell ends."""

import os
from collections.abc import Iterable
from pathlib import Path

from ditherlab.errors import OutputError, ResultsError
from ditherlab.experiments.cell_result import CellResult
from ditherlab.images import path_label

# The beginning of every result; it distinguishes an incomplete line from another kind of file.
_BEGINNING = '{"key": "'


class ResultsFile:
    """Results by the keys of their cells; a later line replaces an earlier one of the same key.

    Every result is one line, which is flushed to the disk before the next result. A crash can leave
    one incomplete line at the end, which is ignored, with a note.

    Attributes:
        path: The path; the file is created with the first result.
        results: The results by key.
        notes: Messages about ignored lines.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[str, CellResult] = {}
        self.notes: list[str] = []
        self._ends_in_incomplete_line = False

    @classmethod
    def open(cls, path: Path) -> "ResultsFile":
        """Read the results of a file, which may not exist yet.

        Raises:
            ResultsError: If the file holds anything but results.
            OutputError: If the file cannot be read.
        """
        file = cls(path)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return file
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{path_label(path)} cannot be read: {reason}.") from error
        file._ends_in_incomplete_line = bool(content) and not content.endswith(b"\n")
        file._read(content.decode(errors="replace").split("\n"))
        return file

    def add(self, result: CellResult) -> None:
        """Append a result.

        Raises:
            OutputError: If the file cannot be written.
        """
        line = f"{result.line()}\n"
        if self._ends_in_incomplete_line:
            line = f"\n{line}"
        try:
            with self.path.open("ab") as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(
                f"{path_label(self.path)} cannot be written: {reason}. Choose another by --results."
            ) from error
        self._ends_in_incomplete_line = False
        self.results[result.key] = result

    def _read(self, lines: Iterable[str]) -> None:
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                result = CellResult.from_line(line)
            except ResultsError as error:
                place = f"{path_label(self.path)}, line {number}"
                if not (line.startswith(_BEGINNING) or _BEGINNING.startswith(line)):
                    raise ResultsError(
                        f"{place}: {error} Name another file by --results."
                    ) from error
                self.notes.append(f"{place} is incomplete: its cell runs again.")
            else:
                self.results[result.key] = result
