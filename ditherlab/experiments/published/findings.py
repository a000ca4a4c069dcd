"""Results of an experiment: charts, and claims that hold or do not hold."""

from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = 1e-20
"""The largest variance that counts as zero, to allow for rounding."""


@dataclass(frozen=True)
class Series:
    """A curve of a chart.

    Attributes:
        name: The label.
        x: The x values.
        y: The y values.
        low: Lower edge of the band around the curve; empty for none.
        high: Upper edge of the band.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()

    @classmethod
    def of_positive(cls, name: str, x: Sequence[float], y: Sequence[float]) -> "Series":
        """Create a curve for a logarithmic axis, without values that are zero up to rounding.

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
        title: The title.
        x_label: The label of the x axis, with the unit.
        y_label: The label of the y axis, with the unit.
        series: The curves.
        is_log_x: Whether the x axis is logarithmic.
        is_log_y: Whether the y axis is logarithmic.
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    is_log_x: bool = False
    is_log_y: bool = True


@dataclass(frozen=True)
class Claim:
    """A statement that can be false.

    Attributes:
        text: The statement, from the source or from theory.
        holds: Whether the run confirmed it.
        detail: The numbers that decide.
    """

    text: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class Findings:
    """The charts and claims from a run of an experiment."""

    charts: Sequence[Chart]
    claims: Sequence[Claim]
