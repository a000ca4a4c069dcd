"""Medians of the tools' figures over the pictures, and who leads."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from benchmarks.quality.pictures import PALETTES, PICTURES
from benchmarks.quality.rows import Row, Scores

FIGURES = ("flip35", "flip", "flip100", "ls", "lp", "raw", "vs", "vp", "kb", "colors", "cpu")
HIGHER_IS_BETTER = frozenset({"ls", "lp", "raw", "vs", "vp"})
_OURS = "ditherlab"
_BASELINE = "none"


def is_ours(tool: str) -> bool:
    """Say whether a tool is ditherlab."""
    return tool.startswith(_OURS)


def is_peer(tool: str) -> bool:
    """Say whether a tool dithers and is not ditherlab."""
    return not is_ours(tool) and not tool.startswith(_BASELINE)


@dataclass(frozen=True)
class Standing:
    """A tool's medians over all pictures with one palette; None where a figure was not taken."""

    palette: str
    tool: str
    figures: Mapping[str, float | None]

    def __getitem__(self, figure: str) -> float | None:
        return self.figures[figure]


@dataclass(frozen=True)
class Pair:
    """A picture with a palette: how a tool stands beside the best other.

    Attributes:
        ratio: Its FLIP in parts of the best other's.
    """

    picture: str
    palette: str
    other: str
    ratio: float


@dataclass(frozen=True)
class Results:
    """All rows, measured and recorded."""

    rows: Sequence[Row]

    def value(self, picture: str, palette: str, tool: str, figure: str) -> float | None:
        """Return a figure of a picture; of several seeds, their median."""
        found = self._scores.get((picture, palette, tool), ())
        return _median(getattr(scores, figure) for scores in found)

    def standings(self, palette: str) -> list[Standing]:
        """Return the tools that did all pictures with a palette, the lowest FLIP first."""
        pictures: dict[str, set[str]] = defaultdict(set)
        for picture, of_palette, tool in self._scores:
            if of_palette == palette:
                pictures[tool].add(picture)
        standings = [
            Standing(
                palette, tool, {figure: self._over(palette, tool, figure) for figure in FIGURES}
            )
            for tool, done in pictures.items()
            if done == set(PICTURES)
        ]
        return sorted(standings, key=lambda standing: standing["flip"] or 0.0)

    def standing(self, palette: str, tool: str) -> Standing | None:
        """Return the medians of one tool, or None if a picture is missing."""
        found = [standing for standing in self.standings(palette) if standing.tool == tool]
        return found[0] if found else None

    def pairs(self, tool: str) -> list[Pair]:
        """Compare a tool with all that is not ditherlab, picture by picture."""
        pairs = []
        for palette in PALETTES:
            for picture in PICTURES:
                own = self.value(picture, palette, tool, "flip")
                others = {
                    name: median(score.flip for score in scores)
                    for (of_picture, of_palette, name), scores in self._scores.items()
                    if (of_picture, of_palette) == (picture, palette) and not is_ours(name)
                }
                if own is not None and others:
                    best = min(others, key=lambda name: others[name])
                    pairs.append(Pair(picture, palette, best, own / others[best]))
        return pairs

    def spread(self, palette: str, tool: str, figure: str) -> float | None:
        """Return the median over the pictures of how far the seeds lie apart."""
        apart = []
        for picture in PICTURES:
            scores = self._scores.get((picture, palette, tool), ())
            values = [getattr(score, figure) for score in scores]
            if len(values) > 1:
                apart.append(max(values) - min(values))
        return _median(apart)

    @cached_property
    def _scores(self) -> Mapping[tuple[str, str, str], Sequence[Scores]]:
        """The scores of all seeds, by what they are about."""
        scores: dict[tuple[str, str, str], list[Scores]] = defaultdict(list)
        for row in self.rows:
            if row.scores:
                scores[row.picture, row.palette, row.tool].append(row.scores)
        return dict(scores)

    @property
    def failures(self) -> list[Row]:
        """The rows of tools that did not run."""
        return [row for row in self.rows if row.scores is None]

    def _over(self, palette: str, tool: str, figure: str) -> float | None:
        return _median(self.value(picture, palette, tool, figure) for picture in PICTURES)


def best_peer(standings: Iterable[Standing], figure: str) -> Standing | None:
    """Return the peer that leads in a figure."""
    sign = -1 if figure in HIGHER_IS_BETTER else 1
    peers = [
        (sign * value, standing.tool, standing)
        for standing in standings
        if is_peer(standing.tool) and (value := standing[figure]) is not None
    ]
    return min(peers)[-1] if peers else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
