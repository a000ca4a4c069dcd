"""The result of a cell, as a line of JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ditherlab.errors import ResultsError
from ditherlab.naming import without_controls

_FAILED = "failed"


@dataclass(frozen=True)
class CellResult:
    """The result of a cell, which may be a failure; the fields are the keys of the JSON.

    Attributes:
        key: The hash of everything that determines the result of the cell.
        version: The program's version.
        settings: The settings as written in the sweep's file.
        outcome: The reason why the run ended; `failed` if there was no run.
        error: The error message; None without an error.
        cost: The cost of the finished picture; None if it is not finite.
        expected_cost: The mean cost of pictures drawn from the last probabilities; None without
            any.
        metrics: The metrics by name; None for a metric that the picture does not have.
        seconds: The time of the run, without the metrics.
        steps: Number of gradient steps.
        evaluations: Number of cost evaluations.
        backward_passes: Number of cost evaluations with a gradient.
        palette: The colors, as `#rrggbb`.
        colors_used: Number of colors that opaque pixels use.
        device: The device of the computation.
        curve: `seconds`, `evaluations` and `expected_cost` during the run, subsampled.
    """

    key: str
    version: str
    settings: Mapping[str, Any]
    outcome: str
    error: str | None = None
    cost: float | None = None
    expected_cost: float | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0
    steps: int = 0
    evaluations: int = 0
    backward_passes: int = 0
    palette: tuple[str, ...] = ()
    colors_used: int = 0
    device: str | None = None
    curve: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def failure(
        cls, key: str, version: str, settings: Mapping[str, Any], error: str
    ) -> "CellResult":
        """Return the result of a cell without a picture."""
        return cls(key, version, settings, _FAILED, error)

    @classmethod
    def from_line(cls, line: str) -> "CellResult":
        """Parse the output of `line`; unknown keys are ignored.

        Raises:
            ResultsError: If the line is not a result.
        """
        try:
            document = json.loads(line)
            known = {f.name: document[f.name] for f in fields(cls) if f.name in document}
            result = cls(**known)
            # Tuples, as in a new result, so that results compare equal.
            return replace(
                result,
                palette=tuple(result.palette),
                curve={name: tuple(numbers) for name, numbers in result.curve.items()},
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ResultsError("This is not the result of a cell.") from error

    @property
    def is_failed(self) -> bool:
        """True if there was an error, even if there is a picture."""
        return self.error is not None

    def line(self) -> str:
        """Return the result as JSON, without a line break."""
        document = {f.name: getattr(self, f.name) for f in fields(self)}
        return json.dumps(without_controls(document), allow_nan=False)
