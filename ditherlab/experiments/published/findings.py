"""What an experiment found: charts, and claims of its source that hold or do not."""

from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = 1e-20
"""What rounding leaves of a variance that is zero."""


@dataclass(frozen=True)
class Series:
    """A curve.

    Attributes:
        name: Its label.
        x: Places.
        y: Heights.
        low: Lower edge of a band around it; empty for none.
        high: Its upper edge.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()

    @classmethod
    def of_positive(cls, name: str, x: Sequence[float], y: Sequence[float]) -> "Series":
        """Leave out what is zero but for rounding: it has no place on a logarithmic axis.

        Example:
            >>> Series.of_positive("variance", [1, 2, 3], [0.5, 1e-31, 0.25])
            Series(name='variance', x=[1, 3], y=[0.5, 0.25], low=(), high=())
        """
        kept = [i for i, height in enumerate(y) if height > NOTHING]
        return cls(name, [x[i] for i in kept], [y[i] for i in kept])


@dataclass(frozen=True)
class Chart:
    """Curves over the same two axes.

    Attributes:
        title: What they show.
        x_label: With the unit.
        y_label: With the unit.
        series: The curves.
        is_log_x: Whether equal factors are equally far apart.
        is_log_y: Likewise.
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    is_log_x: bool = False
    is_log_y: bool = True


@dataclass(frozen=True)
class Claim:
    """A statement that can fail.

    Attributes:
        text: What the source says, or mathematics.
        holds: Whether it came out.
        detail: The figures that decide.
    """

    text: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class Findings:
    """Everything that a run of an experiment found."""

    charts: Sequence[Chart]
    claims: Sequence[Claim]
