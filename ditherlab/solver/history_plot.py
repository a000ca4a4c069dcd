"""Plots of the course of a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from ditherlab.plots import Axis, Line, Plot, Stack
from ditherlab.plots.scale import is_wide
from ditherlab.specs import check_choice

if TYPE_CHECKING:
    from ditherlab.solver.snapshot import History, Snapshot

Over = Literal["steps", "evaluations", "seconds"]

_LABELS = {"steps": "step", "evaluations": "pictures priced", "seconds": "time / s"}


def plot_history(history: "History", over: Over) -> Stack:
    """Plot the expected cost of a run, and the entropy if any pixel was ever undecided.

    Args:
        history: Of the run.
        over: The horizontal axis; over steps, every cost is shown, else those of the snapshots.

    Raises:
        RequestError: If there is no such axis.
    """
    check_choice("plot(over=...)", over, get_args(Over))
    x = Axis(_LABELS[over])
    snapshots = history.snapshots
    places = _places(snapshots, over)
    if over == "steps":
        costs = Line("", range(len(history.costs)), history.costs)
    else:
        costs = Line("", places, [snapshot.cost for snapshot in snapshots])
    y = Axis("expected cost", is_log=is_wide(costs.y))
    plots = [Plot("Expected cost during the run", x, y, lines=[costs])]
    entropies = [snapshot.entropy for snapshot in snapshots]
    if any(entropies):
        entropy = Line("", places, entropies, style=1)
        plots.append(
            Plot("Entropy during the run", x, Axis("entropy of a pixel / nat"), lines=[entropy])
        )
    return Stack(plots)


def _places(snapshots: "Sequence[Snapshot]", over: Over) -> list[float]:
    if over == "evaluations":
        return [snapshot.num_evaluations for snapshot in snapshots]
    if over == "seconds":
        return [snapshot.seconds for snapshot in snapshots]
    places: list[float] = []
    before, latest = 0, ""
    for number, snapshot in enumerate(snapshots):
        if snapshot.stage != latest:
            # Steps are counted from the beginning of each stage.
            before = int(places[-1]) if number else 0
            latest = snapshot.stage
        places.append(before + snapshot.step)
    return places
