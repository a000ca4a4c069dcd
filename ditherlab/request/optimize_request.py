"""From words or objects, of a command line, a file or Python, to a job."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from inspect import get_annotations
from typing import TYPE_CHECKING, Any

from ditherlab.choices import Draw, Fit, NoiseShape, Polish, PresetName, Start
from ditherlab.discrete.cells import CellRule
from ditherlab.errors import PictureError, RequestError
from ditherlab.palette import HardwareGamut, Palette
from ditherlab.recipe.presets import PRESETS
from ditherlab.recipe.rules import check_settings
from ditherlab.request.loading import loading_deadline
from ditherlab.request.memory_size import parse_size
from ditherlab.request.palette_options import PaletteOptions, as_option
from ditherlab.request.parameter_options import refuse_twice, says, with_option
from ditherlab.request.plain_values import checked_value
from ditherlab.specs import Strategy

if TYPE_CHECKING:
    import os

    from ditherlab.images import Picture
    from ditherlab.models import Model
    from ditherlab.problem import LearnedPalette, Limits
    from ditherlab.protocol import Estimator, Objective, Optimizer
    from ditherlab.recipe import Recipe, Shorthands
    from ditherlab.request.colors import Colors
    from ditherlab.request.job import Job
    from ditherlab.schedules import Temperatures
    from ditherlab.stages import Stage

_CROP = re.compile(r"([0-9]{1,9})x([0-9]{1,9})\+([0-9]{1,9})\+([0-9]{1,9})")


@dataclass(frozen=True, kw_only=True)
class OptimizeRequest:
    """The options of `optimize` that decide the picture: words, or the objects that they name."""

    palette: "str | os.PathLike[str] | int | Palette | LearnedPalette | Colors | None" = None
    measured: "str | Palette | Colors | None" = None
    colors: int | None = None
    lock: "str | Palette | Colors | None" = None
    gamut: str | HardwareGamut | None = None
    cells: str | CellRule | None = None
    transparent_index: int | None = None
    fit: Fit = "auto"
    model: "str | Model | type[Model]" = "categorical"
    noise: NoiseShape | None = None
    method: "str | Stage | type[Stage]" = "descent"
    objective: "str | Objective | Callable[..., Any]" = "perceptual"
    estimator: "str | Estimator | type[Estimator] | None" = None
    optimizer: "str | Optimizer | type[Optimizer] | None" = None
    pixels_per_degree: float | None = None
    viewing_distance: str | None = None
    dpi: float | None = None
    crisp: float | None = None
    strength: float = 1.0
    samples: int | None = None
    steps: int | None = None
    start: Start | None = None
    polish: Polish | None = None
    sweeps: int | None = None
    learning_rate: float | None = None
    temperature: str | float | tuple[float, float] | None = None
    max_seconds: float | None = None
    max_memory: str | int | None = None
    seed: int = 0
    device: str = "auto"
    draw: Draw | None = None
    preset: PresetName = "balanced"
    recipe: "str | Recipe | Stage | Sequence[str | Stage] | None" = None

    def __post_init__(self) -> None:
        for name in ("model", "method", "objective", "estimator", "optimizer"):
            value = getattr(self, name)
            if isinstance(value, type) and issubclass(value, Strategy):
                object.__setattr__(self, name, value())
        for name, hint in get_annotations(type(self)).items():
            # A quoted type is that of words or of an object that another room checks.
            if not isinstance(hint, str):
                value = checked_value(as_option(name), getattr(self, name), hint)
                object.__setattr__(self, name, value)

    @property
    def palette_options(self) -> PaletteOptions:
        """The options that describe the palette."""
        return PaletteOptions(
            **{option.name: getattr(self, option.name) for option in fields(PaletteOptions)}
        )

    @property
    def given(self) -> dict[str, object]:
        """The options that were given, by name; a word for the default counts as left out."""
        for_palette = {option.name for option in fields(PaletteOptions)}
        others = {name: v for name, v in self.chosen.items() if name not in for_palette}
        if self.polish == "none":
            del others["polish"]
        return {**self.palette_options.given, **others}

    @property
    def chosen(self) -> dict[str, Any]:
        """The values that are not the defaults, by name."""
        return {
            option.name: getattr(self, option.name)
            for option in fields(self)
            if not _is_equal(getattr(self, option.name), option.default)
        }

    @property
    def limits(self) -> "Limits":
        """The time and the memory that the run may take."""
        from ditherlab.problem import Limits

        return Limits(seconds=self.max_seconds, memory_bytes=self._memory_bytes())

    def check(self, spell: Callable[[str], str] = as_option) -> None:
        """Refuse options that exclude one another, before torch is loaded.

        Args:
            spell: Writes the name of an option for the message.

        Raises:
            RequestError: With the sentence of the table, or for a size that is none.
        """
        check_settings(self.given, spell)
        self._memory_bytes()

    def job(
        self, picture: "Picture | Sequence[Picture]", clock: Callable[[], float] = time.monotonic
    ) -> "Job":
        """Understand the words, and return what is to be done with a picture.

        Args:
            picture: The source; several pictures are one problem.
            clock: Returns seconds, for the time limit of loading Python code.

        Raises:
            RequestError: For words that are not understood, or exclude one another.
            AbilityError: If a stage cannot work with the objective.
            PictureError: If the picture is too small for the objective.
            PaletteError: If a palette file holds no palette.
            CodeError: If Python code cannot be loaded.
        """
        self.check()
        with loading_deadline(self.max_seconds, clock):
            return self._job(picture)

    def _job(self, picture: "Picture | Sequence[Picture]") -> "Job":
        options = self.palette_options
        cells, palette = options.read_cells(), options.read_palette()
        locked, panel, gamut = options.read_locked(), options.read_panel(), options.read_gamut()

        from ditherlab.problem import LearnedPalette, Problem
        from ditherlab.recipe import as_recipe, default_recipe
        from ditherlab.request.job import Job

        problem = Problem(
            picture=picture,
            palette=(
                LearnedPalette(palette, locked, gamut, panel, self.transparent_index)
                if isinstance(palette, int)
                else palette
            ),
            objective=self.read_objective(),
            fit=self.fit,
            cells=cells,
            strength=self.strength,
        )
        if self.recipe is None:
            recipe = default_recipe(problem, self._shorthands(problem.objective))
        else:
            recipe = as_recipe(self.recipe).resolved(problem)
        return Job(problem, recipe, self.limits, self.seed, self.device)

    def read_objective(self) -> "Objective":
        """Return the objective at the viewing distance, before it is suited to a learned palette.

        Raises:
            RequestError: For words that are not understood.
            CodeError: If Python code cannot be loaded.
        """
        from ditherlab.objectives import as_objective

        return self._viewed(as_objective(self.objective))

    def joint_job(self, pictures: "Sequence[Picture]") -> "Job":
        """Return the job of one palette for several pictures, laid side by side in one.

        They lie further apart than the objective sees, each shrunk to its share of the pixels on
        which a palette is learned. For a single picture, it is the job of `job`.

        Raises:
            RequestError: For words that are not understood, or no picture.
            PaletteError: If a palette file holds no palette.
        """
        if not pictures:
            raise RequestError("There must be at least one picture, got none. Name one.")
        first = self.job(pictures[0])
        if len(pictures) == 1:
            return first

        from ditherlab.recipe import Recipe
        from ditherlab.stages.learn_palette import LearnPalette, lay_out_apart

        num_px = PRESETS[self.preset].palette_px
        joint = self.job(lay_out_apart(first.problem, pictures, num_px))
        stages = tuple(
            replace(stage, pixels=joint.problem.num_pixels)
            if isinstance(stage, LearnPalette)
            else stage
            for stage in joint.recipe.stages
        )
        return replace(joint, recipe=Recipe(stages))

    def _shorthands(self, objective: "Objective") -> "Shorthands":
        from ditherlab.recipe import Shorthands

        estimator = self._estimator(objective)
        return Shorthands(
            preset=self.preset,
            start=self.start,
            polish=self.polish,
            steps=self._rounds("steps"),
            sweeps=self._rounds("sweeps"),
            estimator=estimator,
            optimizer=None if self._has_model else self._optimizer(objective, estimator),
            temperature=self._temperature(objective, estimator),
            model=self._model(),
            method=self._method(),
            draw=self.draw,
        )

    def _viewed(self, objective: "Objective") -> "Objective":
        """Tell the objective where the viewer is, and how crisp the picture shall be."""
        typed, crisp = self.objective, self.crisp
        distance = self._pixels_per_degree()
        objective = with_option(
            objective, typed, "--pixels-per-degree", "pixels_per_degree", distance
        )
        return with_option(objective, typed, "--crisp", "crisp", crisp)

    def _pixels_per_degree(self) -> float | None:
        if self.viewing_distance is None or self.dpi is None:
            return self.pixels_per_degree
        from ditherlab.vision.viewing import parse_length_cm, pixels_per_degree

        return pixels_per_degree(parse_length_cm(self.viewing_distance), self.dpi)

    def _estimator(self, objective: "Objective") -> "Estimator | None":
        from ditherlab.estimators import ESTIMATORS
        from ditherlab.stages.strategies import default_estimator

        if self.estimator is None and self.samples is None:
            return None
        if self.estimator is None:
            estimator = default_estimator(objective)
        else:
            estimator = ESTIMATORS.resolve(self.estimator)
        return with_option(estimator, self.estimator, "--samples", "num_samples", self.samples)

    def _optimizer(
        self, objective: "Objective", estimator: "Estimator | None"
    ) -> "Optimizer | None":
        from ditherlab.optimizers import OPTIMIZERS
        from ditherlab.stages.strategies import default_estimator, default_optimizer

        if self.optimizer is None and self.learning_rate is None:
            return None
        if self.optimizer is None:
            optimizer = default_optimizer(objective, estimator or default_estimator(objective))
        else:
            optimizer = OPTIMIZERS.resolve(self.optimizer)
        option, rate = "--learning-rate", self.learning_rate
        return with_option(optimizer, self.optimizer, option, "learning_rate", rate)

    def _memory_bytes(self) -> int | None:
        if self.max_memory is None:
            return None
        return parse_size(str(self.max_memory), "--max-memory")

    def _rounds(self, name: str) -> int | None:
        """Return the steps or sweeps that were typed, also in the words of the method."""
        method = self._method()
        is_said = method is not None and says(self.method, name)
        if is_said and getattr(self, name) is not None:
            refuse_twice(self.method, f"--{name}", name)
        value: int | None = getattr(method if is_said else self, name)
        return value

    def _method(self) -> "Stage | None":
        """Return the search that replaces the descent; None for a descent."""
        if _is_equal(self.method, "descent"):
            return None
        from ditherlab.stages import METHODS

        method = METHODS.resolve(self.method)
        if method.name not in METHODS.classes:
            raise RequestError(
                f"`--method` must be one of {', '.join(METHODS.classes)}, got `{method.name}`. Use "
                "`--recipe` for other stages."
            )
        return method

    @property
    def _has_model(self) -> bool:
        return not _is_equal(self.model, "categorical")

    def _model(self) -> "Model | None":
        """Return the model to learn; None for the color of each pixel by itself."""
        if not self._has_model:
            return None
        from ditherlab.models import MODELS

        model = MODELS.resolve(self.model)
        model = with_option(model, self.model, "--noise", "shape", self.noise)
        rate = self.learning_rate
        return with_option(model, self.model, "--learning-rate", "learning_rate", rate)

    def _temperature(
        self, objective: "Objective", estimator: "Estimator | None"
    ) -> "Temperatures | None":
        from ditherlab.schedules import parse_temperatures
        from ditherlab.stages.strategies import default_estimator

        if self.temperature is None:
            return None
        if (estimator or default_estimator(objective)).is_relaxation:
            refuse_twice(self.estimator, "--temperature", "tau")
        if isinstance(self.temperature, tuple | list):
            return parse_temperatures(":".join(map(str, self.temperature)))
        return parse_temperatures(str(self.temperature))


def crop_picture(picture: "Picture", crop: str) -> "Picture":
    """Cut out the part that `WxH+X+Y` says.

    Raises:
        RequestError: For other words, or a part that is not inside the picture.
    """
    match = _CROP.fullmatch(crop)
    if match is None:
        raise RequestError(f"`--crop` must be WxH+X+Y in pixels, got '{crop}'. Try 64x64+0+0.")
    width, height, left, top = (int(number) for number in match.groups())
    try:
        return picture.crop(left=left, top=top, width=width, height=height)
    except PictureError as error:
        raise RequestError(f"`--crop`: {error}") from error


def _is_equal(value: object, default: object) -> bool:
    """Compare with a default; objects of Python may compare in ways of their own."""
    is_plain = isinstance(value, str | int | float)
    return value is default or (is_plain and value == default)
