"""What an experiment found: charts, and claims of its source that hold or do not."""

from collections.abc import Sequence
from dataclasses import dataclass


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
