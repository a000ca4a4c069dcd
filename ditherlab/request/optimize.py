"""`ditherlab.optimize`: a picture, or a problem, and all options as keyword arguments."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from inspect import signature
from typing import TYPE_CHECKING, Any, Never

from ditherlab.choices import AlphaMode, Draw, Fit, NoiseShape, Polish, PresetName, Start
from ditherlab.discrete.cells import CellRule
from ditherlab.errors import RequestError
from ditherlab.images import Picture, ReadingOptions
from ditherlab.images.gray_depth import check_levels
from ditherlab.naming import nearest_name, spell_value
from ditherlab.palette import HardwareGamut, Palette, hex_to_color, named_palettes
from ditherlab.problem import LearnedPalette, Limits, Problem
from ditherlab.recipe import Recipe, as_recipe, default_recipe
from ditherlab.recipe.rules import SHORTHANDS
from ditherlab.request.checkpoints import as_checkpoint
from ditherlab.request.job import Job
from ditherlab.request.like import read_like
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.request.pictures import as_pictures
from ditherlab.request.python_words import PythonWords
from ditherlab.request.run_options import (
    check_callables,
    check_limits,
    check_paths,
    check_reports,
)
from ditherlab.solver.checkpoint import Checkpoint
from ditherlab.solver.solution import Solution
from ditherlab.solver.solver import SECONDS_BETWEEN_REPORTS
from ditherlab.stages import Stage

if TYPE_CHECKING:
    import torch

    from ditherlab.images.gray_depth import LevelsChoice
    from ditherlab.models import Model
    from ditherlab.protocol import Estimator, Objective, Optimizer
    from ditherlab.request.colors import Colors
    from ditherlab.request.pictures import PictureSource
    from ditherlab.solver.budget import Clock
    from ditherlab.solver.snapshot import Snapshot

# Options of a request that a problem does not state.
_BESIDE_PROBLEM = ("recipe", "max_seconds", "max_memory", "seed", "device")


def optimize(
    picture: "PictureSource | Problem",
    recipe: str | Recipe | Stage | Sequence[str | Stage] | None = None,
    *,
    palette: "str | os.PathLike[str] | int | Palette | LearnedPalette | Colors | None" = None,
    colors: int | None = None,
    objective: "str | Objective | Callable[..., Any]" = "perceptual",
    estimator: "str | Estimator | type[Estimator] | None" = None,
    optimizer: "str | Optimizer | type[Optimizer] | None" = None,
    model: "str | Model | type[Model]" = "categorical",
    method: str | Stage | type[Stage] = "descent",
    preset: PresetName = "balanced",
    steps: int | None = None,
    sweeps: int | None = None,
    samples: int | None = None,
    learning_rate: float | None = None,
    temperature: str | float | tuple[float, float] | None = None,
    start: Start | None = None,
    polish: Polish | None = None,
    draw: Draw | None = None,
    noise: NoiseShape | None = None,
    strength: float = 1.0,
    fit: Fit = "auto",
    measured: "str | Palette | Colors | None" = None,
    lock: "str | Palette | Colors | None" = None,
    gamut: str | HardwareGamut | None = None,
    cells: str | CellRule | None = None,
    transparent_index: int | None = None,
    pixels_per_degree: float | None = None,
    viewing_distance: str | None = None,
    dpi: float | None = None,
    crisp: float | None = None,
    alpha: AlphaMode | None = None,
    background: str | tuple[int, int, int] | None = None,
    levels: "str | LevelsChoice | None" = None,
    allow_format: str | Iterable[str] = (),
    like: str | os.PathLike[str] | None = None,
    max_seconds: float | None = None,
    max_memory: str | int | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    device: "str | torch.device" = "auto",
    clock: "Clock" = time.monotonic,
    on_progress: "Callable[[Snapshot], None]" = lambda _snapshot: None,
    should_stop: Callable[[], bool] = lambda: False,
    seconds_between_reports: float = SECONDS_BETWEEN_REPORTS,
    num_report_samples: int | None = None,
    checkpoint: Checkpoint | str | os.PathLike[str] | None = None,
    checkpoint_every: float | None = None,
    resume: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    **unknown: Never,
) -> Solution:
    """Reduce a picture to few colors; options have the names and the meaning of the command line.

    Strategies are given by their words, such as `"leave-one-out(num_samples=8)"`, as an object, or
    as a class, which then has its default parameters.

    Args:
        picture: A path, an open binary file, a Pillow image, an array `[h w]` or `[h w c]` (uint8,
            or floats from 0 to 1), a tensor `[h w]` or `[c h w]` (the same, on any device), a
            `Picture`, or several of these in a list, an array `[n h w c]` or a tensor `[n c h w]`:
            they have one size and share the palette. All are display sRGB. Or a `Problem`, which
            states all options up to `viewing_distance` itself.
        recipe: The stages, which replace the options that set them: words, a `Recipe`, or stages.
        palette: A name such as `"pico-8"`, a file, colors (a text, hexadecimal texts in a list, or
            an array or tensor `[k, 3]` of uint8 or of floats from 0 to 1), a `Palette`, a number of
            colors to learn, or a `LearnedPalette`.
        colors: The number of colors to learn; 16 without a palette.
        objective: The cost: words, an `Objective`, a callable or module that prices pictures (see
            `CallableObjective`), or a metric of torchmetrics (see `MetricObjective`).
        estimator: The estimator of the gradient.
        optimizer: The optimizer of the probabilities.
        model: The model to learn instead of the color of every pixel.
        method: `descent`, or a search.
        preset: `fast`, `balanced` or `best`.
        steps: The number of gradient steps.
        sweeps: The number of sweeps of the polish or of a search.
        samples: Pictures drawn in each step, for estimators that draw.
        learning_rate: The learning rate of the optimizer.
        temperature: First and last temperature: `(1.0, 0.1)` or `"1:0.1"`.
        start: The first picture: `nearest` or `error-diffusion`.
        polish: The final search: `none`, `flips` or `swaps`.
        draw: `mode`, the most probable picture, or `sample`.
        noise: The shape of the noise, for the model `noise`.
        strength: Strength of the dithering, from 0 to 1.
        fit: How colors outside of the gamut of the palette are treated.
        measured: The colors of the palette as measured on a panel.
        lock: Learned colors that do not change.
        gamut: The colors that learned ones are among, such as `"rgb565"`.
        cells: An old machine, with its palette and its limit of colors in a cell.
        transparent_index: The entry of the palette for transparent pixels.
        pixels_per_degree: Viewing distance.
        viewing_distance: Viewing distance as a length such as `"70cm"`; needs `dpi`.
        dpi: Pixels per inch of the display.
        crisp: The weight of single pixels, for the objective `perceptual`.
        alpha: How transparency is treated: `cut`, `blend` or `keep`.
        background: The color for `blend`: `"#fff"`, or three numbers from 0 to 255.
        levels: The values of a deep gray file that become black and white, such as `"0:4095"`.
        allow_format: Rarely used file formats to read too.
        like: A picture of ditherlab whose settings are used; options given beside it come first.
        max_seconds: Time limit; the picture so far is returned.
        max_memory: Memory that the run may take: bytes, or a text such as `"4GiB"`.
        limits: Limits of time, evaluations and memory in one object.
        seed: From 0 to 2^63 - 1; the same seed gives the same picture on the same machine.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        clock: Returns seconds; all times of the run come from it.
        on_progress: Called at the start and end of each stage, and now and then between.
        should_stop: Asked before every step; True ends the run early, with the picture so far. So
            does a `KeyboardInterrupt`.
        seconds_between_reports: At least; 0 reports every step.
        num_report_samples: Pictures to draw and price at each report; None for the costs of steps.
        checkpoint: A file to which the state of the run is written, or a `Checkpoint`.
        checkpoint_every: Seconds between two checkpoints; 30 by default.
        resume: A checkpoint to go on from.
        overwrite: Whether the checkpoint of another run may be replaced.
        unknown: No other option exists.

    Returns:
        The pictures and their history; `outcome` says why the run ended.

    Raises:
        RequestError: For an option that is not understood, or options that exclude one another.
        AbilityError: If the objective lacks an ability that a stage needs.
        PictureError: If there is no picture, or it is too small or does not fit into memory.
        PaletteError: If a palette file holds no palette.
        CodeError: If Python code that words name cannot be loaded.
        ObjectiveError: If the objective fails at its first pictures.
        DeviceError: If the device is not there.
        CheckpointError: If the checkpoint to go on from is damaged, or that of another run.
        OutputError: If the checkpoint cannot be written.

    Example:
        >>> import numpy as np
        >>> solution = optimize(np.full((8, 8), 0.737), palette=["#000", "#fff"], device="cpu")
        >>> 28 <= int(solution.indices.sum()) <= 36  # half of the light
        True
    """
    _refuse_unknown(unknown)
    with _WORDS.in_errors():
        _refuse_palette_as_recipe(recipe)
        check_callables(clock=clock, on_progress=on_progress, should_stop=should_stop)
        check_paths(like=like, checkpoint=checkpoint, resume=resume)
        check_limits(limits)
        check_reports(seconds_between_reports, num_report_samples)
        request = OptimizeRequest(
            palette=palette,
            measured=measured,
            colors=colors,
            lock=lock,
            gamut=gamut,
            cells=cells,
            transparent_index=transparent_index,
            fit=fit,
            model=model,
            noise=noise,
            method=method,
            objective=objective,
            estimator=estimator,
            optimizer=optimizer,
            pixels_per_degree=pixels_per_degree,
            viewing_distance=viewing_distance,
            dpi=dpi,
            crisp=crisp,
            strength=strength,
            samples=samples,
            steps=steps,
            start=start,
            polish=polish,
            sweeps=sweeps,
            learning_rate=learning_rate,
            temperature=temperature,
            max_seconds=max_seconds,
            max_memory=max_memory,
            seed=seed,
            device=str(device),
            draw=draw,
            preset=preset,
            recipe=recipe,
        )
        reading = _Reading(alpha, background, levels, allow_format)
        if isinstance(picture, Problem):
            _refuse_beside_problem(request, reading, like)
            job = _job_of_problem(picture, request)
        else:
            if like is not None:
                is_limited = limits is not None and limits.evaluations is not None
                typed = request.chosen
                settings = read_like(os.fspath(like), typed, limits_evaluations=is_limited)
                request = OptimizeRequest(**settings)
            request.check()
            job = request.job(_read(picture, reading), clock)
        chosen = as_checkpoint(checkpoint, resume, checkpoint_every, overwrite=overwrite)
        solution = replace(job, limits=_joined(limits, job.limits)).run(
            clock=clock,
            on_progress=on_progress,
            should_stop=should_stop,
            seconds_between_reports=seconds_between_reports,
            num_report_samples=num_report_samples,
            checkpoint=chosen,
        )
    notes = tuple(map(_WORDS.write, (*solution.problem.notes, *solution.notes)))
    failure = solution.failure and _WORDS.write(solution.failure)
    return replace(solution, notes=notes, failure=failure)


@dataclass(frozen=True)
class _Reading:
    """The options about picture files, as they were given."""

    alpha: AlphaMode | None
    background: str | tuple[int, int, int] | None
    levels: "str | LevelsChoice | None"
    allow_format: str | Iterable[str]

    @property
    def given(self) -> list[str]:
        """The names of the options that were given."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [name for name, value in values if value not in (None, ())]

    @property
    def options(self) -> ReadingOptions:
        """The options for reading a picture."""
        background, formats = self.background, self.allow_format
        return ReadingOptions(
            alpha=self.alpha,
            background=hex_to_color(background) if isinstance(background, str) else background,
            levels=None if self.levels is None else check_levels(self.levels),
            allow_formats=formats.split(",") if isinstance(formats, str) else tuple(formats),
        )


def _read(picture: "PictureSource", reading: _Reading) -> Picture | list[Picture]:
    """Return one picture or several, with notes in the words of Python."""
    pictures = as_pictures(picture, reading.options)
    if isinstance(pictures, tuple):
        return [_with_python_notes(one) for one in pictures]
    return _with_python_notes(pictures)


def _job_of_problem(problem: Problem, request: OptimizeRequest) -> Job:
    recipe = default_recipe(problem) if request.recipe is None else as_recipe(request.recipe)
    return Job(problem, recipe, request.limits, request.seed, request.device)


def _refuse_beside_problem(
    request: OptimizeRequest, reading: _Reading, like: str | os.PathLike[str] | None
) -> None:
    others = [name for name in request.chosen if name not in _BESIDE_PROBLEM]
    others += [*reading.given, *([] if like is None else ["like"])]
    if not others:
        return
    (other, *_), states = others, {field.name for field in fields(Problem)}
    instead = f"`Problem({other}=...)`" if other in states else "a `Problem` of such a picture"
    if other in SHORTHANDS:
        instead = f"`recipe=default_recipe(problem, Shorthands({other}=...))`"
    raise RequestError(
        f"`{other}=` cannot be given beside a `Problem`, which states what is asked for. Use "
        f"{instead}, or give the picture itself."
    )


def _joined(limits: Limits | None, others: Limits) -> Limits:
    """Join limits in one object with those of single options."""
    if limits is None:
        return others
    for name, option in (("seconds", "--max-seconds"), ("memory_bytes", "--max-memory")):
        if getattr(limits, name) is not None and getattr(others, name) is not None:
            raise RequestError(
                f"`{option}` and `Limits({name}=...)` say the same: give one of the two."
            )
    return Limits(
        seconds=others.seconds if limits.seconds is None else limits.seconds,
        evaluations=limits.evaluations,
        memory_bytes=others.memory_bytes if limits.memory_bytes is None else limits.memory_bytes,
    )


def _with_python_notes(picture: Picture) -> Picture:
    return replace(picture, notes=tuple(map(_WORDS.write, picture.notes)))


def _refuse_unknown(unknown: Mapping[str, Any]) -> None:
    for name in unknown:
        known = [other for other in signature(optimize).parameters if other != "unknown"]
        raise RequestError(f"`optimize` has no option `{name}`. {nearest_name(name, known)}")


def _refuse_palette_as_recipe(recipe: object) -> None:
    is_name = isinstance(recipe, str) and recipe in named_palettes()
    if is_name or isinstance(recipe, int | Palette | LearnedPalette):
        raise RequestError(
            f"The recipe must be stages, got {spell_value(recipe)}, which is a palette. Give it by "
            "name: `palette=...`."
        )


_WORDS = PythonWords(signature(optimize).parameters)
