"""The measured figures as JSON lines: one row per picture, palette, tool and seed."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

RECORDED = Path(__file__).resolve().parent / "recorded.csv"


class RowError(ValueError):
    """A line of a file of results is no row; the message says why."""


@dataclass(frozen=True)
class Scores:
    """The figures of a dithered picture.

    Attributes:
        raw: SSIM of sRGB values.
        vs: SSIM after a blur of 1.5 px in sRGB.
        vp: PSNR after the same, dB.
        ls: SSIM after a blur of 1.5 px in linear light.
        lp: PSNR after the same, dB.
        flip35: Mean FLIP at 35 pixels per degree.
        flip: At 67 pixels per degree.
        flip100: At 100 pixels per degree.
        kb: Size as an indexed PNG by Pillow's optimizer, KiB.
        colors: Colors that are used.
        cpu: CPU seconds.
    """

    raw: float
    vs: float
    vp: float
    ls: float
    lp: float
    flip35: float
    flip: float
    flip100: float
    kb: float
    colors: int
    cpu: float | None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Take the figures of a row.

        Raises:
            RowError: If one is missing, unknown, or no finite number.
        """
        _check_names(cls, values)
        for name, value in values.items():
            if value is None and name == "cpu":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise RowError(f"`{name}` is no number: {value!r}.")
            if not math.isfinite(value):
                raise RowError(f"`{name}` is not finite: {value!r}.")
        if not isinstance(values["colors"], int):
            raise RowError(f"`colors` is no whole number: {values['colors']!r}.")
        return cls(**values)


@dataclass(frozen=True)
class Row:
    """What a tool made of a picture with a palette.

    Attributes:
        scores: None if it did not run.
        failure: Why it did not run, or empty.
        version: Of the tool, or empty if it is not known.
        machine: The processor.
        date: Of the measurement.
    """

    picture: str
    palette: str
    tool: str
    seed: int
    version: str
    machine: str
    date: str
    scores: Scores | None
    failure: str = ""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What a row is about: it is measured once."""
        return self.picture, self.palette, self.tool, self.seed

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Take a row as `to_json` writes it.

        Raises:
            RowError: If a field is missing, unknown or of the wrong type, or if there are both
                scores and a failure, or neither.
        """
        _check_names(cls, values)
        for name in ("picture", "palette", "tool", "version", "machine", "date", "failure"):
            if not isinstance(values[name], str):
                raise RowError(f"`{name}` is no text: {values[name]!r}.")
        if isinstance(values["seed"], bool) or not isinstance(values["seed"], int):
            raise RowError(f"`seed` is no whole number: {values['seed']!r}.")
        scores = values["scores"]
        if (scores is None) == (values["failure"] == ""):
            raise RowError("A row has either `scores` or a `failure`.")
        return cls(**{**values, "scores": None if scores is None else Scores.from_json(scores)})

    def to_json(self) -> str:
        """Write the row as one line."""
        return json.dumps(asdict(self), allow_nan=False)


def _check_names(kind: type[Row] | type[Scores], values: Mapping[str, Any]) -> None:
    names = {field.name for field in fields(kind)}
    missing, unknown = sorted(names - values.keys()), sorted(values.keys() - names)
    if missing or unknown:
        raise RowError(f"A row lacks {missing} and has the unknown {unknown}.")


def read_rows(path: Path) -> list[Row]:
    """Read a file of results; of rows about the same, the last one counts.

    Raises:
        RowError: Naming the line.
    """
    rows: dict[tuple[str, str, str, int], Row] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            row = Row.from_json(json.loads(line))
        except (RowError, json.JSONDecodeError) as error:
            raise RowError(f"{path.name}, line {number}: {error}") from error
        rows[row.key] = row
    return list(rows.values())


def append_row(path: Path, row: Row) -> None:
    """Add a row to a file of results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"{row.to_json()}\n")


def read_recorded(path: Path = RECORDED) -> list[Row]:
    """Read the figures of tools that cannot be installed from the package index."""
    return list(_recorded(line for line in path.read_text().splitlines() if line[:1] != "#"))


def _recorded(lines: Iterable[str]) -> Iterator[Row]:
    figures = [field.name for field in fields(Scores)]
    for cells in csv.DictReader(lines):
        values: dict[str, Any] = {name: float(cells[name] or "nan") for name in figures}
        values["colors"] = int(cells["colors"])
        values["cpu"] = float(cells["cpu"]) if cells["cpu"] else None
        yield Row(
            picture=cells["image"],
            palette=cells["palette"],
            tool=f"{cells['tool']} (recorded)",
            seed=0,
            version="",
            machine="recorded",
            date="2026-11",
            scores=Scores.from_json(values),
        )
