"""The file that keeps what cells came to: a line of JSON each, appended as they end."""

import os
from collections.abc import Iterable
from pathlib import Path

from ditherlab.errors import OutputError, ResultsError
from ditherlab.experiments.cell_result import CellResult
from ditherlab.images import path_label

# What the lines of a result begin with, so that a torn one is known from another file's.
_BEGINNING = '{"key": "'


class ResultsFile:
    """Results by the keys of their cells; a later line stands in for an earlier one of its key.

    Every result is one whole line, which is on the disk before the next cell is asked for. Whatever
    kills the program can leave one torn line at the end, which is ignored, with a note.

    Attributes:
        path: Where it is; it is made with the first result.
        results: What it holds.
        notes: What had to be ignored, a sentence each.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[str, CellResult] = {}
        self.notes: list[str] = []
        self._ends_in_the_middle = False

    @classmethod
    def open(cls, path: Path) -> "ResultsFile":
        """Read what is there.

        Raises:
            ResultsError: If it holds something else than results.
            OutputError: If it cannot be read.
        """
        file = cls(path)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return file
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{path_label(path)} cannot be read: {reason}.") from error
        file._ends_in_the_middle = bool(content) and not content.endswith(b"\n")
        file._read(content.decode(errors="replace").split("\n"))
        return file

    def add(self, result: CellResult) -> None:
        """Keep a result.

        Raises:
            OutputError: If it cannot be written.
        """
        line = f"{result.line()}\n"
        if self._ends_in_the_middle:
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
        self._ends_in_the_middle = False
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
                self.notes.append(f"{place} is torn: its cell runs again.")
            else:
                self.results[result.key] = result
