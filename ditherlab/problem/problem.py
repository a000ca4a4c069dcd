"""A problem: everything that decides which picture comes out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import log2
from typing import get_args

import torch

from ditherlab.choices import Draw, Fit, Polish, Start
from ditherlab.discrete.cells import CellRule
from ditherlab.discrete.cross_entropy import CrossEntropy
from ditherlab.discrete.registry import METHODS
from ditherlab.discrete.search import Method
from ditherlab.errors import AbilityError, DeviceError, PictureError, RequestError
from ditherlab.estimators import ESTIMATORS, GumbelSoftmax, LeaveOneOut, Moments, Reinmax
from ditherlab.images import Picture
from ditherlab.models import Model
from ditherlab.objectives import Perceptual
from ditherlab.optimizers import Adam, MeanField, NaturalGradient
from ditherlab.palette import (
    MAX_NUM_COLORS,
    MIN_NUM_COLORS,
    Color,
    HardwareGamut,
    Palette,
    are_gray,
    checked_colors,
    merged,
    spell_colors,
)
from ditherlab.palette_learning.hardware_colors import HardwareColors
from ditherlab.protocol import Estimator, Objective, Optimizer, Target, require
from ditherlab.vision.color import srgb_to_gray
from ditherlab.vision.gamut import clip_images, compress_images, mean_distance

# Of the time and the evaluations, which a palette may take.
_LEARNING_PART = 0.4

# Pictures that are farther than this, in Delta E*ab, from what the palette can show are clipped
# unasked. Photos are 34 to 61 from the Game Boy's greens, 6 to 26 from inks as measured on panels,
# and below 1 from EGA and the nominal colors of six and seven inks.
_FAR = 10.0

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A picture, its palette, and how to get from one to the other.

    Attributes:
        picture: The source.
        palette: A fixed palette, or how many colors to learn (2 to 256).
        locked: Colors, 8-bit display sRGB, that a learned palette begins with and that stay as they
            are; fewer than the palette has. Repeated ones are merged.
        panel: The device of the locked colors: one that it shows is written, and numbered, as it
            wants. None where no device is known but that of the gamut.
        gamut: The colors that a learned palette may take, the locked ones included; None for all.
        fit: How to bring the picture's colors into what a fixed palette can show: `clip`,
            `compress`, `none`, or `auto`, which clips where most of the picture is out of reach.
            Figures stay against the picture as it is.
        cells: Which colors may stand together in a cell, for an old machine with this palette; None
            for all. Needs an objective that is a squared error, and no estimator or optimizer.
        model: What is random in a picture: None for the color of each pixel by itself, else noise
            before rounding to the nearest color, or a mask of thresholds. Its few parameters are
            learned instead of the logits, in a palette that is fixed or learned before.
        method: How a picture is found without a gradient of probabilities; None for the way of the
            estimator. A palette to learn is learned before.
        objective: What the drawn picture shall be good for; what it leaves open is settled by
            whether the palette is learned.
        estimator: How the gradient is found; None chooses what fits the objective.
        optimizer: How the probabilities move; None chooses what fits the estimator.
        temperature: Start and end of the annealing. For a relaxation its own temperature, else the
            weight of the mean entropy of a pixel against the cost; None chooses what fits.
        num_steps: Steps of the estimator, or rounds of a method, to take at most. A fixed palette
            that starts from error diffusion takes them only if an estimator or optimizer is given.
        start: Where the probabilities start. None takes error diffusion where the cost is a squared
            error, and for a fixed palette no estimator or optimizer is given, else the nearest
            colors. Before error diffusion, a palette is learned on a smaller copy of the picture.
        polish: Which exact moves finish the drawn picture: flips of single pixels, or also swaps of
            neighbors; None polishes with both what it can.
        num_sweeps: How often the polish, or a method that sweeps, visits every pixel.
        polish_temperature: Where the polish starts to cool, in mean costs of a pixel; 0 is greedy.
        palette_px: The size of the copy on which a palette is learned, in pixels.
        num_palette_starts: From how many starts it is learned there: from k-means alone, 1, or also
            from colors far apart, 2, which takes twice as long.
        strength: From 0, no dithering, to 1, full: how far the wanted colors lie between the
            nearest ones of the palette and the picture's own.
        max_seconds: When to stop at the latest; None for never.
        max_evaluations: Pictures to price at most, those of the last look included; None for no
            limit. A run that can afford no step still takes one.
        seed: Same seed, same picture, on the same machine.
        device: `auto`, `cpu`, `cuda` or `mps`.
        draw: Whether the picture shows the most probable colors or is drawn; None draws where the
            objective, or the model, leaves its dither to the drawing.

    Raises:
        AbilityError: If the estimator cannot work with the objective, or the optimizer with the
            estimator; the message names what could.
        RequestError: If a number is out of its range, or options exclude each other.
        PaletteRequestError: If a locked color is none.
        PictureError: If the picture is too small for the objective.
    """

    picture: Picture
    palette: Palette | int = 16
    locked: tuple[Color, ...] = ()
    panel: Palette | None = None
    gamut: HardwareGamut | None = None
    fit: Fit = "auto"
    cells: CellRule | None = None
    model: Model | None = None
    method: Method | None = None
    objective: Objective = field(default_factory=Perceptual)
    estimator: Estimator | None = None
    optimizer: Optimizer | None = None
    temperature: tuple[float, float] | None = None
    num_steps: int = 150
    start: Start | None = None
    polish: Polish | None = None
    num_sweeps: int = 12
    polish_temperature: float = 0.0
    palette_px: int = 1 << 15
    num_palette_starts: int = 1
    strength: float = 1.0
    max_seconds: float | None = None
    max_evaluations: int | None = None
    seed: int = 0
    device: str = "auto"
    draw: Draw | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "locked", merged(checked_colors(self.locked, "locked"))[0])
        objective = self.objective.suited_to(learned_palette=self.learns_palette)
        object.__setattr__(self, "objective", objective)
        self._check_numbers()
        self._check_locked()
        self._check_gamut()
        self._check_fit()
        self._check_size()
        self._check_pairs()
        self._check_quadratic()
        self._check_cells()
        self._check_model()
        self._check_method()

    @property
    def chosen_estimator(self) -> Estimator:
        """The estimator, or the default of the objective."""
        return self.estimator or default_estimator(self.objective)

    @property
    def chosen_optimizer(self) -> Optimizer:
        """The optimizer, or the default of the estimator."""
        return self.optimizer or default_optimizer(self.objective, self.chosen_estimator)

    @property
    def chosen_draw(self) -> Draw:
        """How the picture is drawn in the end."""
        if self.model is not None:
            return self.draw or self.model.draw
        return self.draw or ("sample" if self.objective.draws_its_dither else "mode")

    @property
    def learns_palette(self) -> bool:
        """Whether the colors are to be found as well."""
        return isinstance(self.palette, int)

    @property
    def chosen_start(self) -> Start:
        """Where the probabilities start."""
        if self.start is not None or self.model is not None:
            return self.start or "nearest"
        is_way = self.estimator is not None or self.optimizer is not None
        is_free = self.learns_palette or self.method is not None or not is_way
        return "error-diffusion" if is_free and self._is_quadratic else "nearest"

    @property
    def chosen_polish(self) -> Polish:
        """Which moves finish the drawn picture."""
        is_free = self._is_quadratic and self.model is None and self.method is None
        return self.polish or ("swaps" if is_free else "none")

    @property
    def takes_steps(self) -> bool:
        """Whether the estimator has anything to do."""
        is_named = self.estimator is not None or self.optimizer is not None
        if self.method is not None:
            return self.learns_palette
        return self.learns_palette or is_named or self.chosen_start == "nearest"

    @property
    def learns_on_copy(self) -> bool:
        """Whether the palette is learned beforehand, on a smaller copy of the picture."""
        is_other_way = self.model is not None or self.method is not None
        is_before = self.chosen_start == "error-diffusion" or is_other_way
        return self.learns_palette and is_before

    @property
    def num_full_steps(self) -> int:
        """How many steps the estimator takes on the whole picture."""
        has_steps = self.takes_steps and not self.learns_on_copy
        return self.num_steps if has_steps or self.model is not None else 0

    def copy_to_learn_on(self) -> "Problem":
        """Return the same problem for a smaller copy of the picture, without a polish."""
        seconds, evaluations = self.max_seconds, self.max_evaluations
        return replace(
            self,
            picture=self.picture.shrink(self.palette_px),
            model=None,
            method=None,
            start="nearest",
            polish="none",
            strength=1.0,
            max_seconds=seconds and seconds * _LEARNING_PART,
            max_evaluations=evaluations and max(1, int(evaluations * _LEARNING_PART)),
        )

    def with_palette(self, palette: Palette) -> "Problem":
        """Return the same problem with the palette that was found for it."""
        return replace(self, palette=palette, locked=(), panel=None, gamut=None, fit="none")

    @property
    def panels(self) -> tuple[Palette, ...]:
        """The devices that learned colors may be entries of."""
        of_gamut = None if self.gamut is None else self.gamut.panel
        return tuple(panel for panel in (self.panel, of_gamut) if panel is not None)

    @property
    def _is_quadratic(self) -> bool:
        return "quadratic" in self.objective.abilities

    @property
    def chosen_device(self) -> torch.device:
        """The device to compute on.

        Raises:
            DeviceError: If this machine does not have it.
        """
        return _find_device(self.device)

    @property
    def chosen_fit(self) -> Fit:
        """How the picture's colors are brought into what the palette can show."""
        return self._fitted[0]

    @property
    def num_colors(self) -> int:
        """The size of the palette."""
        return len(self.palette) if isinstance(self.palette, Palette) else self.palette

    @property
    def is_gray(self) -> bool:
        """Whether only luminance counts: a gray palette, or colors to learn for a gray picture."""
        if isinstance(self.palette, Palette):
            return self.palette.is_gray
        can_be_gray = self.gamut is None or self.gamut.is_good_in_gray
        return self.picture.is_gray and are_gray(self.locked) and can_be_gray

    @property
    def showable(self) -> HardwareColors | None:
        """What learned colors must be of, in the channels that count; None for any color."""
        return None if self.gamut is None else HardwareColors(self.gamut, 1 if self.is_gray else 3)

    @property
    def settings(self) -> Mapping[str, object]:
        """What decides the picture, in words and numbers; no path, date or duration."""
        locked = {"locked": spell_colors(self.locked)} if self.locked else {}
        seen = self.palette.shown if isinstance(self.palette, Palette) else None
        shown = {"palette_shown": spell_colors(seen)} if seen else {}
        budget = {} if self.max_evaluations is None else {"max_evaluations": self.max_evaluations}
        cells = {"cells": self.cells.name} if self.cells else {}
        sweeps = self.chosen_polish != "none" or (self.method is not None and self.method.sweeps)
        return {
            "palette": self.palette.hex if isinstance(self.palette, Palette) else self.palette,
            **shown,
            **locked,
            **({"gamut": self.gamut.words} if self.gamut else {}),
            **cells,
            **({"model": str(self.model)} if self.model else {}),
            **({"method": str(self.method)} if self.method else {}),
            "fit": self.chosen_fit,
            "objective": str(self.objective),
            **self._settings_of_steps,
            "polish": self.chosen_polish,
            "sweeps": self.num_sweeps if sweeps else 0,
            "polish_temperature": self.polish_temperature,
            "strength": self.strength,
            **budget,
            **({} if self.method else {"draw": self.chosen_draw}),
            "seed": self.seed,
        }

    @property
    def _settings_of_steps(self) -> Mapping[str, object]:
        """What a method or a model leaves of the settings of a descent."""
        descends = self.method is None or self.learns_palette
        has_rounds = self.method is not None and not self.method.sweeps
        gradient = {
            "estimator": str(self.chosen_estimator),
            **({} if self.model else {"optimizer": str(self.chosen_optimizer)}),
            "temperature": self.temperature,
        }
        return {
            **(gradient if descends else {}),
            "steps": self.num_steps if self.takes_steps or has_rounds else 0,
            **({} if self.model else {"start": self.chosen_start}),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed about the source or the palette, a sentence each."""
        notes = list(self.picture.notes)
        if isinstance(self.palette, Palette) and self.palette.num_merged:
            notes.append(f"Repeated colors of the palette, merged: {self.palette.num_merged}.")
        return tuple(notes)

    @property
    def fit_notes(self) -> tuple[str, ...]:
        """What was done unasked so that the picture fits the palette; found at some cost."""
        if self.fit != "auto" or self.chosen_fit != "clip":
            return ()
        return (
            "The palette cannot show most of the picture's colors: each is replaced by the nearest "
            "that it can show, lightness first. Use `--fit none` to aim at the originals, or "
            "`--fit compress` to keep detail in bright and dark parts.",
        )

    def source_target(self) -> Target:
        """Put the picture as it is onto the device: what figures are against."""
        images = self.picture.to_srgb().to(self.chosen_device)
        opaque = torch.tensor(self.picture.opaque, device=self.chosen_device)
        return Target(srgb_to_gray(images, dim=1) if self.is_gray else images, opaque[None, None])

    def target(self) -> Target:
        """Put what the drawn pictures shall look like onto the device: the picture, as it fits."""
        return self._fitted[1]

    @cached_property
    def _fitted(self) -> tuple[Fit, Target]:
        source = self.source_target()
        if self.fit == "none" or not isinstance(self.palette, Palette):
            return "none", source
        images, opaque = source.images, source.opaque
        colors = self.palette.srgb(images.device)[:, : images.shape[1]]
        if self.fit == "compress":
            return "compress", Target(compress_images(images, opaque, colors), opaque)
        if self.fit == "auto" and mean_distance(images, opaque, colors) <= _FAR:
            return "none", source
        return "clip", Target(clip_images(images, colors), opaque)

    def _check_numbers(self) -> None:
        if isinstance(self.palette, int) and not MIN_NUM_COLORS <= self.palette <= MAX_NUM_COLORS:
            raise RequestError(
                f"The number of colors must be from {MIN_NUM_COLORS} to {MAX_NUM_COLORS}, got "
                f"{self.palette}."
            )
        if self.num_steps < 1:
            raise RequestError(f"The number of steps must be at least 1, got {self.num_steps}.")
        if self.num_sweeps < 0:
            raise RequestError(f"The number of sweeps must be at least 0, got {self.num_sweeps}.")
        if not 0 <= self.polish_temperature < float("inf"):
            raise RequestError(
                "The polish's temperature must be at least 0, got "
                f"{self.polish_temperature:g}. Try 0 or 1."
            )
        if self.num_palette_starts not in (1, 2):
            raise RequestError(
                f"The number of starts of a palette must be 1 or 2, got {self.num_palette_starts}."
            )
        if self.palette_px < 1:
            raise RequestError(
                "A palette must be learned on at least 1 pixel, got "
                f"`palette_px={self.palette_px}`. Try 32768."
            )
        if not 0 <= self.strength <= 1:
            raise RequestError(
                f"The strength must be from 0 (no dithering) to 1 (full), got {self.strength:g}."
            )
        if self.max_seconds is not None and not self.max_seconds > 0:
            raise RequestError(f"The time must be above 0 seconds, got {self.max_seconds:g}.")
        if self.max_evaluations is not None and self.max_evaluations < 1:
            raise RequestError(
                f"The number of evaluations must be at least 1, got {self.max_evaluations}."
            )
        if not 0 <= self.seed < 2**63:
            raise RequestError(f"The seed must be from 0 to 2^63 - 1, got {self.seed}.")
        if not _DEVICE.fullmatch(self.device):
            raise RequestError(f"The device must be auto, cpu, cuda or mps, got '{self.device}'.")

    def _check_locked(self) -> None:
        if self.locked and isinstance(self.palette, Palette):
            raise RequestError(
                "Locked colors must stand beside colors to learn, got a fixed palette. Add them to "
                "the palette, or give the number of colors instead of it."
            )
        if isinstance(self.palette, int) and len(self.locked) >= self.palette:
            raise RequestError(
                f"The locked colors must be fewer than the {self.palette} colors of the palette, "
                f"got {len(self.locked)}. Ask for more colors, or give them as a fixed palette."
            )

    def _check_gamut(self) -> None:
        if self.gamut is None:
            return
        if isinstance(self.palette, Palette):
            raise RequestError(
                "A gamut must stand beside colors to learn, got a fixed palette. Leave one out."
            )
        if self.palette > self.gamut.num_colors:
            raise RequestError(
                f"The number of colors must be at most that of the gamut, {self.gamut.num_colors}, "
                f"got {self.palette}. Ask for fewer."
            )
        for color in self.locked:
            if not self.gamut.holds(color):
                given, near = spell_colors((color, self.gamut.nearest(color)))
                raise RequestError(
                    f"Locked colors must be of the gamut, got {given}. Lock {near}, the nearest "
                    "that it has."
                )

    def _check_fit(self) -> None:
        if self.fit not in get_args(Fit):
            raise RequestError(f"The fit must be auto, none, clip or compress, got '{self.fit}'.")
        if self.fit in ("clip", "compress") and not isinstance(self.palette, Palette):
            raise RequestError(
                f"The fit of colors to learn must be none, got '{self.fit}': they go where the "
                "picture is. Leave it out, or give a fixed palette."
            )

    def _check_size(self) -> None:
        smallest = self.objective.min_size_px
        height, width = self.picture.height, self.picture.width
        if min(height, width) < smallest:
            raise PictureError(
                f"A picture for `{self.objective}` must be at least {smallest} pixels high and "
                f"wide, got {width} x {height}. Use `viewed-error`, which needs no window."
            )

    def _check_pairs(self) -> None:
        estimator, abilities = self.chosen_estimator, self.objective.abilities
        optimizer = self.chosen_optimizer
        fitting = sorted(
            name
            for name, other in ESTIMATORS.defaults().items()
            if other.needs <= abilities and self._is_small_enough_for(other)
        )
        require(
            abilities,
            estimator.needs,
            who=str(estimator),
            whom=str(self.objective),
            instead=fitting,
        )
        if estimator.num_colors not in (None, self.num_colors):
            raise AbilityError(
                f"`{estimator}` needs a palette of {estimator.num_colors} colors, got "
                f"{self.num_colors}. Use `leave-one-out`, which takes any number."
            )
        if not self._is_small_enough_for(estimator):
            raise AbilityError(
                f"`{estimator}` needs a problem of at most {estimator.max_num_pictures} pictures, "
                f"got {self.num_colors} colors on {self.picture.width} x {self.picture.height} "
                "pixels. Use `leave-one-out`, or a picture of a few pixels."
            )
        if optimizer.needs_color_costs and not estimator.gives_color_costs:
            givers = sorted(n for n, e in ESTIMATORS.classes.items() if e.gives_color_costs)
            raise AbilityError(
                f"`{optimizer}` needs an estimator that gives color costs, and `{estimator}` "
                f"gives none. Use {' or '.join(f'`{name}`' for name in givers)}, or `adam`."
            )
        if optimizer.needs_color_costs and self.objective.draws_its_dither:
            raise AbilityError(
                f"`{optimizer}` needs an objective that is the expected cost of a drawn picture, "
                f"and `{self.objective}` is none. Use `adam`."
            )

    def _check_quadratic(self) -> None:
        """Refuse what only squared errors offer."""
        if self._is_quadratic:
            return
        wishes = {
            f"start={self.start}": self.start == "error-diffusion",
            f"polish={self.polish}": self.polish not in (None, "none"),
            f"strength={self.strength:g}": self.strength != 1,
        }
        for wish, is_made in wishes.items():
            if is_made:
                raise AbilityError(
                    f"`{wish}` needs an objective that is a squared error, got "
                    f"`{self.objective}`. Use `perceptual` or `viewed-error`."
                )

    def _check_cells(self) -> None:
        if self.cells is None:
            return
        name, palette = f"cells={self.cells.name}", self.cells.palette
        if not isinstance(self.palette, Palette) or self.palette.colors != palette.colors:
            got = self.palette.name or "another" if isinstance(self.palette, Palette) else "none"
            raise RequestError(
                f"`{name}` must stand beside its palette, `{palette.name}`, got {got}. Use "
                "`palette=cells.palette`."
            )
        if not self._is_quadratic:
            raise AbilityError(
                f"`{name}` needs an objective that is a squared error, got `{self.objective}`. Use "
                "`perceptual` or `viewed-error`."
            )
        if self.takes_steps:
            raise RequestError(
                f"`{name}` must start from error diffusion and take no steps of an estimator, got "
                "an estimator, an optimizer or another start. Leave them out."
            )

    def _check_model(self) -> None:
        if self.model is None:
            return
        name = f"model={self.model}"
        wishes = {
            "cells": self.cells is not None,
            "optimizer": self.optimizer is not None,
            f"start={self.start}": self.start is not None,
            f"polish={self.polish}": self.polish not in (None, "none"),
            "temperature": self.temperature is not None and not self.chosen_estimator.is_relaxation,
        }
        for wish, is_made in wishes.items():
            if is_made:
                raise RequestError(
                    f"`{name}` learns the parameters of the model and no pixel by itself, so "
                    f"`{wish}` has no part in it. Leave one of the two out."
                )
        if self.objective.draws_its_dither:
            raise AbilityError(
                f"`{name}` needs an objective that is the expected cost of a drawn picture, and "
                f"`{self.objective}` is none. Use `perceptual` or `viewed-error`."
            )

    def _check_method(self) -> None:
        if self.method is None:
            return
        name = f"method={self.method}"
        wishes = {
            "cells": self.cells is not None,
            "model": self.model is not None,
            "temperature": self.temperature is not None,
            "draw": self.draw is not None,
        }
        if not self.learns_palette:
            wishes["estimator"] = self.estimator is not None
            wishes["optimizer"] = self.optimizer is not None
        for wish, is_made in wishes.items():
            if is_made:
                raise RequestError(
                    f"`{name}` goes a way of its own, in which `{wish}` has no part. Leave one of "
                    "the two out."
                )
        require(
            self.objective.abilities,
            self.method.needs,
            who=str(self.method),
            whom=str(self.objective),
            instead=sorted(
                str(other)
                for other in (*METHODS.defaults().values(), CrossEntropy(credit="global"))
                if other.needs <= self.objective.abilities
            ),
        )

    def _is_small_enough_for(self, estimator: Estimator) -> bool:
        """Say whether the palette has the right size, and the pictures are few enough to list."""
        if estimator.num_colors not in (None, self.num_colors):
            return False
        most = estimator.max_num_pictures
        if most is None:
            return True
        num_pixels = self.picture.width * self.picture.height
        return num_pixels <= log2(most) and self.num_colors**num_pixels <= most


def default_estimator(objective: Objective) -> Estimator:
    """Choose the exact gradient where there is one, else a relaxation, else what only needs values.

    Raises:
        AbilityError: If the objective offers nothing to work with.
    """
    if "expectation" in objective.abilities and objective.is_expectation_exact:
        return Moments()
    for estimator in (GumbelSoftmax(), LeaveOneOut()):
        if estimator.needs <= objective.abilities:
            return estimator
    raise AbilityError(f"`{objective}` offers nothing that an estimator could work with.")


def default_optimizer(objective: Objective, estimator: Estimator) -> Optimizer:
    """Choose best responses where they are known, else what was measured to end best.

    A best response needs color costs, and a cost that is linear in each pixel's probabilities: an
    expected cost, known exactly. On three photos, `docs/optimizing-well.md`, the natural gradient
    ended better with `reinmax`, and for most others no better than Adam.
    """
    is_linear = objective.is_expectation_exact and not objective.draws_its_dither
    if estimator.gives_color_costs and is_linear:
        return MeanField()
    return NaturalGradient() if isinstance(estimator, Reinmax) else Adam()


def _find_device(name: str) -> torch.device:
    present = ["cpu"]
    if torch.cuda.is_available():
        present = ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count())), *present]
    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if name == "auto":
        return torch.device(present[0])
    if name not in present:
        raise DeviceError(
            f"The device must be one that this machine has, got '{name}'. There is: "
            f"{', '.join(present)}."
        )
    return torch.device(name)
