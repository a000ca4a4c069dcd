"""Dither flat grays in black and white, and look at the spectra."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.quality.measuring import processor
from benchmarks.quality.rows import RowError
from benchmarks.quality.spectrum import radial_spectrum
from benchmarks.quality.task import Pixels, Task, Tool, ToolError

SIZE_PX = 256
NUM_DOWN, NUM_ACROSS = 2, 5
BLACK_AND_WHITE = ((0, 0, 0), (255, 255, 255))
GRAYS: Mapping[str, float] = {"1/16": 1 / 16, "1/8": 1 / 8, "1/5": 1 / 5}
"""In linear light: the shares of white."""


@dataclass(frozen=True)
class SpectrumRow:
    """What a tool makes of a flat gray.

    Attributes:
        share: Of white; right is the gray itself.
        low_power: Below a quarter of the principal frequency, in parts of the mean.
        worst_anisotropy_db: Of an annulus.
        mean_anisotropy_db: Over the annuli; -10 is alike in all directions.
        failure: Why there are no figures, or empty; they are None then.
    """

    gray: str
    tool: str
    version: str
    machine: str
    date: str
    share: float | None = None
    low_power: float | None = None
    worst_anisotropy_db: float | None = None
    mean_anisotropy_db: float | None = None
    failure: str = ""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Take a row as `to_json` writes it.

        Raises:
            RowError: If a field is missing, unknown or not finite, or if there are both figures
                and a failure.
        """
        names = {field.name for field in fields(cls)}
        if names != values.keys():
            raise RowError(f"Missing or unknown: {sorted(names ^ values.keys())}.")
        row = cls(**values)
        for figure in row.figures:
            if (figure is None) == (row.failure == ""):
                raise RowError("A row has either figures or a `failure`.")
            if figure is not None and not math.isfinite(figure):
                raise RowError(f"A figure is not finite: {figure}.")
        return row

    @property
    def figures(self) -> tuple[float | None, ...]:
        """The measured figures."""
        return self.share, self.low_power, self.worst_anisotropy_db, self.mean_anisotropy_db

    def to_json(self) -> str:
        """Write the row as one line."""
        return json.dumps(asdict(self), allow_nan=False)


def read_spectra(path: Path) -> list[SpectrumRow]:
    """Read a file of spectra, which may be missing; of rows about the same the last one counts."""
    if not path.exists():
        return []
    rows = [SpectrumRow.from_json(json.loads(line)) for line in path.read_text().splitlines()]
    return list({(row.gray, row.tool): row for row in rows}.values())


def flat_gray(linear: float) -> Pixels:
    """Return a picture of one gray, so large that ten squares can be cut from it.

    Args:
        linear: Part of the light of white, above 0.0031308.
    """
    level = round(255 * (1.055 * linear ** (1 / 2.4) - 0.055))
    return np.full((NUM_DOWN * SIZE_PX, NUM_ACROSS * SIZE_PX, 3), level, dtype=np.uint8)


def cut_squares(pixels: Pixels) -> list[np.ndarray]:
    """Cut a dithered gray into squares of zeros and ones."""
    is_white = (pixels.mean(axis=-1) > 127).astype(np.int64)
    return [
        is_white[top : top + SIZE_PX, left : left + SIZE_PX]
        for top in range(0, is_white.shape[0], SIZE_PX)
        for left in range(0, is_white.shape[1], SIZE_PX)
    ]


def measure_missing_spectra(
    tools: tuple[Tool, ...], out: Path, report: Callable[[str], None]
) -> None:
    """Measure what a file of spectra does not hold yet, and tell a line about each row."""
    finished = {(row.gray, row.tool) for row in read_spectra(out) if not row.failure}
    for gray, linear in GRAYS.items():
        task = Task(pixels=flat_gray(linear), colors=BLACK_AND_WHITE, is_learned=False)
        for tool in tools:
            if (gray, tool.name) in finished or not tool.can_do(task):
                continue
            row = _measure(tool, task, gray)
            with out.open("a") as file:
                file.write(f"{row.to_json()}\n")
            report(f"gray {gray}  {tool.name}: {row.failure or row.figures}")


def _measure(tool: Tool, task: Task, gray: str) -> SpectrumRow:
    date = time.strftime("%Y-%m-%d", time.gmtime())
    empty = SpectrumRow(gray, tool.name, version="", machine=processor(), date=date)
    try:
        outcome = tool.dither(task)
        spectrum = radial_spectrum(cut_squares(outcome.pixels))
    except (ToolError, ValueError) as error:
        return replace(empty, failure=str(error))
    if not math.isfinite(spectrum.mean_anisotropy_db + spectrum.worst_anisotropy_db):
        # So regular that no annulus with enough samples has any power.
        return replace(empty, failure="The patterns have no noise whose direction could be told.")
    return replace(
        empty,
        version=outcome.version,
        share=spectrum.share,
        low_power=spectrum.low_power,
        worst_anisotropy_db=spectrum.worst_anisotropy_db,
        mean_anisotropy_db=spectrum.mean_anisotropy_db,
    )
