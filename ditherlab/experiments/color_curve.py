"""Quality against the number of colors: learned and classical palettes after the same dither."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ditherlab.choices import PresetName
from ditherlab.errors import RequestError
from ditherlab.experiments.palette_trial import (
    PaletteTrial,
    PaletteVerdict,
    complete,
    try_palette,
)
from ditherlab.images import Picture
from ditherlab.naming import nearest_name
from ditherlab.objectives import Perceptual
from ditherlab.palette import MAX_NUM_COLORS, MIN_NUM_COLORS
from ditherlab.palette.extraction import EXTRACTIONS, extract_palette, few_colors
from ditherlab.recipe.presets import PRESETS
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.vision.packaged_metrics import require_package

LEARNED = "learned"
METHODS = (LEARNED, *EXTRACTIONS)

_STEPS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
_RANGE = re.compile(r"([0-9]{1,9})\.\.([0-9]{1,9})")

_LOW_IS_GOOD = ("cost", "flip")
_HIGH_IS_GOOD = ("raw", "vs", "vp", "ls", "lp")


@dataclass(frozen=True)
class FigureTarget:
    """A value of a metric to reach.

    Attributes:
        name: `cost`, `flip`, or a metric.
        value: The worst acceptable value.
    """

    name: str
    value: float

    @classmethod
    def parse(cls, text: str) -> "FigureTarget":
        """Parse a target such as `flip=0.1`.

        Raises:
            RequestError: For invalid text, or for FLIP if its package is not installed.

        Example:
            >>> FigureTarget.parse("lp=30")
            FigureTarget(name='lp', value=30.0)
        """
        name, _, number = text.partition("=")
        known = (*_LOW_IS_GOOD, *_HIGH_IS_GOOD)
        if name not in known:
            raise RequestError(
                f"`--target` must be METRIC=VALUE, got '{text}'. {nearest_name(name, known)}"
            )
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if not abs(value) < float("inf"):
            raise RequestError(
                f"`--target {name}=` must be a number, got '{number}'. Try flip=0.1."
            )
        if name == "flip":
            require_package("flip-evaluator", "--target flip")
        return cls(name, value)

    def is_reached(self, verdict: PaletteVerdict) -> bool:
        """Return whether a palette reaches the target."""
        found = verdict.figures.get(self.name)
        if found is None:
            return False
        return found <= self.value if self.name in _LOW_IS_GOOD else found >= self.value


@dataclass(frozen=True, eq=False)
class CurveTask:
    """A point of a curve to measure; any process can measure it.

    Attributes:
        picture: The source.
        method: One of `METHODS`.
        num_colors: The number of colors to find.
        preset: The preset for learning and for the sweeps of the dither.
        seed: The random seed.
        is_drawn: Whether the result includes the picture.
    """

    picture: Picture
    method: str
    num_colors: int
    preset: PresetName = "fast"
    seed: int = 0
    is_drawn: bool = False

    @property
    def effort(self) -> int:
        """The expected time, relative to other points."""
        return self.num_colors * (3 if self.method == LEARNED else 1)


@dataclass(frozen=True, eq=False)
class CurvePoint:
    """A palette found by a method, with its measurements.

    Attributes:
        method: One of `METHODS`.
        num_colors: The requested number; octree and a picture of few colors may give fewer.
        verdict: The measurements of the dithered picture.
    """

    method: str
    num_colors: int
    verdict: PaletteVerdict


def measure_point(task: CurveTask) -> CurvePoint:
    """Find a palette, dither the picture with it, and measure the result."""
    picture, num_colors = task.picture, task.num_colors
    pixels = picture.pixels[picture.opaque]
    if task.method != LEARNED:
        palette = extract_palette(pixels, num_colors, task.method, seed=task.seed)
    elif (few := few_colors(pixels, num_colors)) is not None:
        palette = few
    else:
        request = OptimizeRequest(
            colors=num_colors, preset=task.preset, seed=task.seed, device="cpu"
        )
        # The dither of this run is not used: all palettes are measured after the same dither.
        palette = complete(request.job(picture)).palette
    trial = PaletteTrial(
        picture,
        palette,
        objective=Perceptual().suited_to(learned_palette=True),
        fit="none",
        num_sweeps=PRESETS[task.preset].num_sweeps,
        is_drawn=task.is_drawn,
    )
    return CurvePoint(task.method, num_colors, try_palette(trial))


def curve_tasks(picture: Picture, ladder: Sequence[int], *, draws: bool = False) -> list[CurveTask]:
    """Return the points of a curve by method; only learned palettes include pictures."""
    return [
        CurveTask(picture, method, num_colors, is_drawn=draws and method == LEARNED)
        for method in METHODS
        for num_colors in ladder
    ]


def smallest_palette(
    target: FigureTarget, points: Sequence[CurvePoint], measure: Callable[[int], CurvePoint]
) -> tuple[CurvePoint | None, list[CurvePoint]]:
    """Find the smallest learned palette that reaches a target, by bisection between points.

    Args:
        target: The target; more colors are assumed to be better.
        points: The measured points.
        measure: Measures a learned palette with a given number of colors.

    Returns:
        The point, None if no point reaches the target, and the points measured by the search.
    """
    learned = [point for point in points if point.method == LEARNED]
    reached = [target.is_reached(point.verdict) for point in learned]
    if True not in reached:
        return None, []
    first = reached.index(True)
    best, found = learned[first], []
    low = learned[first - 1].num_colors if first else best.num_colors - 1
    while best.num_colors - low > 1:
        point = measure((low + best.num_colors) // 2)
        found.append(point)
        if target.is_reached(point.verdict):
            best = point
        else:
            low = point.num_colors
    return best, found


def parse_ladder(text: str) -> tuple[int, ...]:
    """Parse a range such as `2..64` into numbers of colors, about half an octave apart.

    Raises:
        RequestError: For invalid text, or numbers that no palette has.

    Example:
        >>> parse_ladder("5..20")
        (5, 6, 8, 12, 16, 20)
    """
    match = _RANGE.fullmatch(text.strip())
    low, high = (int(match[1]), int(match[2])) if match else (0, 0)
    if not MIN_NUM_COLORS <= low <= high <= MAX_NUM_COLORS:
        raise RequestError(
            f"`--colors` must be LOW..HIGH from {MIN_NUM_COLORS} to {MAX_NUM_COLORS}, got "
            f"'{text}'. Try 2..64."
        )
    return tuple(sorted({low, high, *(step for step in _STEPS if low < step < high)}))
