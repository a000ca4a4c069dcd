"""From the words of a command line, or of a file, to a `Problem`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

from ditherlab.choices import Draw, Fit, NoiseShape, Polish, PresetName, Start
from ditherlab.discrete.cells import CellRule
from ditherlab.errors import PictureError, RequestError
from ditherlab.palette import Palette
from ditherlab.recipe.presets import PRESETS
from ditherlab.request.palette_options import PaletteOptions

if TYPE_CHECKING:
    from ditherlab.discrete.search import Method
    from ditherlab.images import Picture
    from ditherlab.models import Model
    from ditherlab.problem.problem import Problem
    from ditherlab.protocol import Estimator, Objective, Optimizer

_CROP = re.compile(r"(\d+)x(\d+)\+(\d+)\+(\d+)")

Strategy = TypeVar("Strategy")


@dataclass(frozen=True, kw_only=True)
class OptimizeRequest:
    """What the options of `optimize` say about the problem, as they were typed."""

    palette: str | None = None
    measured: str | None = None
    colors: int | None = None
    lock: str | None = None
    gamut: str | None = None
    cells: str | None = None
    fit: Fit = "auto"
    model: str = "categorical"
    noise: NoiseShape | None = None
    method: str = "descent"
    objective: str = "perceptual"
    estimator: str | None = None
    optimizer: str | None = None
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
    temperature: str | None = None
    max_seconds: float | None = None
    seed: int = 0
    device: str = "auto"
    draw: Draw | None = None
    preset: PresetName = "balanced"

    @property
    def coloring(self) -> PaletteOptions:
        """What is said about colors."""
        return PaletteOptions(
            **{option.name: getattr(self, option.name) for option in fields(PaletteOptions)}
        )

    def problem(self, picture: "Picture") -> "Problem":
        """Understand the words, and build the problem of a picture.

        Raises:
            RequestError: For words that cannot be meant.
            PictureError: For a picture that is too small for the objective.
            PaletteError: For a palette file that holds no palette.
        """
        coloring = self.coloring
        cells, palette = self._cells(coloring), coloring.read_palette()
        locked, panel = coloring.read_locked(), coloring.read_panel()

        from ditherlab.objectives import parse_objective
        from ditherlab.problem.problem import Problem, default_estimator

        objective = self._viewed(parse_objective(self.objective))
        method = self._method()
        estimator = self._estimator(objective)
        model = self._model()
        optimizer = self._optimizer(objective, estimator) if model is None else None
        preset = PRESETS[self.preset]
        return Problem(
            picture=picture,
            palette=palette,
            locked=locked,
            panel=panel,
            gamut=coloring.read_gamut(),
            fit=self.fit,
            cells=cells,
            model=model,
            method=method,
            objective=objective,
            estimator=estimator,
            optimizer=optimizer,
            temperature=self._temperature(estimator or default_estimator(objective)),
            num_steps=preset.num_steps if self.steps is None else self.steps,
            start=self._start(palette),
            polish=self.polish,
            num_sweeps=preset.num_sweeps if self.sweeps is None else self.sweeps,
            polish_temperature=preset.polish_temperature,
            palette_px=preset.palette_px,
            num_palette_starts=preset.num_palette_starts,
            strength=self.strength,
            max_seconds=self.max_seconds,
            seed=self.seed,
            device=self.device,
            draw=self.draw,
        )

    def joint_problem(self, pictures: "Sequence[Picture]") -> "Problem":
        """Build the problem of one palette for several pictures.

        They lie side by side in one, further apart than the eye's blur reaches, each shrunk to its
        share of what a palette is learned on. Of a single picture, it is the problem of `problem`.

        Raises:
            RequestError: For words that cannot be meant, or no picture.
            PaletteError: For a palette file that holds no palette.
        """
        if not pictures:
            raise RequestError("There must be at least one picture, got none. Name one.")
        first = self.problem(pictures[0])
        if len(pictures) == 1:
            return first

        from ditherlab.images import lay_out

        gap_px = first.objective.bind(first.target()).footprint_px
        joint = self.problem(lay_out(pictures, num_px=first.palette_px, gap_px=gap_px))
        return replace(joint, palette_px=max(1, joint.picture.height * joint.picture.width))

    def _viewed(self, objective: "Objective") -> "Objective":
        """Tell the objective where the viewer is, and how crisp the picture shall be."""
        typed, crisp = self.objective, self.crisp
        distance = self._pixels_per_degree()
        objective = _with_option(
            objective, typed, "--pixels-per-degree", "pixels_per_degree", distance
        )
        return _with_option(objective, typed, "--crisp", "crisp", crisp)

    def _pixels_per_degree(self) -> float | None:
        if self.viewing_distance is None and self.dpi is None:
            return self.pixels_per_degree
        if self.pixels_per_degree is not None:
            raise RequestError(
                "`--pixels-per-degree` and `--viewing-distance` with `--dpi` say the same: give "
                "one of the two."
            )
        if self.viewing_distance is None or self.dpi is None:
            raise RequestError(
                "`--viewing-distance` and `--dpi` need each other: `--viewing-distance 70cm --dpi "
                "139`."
            )
        from ditherlab.vision.viewing import parse_length_cm, pixels_per_degree

        return pixels_per_degree(parse_length_cm(self.viewing_distance), self.dpi)

    def _start(self, palette: Palette | int) -> Start | None:
        """Start where the steps that were asked for have something to do."""
        asks_for_steps = (self.steps, self.temperature, self.estimator, self.optimizer)
        is_fixed = not isinstance(palette, int)
        is_fixed = is_fixed and not self._has_model and self.method == "descent"
        if self.start is None and is_fixed and any(word is not None for word in asks_for_steps):
            return "nearest"
        return self.start

    def _cells(self, coloring: PaletteOptions) -> CellRule | None:
        """Understand which machine is meant, which leaves no choice of steps."""
        rule = coloring.read_cells()
        if rule is None:
            return None
        steps: dict[str, object] = {
            "--steps": self.steps,
            "--temperature": self.temperature,
            "--estimator": self.estimator,
            "--optimizer": self.optimizer,
            "--samples": self.samples,
            "--learning-rate": self.learning_rate,
            "--start": self.start,
            "--model": self.model if self._has_model else None,
            "--method": self.method if self.method != "descent" else None,
        }
        for option, given in steps.items():
            if given is not None:
                raise RequestError(
                    f"`--cells` goes a way of its own, in which `{option}` has no part: leave it "
                    "out, or give `--palette` instead of the machine."
                )
        return rule

    def _estimator(self, objective: "Objective") -> "Estimator | None":
        from ditherlab.estimators import ESTIMATORS
        from ditherlab.problem.problem import default_estimator

        if self.estimator is None and self.samples is None:
            return None
        if self.estimator is None:
            estimator = default_estimator(objective)
        else:
            estimator = ESTIMATORS.parse(self.estimator)
        return _with_option(estimator, self.estimator, "--samples", "num_samples", self.samples)

    def _optimizer(
        self, objective: "Objective", estimator: "Estimator | None"
    ) -> "Optimizer | None":
        from ditherlab.optimizers import OPTIMIZERS
        from ditherlab.problem.problem import default_estimator, default_optimizer

        if self.optimizer is None and self.learning_rate is None:
            return None
        if self.optimizer is None:
            optimizer = default_optimizer(objective, estimator or default_estimator(objective))
        else:
            optimizer = OPTIMIZERS.parse(self.optimizer)
        option, rate = "--learning-rate", self.learning_rate
        return _with_option(optimizer, self.optimizer, option, "learning_rate", rate)

    def _method(self) -> "Method | None":
        """Understand how a picture is found; None for the way of the estimator."""
        if self.method == "descent":
            return None
        from ditherlab.discrete.registry import METHODS

        method = METHODS.parse(self.method)
        is_free = self.palette is None
        idle = {
            "--steps": self.steps if method.sweeps and not is_free else None,
            "--sweeps": None if method.sweeps or self.polish else self.sweeps,
            "--samples": None if is_free else self.samples,
            "--learning-rate": None if is_free else self.learning_rate,
        }
        for option, given in idle.items():
            if given is not None:
                raise RequestError(f"`{option}` has no part in `--method {method}`: leave it out.")
        return method

    @property
    def _has_model(self) -> bool:
        return self.model != "categorical"

    def _model(self) -> "Model | None":
        """Understand what is random; None for the color of each pixel by itself."""
        if not self._has_model:
            if self.noise is not None:
                raise RequestError("`--noise` says which noise `--model noise` adds: give both.")
            return None
        if self.optimizer is not None:
            raise RequestError(
                f"`--model {self.model}` learns a few parameters and not the logits that "
                "`--optimizer` moves: give one of the two."
            )
        if self.sweeps is not None:
            raise RequestError(
                f"`--sweeps` has no part in `--model {self.model}`, which no polish follows: leave "
                "it out."
            )
        from ditherlab.models import MODELS

        model = MODELS.parse(self.model)
        model = _with_option(model, self.model, "--noise", "shape", self.noise)
        rate = self.learning_rate
        return _with_option(model, self.model, "--learning-rate", "learning_rate", rate)

    def _temperature(self, estimator: "Estimator") -> tuple[float, float] | None:
        from ditherlab.schedules import parse_temperatures

        if self.temperature is None:
            return None
        if estimator.is_relaxation:
            _refuse_twice(self.estimator, "--temperature", "tau")
        return parse_temperatures(self.temperature)


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


def _with_option(
    strategy: Strategy, typed: str | None, option: str, parameter: str, value: object
) -> Strategy:
    """Set the parameter that an option stands for, or refuse where there is none."""
    if value is None:
        return strategy
    if parameter not in {f.name for f in fields(strategy)}:  # type: ignore[arg-type]
        raise RequestError(f"`{option}` means nothing to `{strategy}`: it has no `{parameter}`.")
    _refuse_twice(typed, option, parameter)
    return replace(strategy, **{parameter: value})  # type: ignore[type-var]


def _refuse_twice(typed: str | None, option: str, parameter: str) -> None:
    """Refuse an option beside the parameter that it stands for."""
    if typed is not None and re.search(rf"\b{parameter}\s*=", typed):
        raise RequestError(
            f"`{option}` and `{parameter}` in '{typed}' say the same: give one of the two."
        )
