"""From the words of a command line to a `Problem`."""

import sys
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ditherlab.errors import RequestError
from ditherlab.images import read_picture
from ditherlab.palette import Palette, resolve_palette
from ditherlab.presets import PRESETS

if TYPE_CHECKING:
    from ditherlab.images import Picture
    from ditherlab.problem import Problem
    from ditherlab.protocol import Estimator, Objective, Optimizer

STANDARD_STREAM = "-"

_DEFAULT_NUM_COLORS = 16

Strategy = TypeVar("Strategy")


@dataclass(frozen=True, kw_only=True)
class OptimizeRequest:
    """What the options of `optimize` say about the problem, as they were typed."""

    source: str
    palette: str | None
    colors: int | None
    objective: str
    estimator: str | None
    optimizer: str | None
    samples: int | None
    steps: int | None
    learning_rate: float | None
    temperature: str | None
    max_seconds: float | None
    seed: int
    device: str
    draw: Any
    preset: str

    def problem(self) -> "Problem":
        """Understand the words, read the picture, and build the problem.

        Raises:
            RequestError: For words that cannot be meant.
            PictureError: For a source that is no picture.
            PaletteError: For a palette file that holds no palette.
        """
        palette = self._read_palette()
        picture = self._read_picture()

        from ditherlab.objectives import parse_objective
        from ditherlab.problem import Problem
        from ditherlab.schedules import parse_temperatures

        objective = parse_objective(self.objective)
        estimator = self._estimator(objective)
        optimizer = self._optimizer(objective, estimator)
        return Problem(
            picture=picture,
            palette=palette,
            objective=objective,
            estimator=estimator,
            optimizer=optimizer,
            temperature=parse_temperatures(self.temperature) if self.temperature else None,
            num_steps=PRESETS[self.preset].num_steps if self.steps is None else self.steps,
            max_seconds=self.max_seconds,
            seed=self.seed,
            device=self.device,
            draw=self.draw,
        )

    def _read_palette(self) -> Palette | int:
        if self.palette is not None and self.colors is not None:
            raise RequestError(
                "`--palette` fixes the colors and `--colors` learns them: give one of the two."
            )
        if self.palette is not None:
            return resolve_palette(self.palette)
        return _DEFAULT_NUM_COLORS if self.colors is None else self.colors

    def _read_picture(self) -> "Picture":
        return read_picture(sys.stdin.buffer if self.source == STANDARD_STREAM else self.source)

    def _estimator(self, objective: "Objective") -> "Estimator":
        from ditherlab.estimators import ESTIMATORS
        from ditherlab.problem import default_estimator

        named = ESTIMATORS.parse(self.estimator) if self.estimator else None
        estimator = named or default_estimator(objective)
        return _with_option(estimator, "--samples", "num_samples", self.samples)

    def _optimizer(self, objective: "Objective", estimator: "Estimator") -> "Optimizer":
        from ditherlab.optimizers import OPTIMIZERS
        from ditherlab.problem import default_optimizer

        named = OPTIMIZERS.parse(self.optimizer) if self.optimizer else None
        optimizer = named or default_optimizer(objective, estimator)
        return _with_option(optimizer, "--learning-rate", "learning_rate", self.learning_rate)


def _with_option(strategy: Strategy, option: str, parameter: str, value: object) -> Strategy:
    """Set the parameter that an option stands for, or refuse where there is none."""
    if value is None:
        return strategy
    if parameter not in {f.name for f in fields(strategy)}:  # type: ignore[arg-type]
        raise RequestError(f"`{option}` means nothing to `{strategy}`, which draws no samples.")
    return replace(strategy, **{parameter: value})  # type: ignore[type-var]
