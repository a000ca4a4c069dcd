"""A palette at work: one picture dithered with it and judged."""

import time
from dataclasses import dataclass, field

from ditherlab.choices import Fit
from ditherlab.experiments.judging import Figures, judge_picture
from ditherlab.images import Picture
from ditherlab.objectives import Perceptual
from ditherlab.palette import Palette
from ditherlab.problem import Problem
from ditherlab.protocol import Objective
from ditherlab.solver import optimize

# What a picture is shrunk to before palettes are tried on it.
TRIAL_PX = 1 << 18


@dataclass(frozen=True, eq=False)
class PaletteTrial:
    """What is to be done with a palette; complete in itself, so that any process can do it.

    Attributes:
        picture: The source.
        palette: Its colors stay.
        objective: What is minimized, and what the finished picture is priced by.
        fit: How the picture's colors are brought into what the palette can show.
        num_sweeps: Sweeps of the polish after error diffusion.
        is_drawn: Whether the picture is wanted, and not only its figures.
    """

    picture: Picture
    palette: Palette
    objective: Objective = field(default_factory=Perceptual)
    fit: Fit = "auto"
    num_sweeps: int = 4
    is_drawn: bool = False


@dataclass(frozen=True, eq=False)
class PaletteVerdict:
    """How a palette did.

    Attributes:
        palette: The one that was tried.
        fit: What was done so that the picture fits it.
        figures: The cost against the picture as it is, and every metric.
        num_colors_used: Colors that the picture shows.
        seconds: How long the dither took.
        png: The picture, indexed; None where it was not wanted.
    """

    palette: Palette
    fit: Fit
    figures: Figures
    num_colors_used: int
    seconds: float
    png: bytes | None = None

    @property
    def cost(self) -> float:
        """The cost against the picture as it is."""
        return self.figures["cost"] or 0.0


def try_palette(trial: PaletteTrial) -> PaletteVerdict:
    """Dither the picture with the palette and judge it; what executors are given."""
    start_s = time.monotonic()
    problem = Problem(
        picture=trial.picture,
        palette=trial.palette,
        objective=trial.objective,
        fit=trial.fit,
        num_sweeps=trial.num_sweeps,
        device="cpu",
    )
    solution = optimize(problem)
    seconds = time.monotonic() - start_s
    return PaletteVerdict(
        palette=trial.palette,
        fit=problem.chosen_fit,
        figures=judge_picture(trial.picture, solution.picture, trial.objective),
        num_colors_used=solution.num_colors_used,
        seconds=seconds,
        png=solution.to_png() if trial.is_drawn else None,
    )
