"""What came of a cell, as a line of JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ditherlab.errors import ResultsError

_FAILED = "failed"


@dataclass(frozen=True)
class CellResult:
    """A cell that ended, well or not; its fields are the names in the JSON.

    Attributes:
        key: Of the cell: the hash of everything that decides its result.
        version: Of the program.
        settings: What the cell was, in the words of the file.
        outcome: Why the run ended; `failed` if there was none.
        error: What went wrong; None if nothing did.
        cost: Of the finished picture as it would be written; None if it is not finite.
        expected_cost: Of pictures drawn from the last probabilities; None if there were none.
        metrics: By name; None where a picture has none.
        seconds: How long the run took, its figures excluded.
        steps: Steps that the estimator took.
        evaluations: Pictures priced.
        backward_passes: Pictures priced and differentiated.
        palette: The colors, as `#rrggbb`.
        colors_used: Those of them that opaque pixels show.
        device: Where it was computed.
        curve: `seconds`, `evaluations` and `expected_cost` on the way, thinned.
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
        """Record a cell that led to no picture."""
        return cls(key, version, settings, _FAILED, error)

    @classmethod
    def from_line(cls, line: str) -> "CellResult":
        """Read what `line` has written; names that are not known are left out.

        Raises:
            ResultsError: If it is no such line.
        """
        try:
            document = json.loads(line)
            known = {f.name: document[f.name] for f in fields(cls) if f.name in document}
            result = cls(**known)
            # A result is compared with others like it: sequences are tuples.
            return replace(
                result,
                palette=tuple(result.palette),
                curve={name: tuple(numbers) for name, numbers in result.curve.items()},
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ResultsError("It is no result of a cell.") from error

    @property
    def is_failed(self) -> bool:
        """Whether something went wrong, even if there is a picture."""
        return self.error is not None

    def line(self) -> str:
        """Write it as JSON, without a line break."""
        document = {f.name: getattr(self, f.name) for f in fields(self)}
        return json.dumps(document, allow_nan=False)
