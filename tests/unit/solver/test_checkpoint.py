"""Runs that are killed at any moment and resumed end as if nothing had happened."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import ditherlab
import ditherlab.solver.checkpoint_writer
from ditherlab.discrete.cells import cell_rule
from ditherlab.errors import CheckpointError, OutputError, RequestError
from ditherlab.images import Picture, write_atomically
from ditherlab.kernels import KERNELS_VARIABLE
from ditherlab.objectives import parse_objective
from ditherlab.palette import named_palette
from ditherlab.palette.hardware_gamut import parse_gamut
from ditherlab.problem import LearnedPalette, Limits, Problem
from ditherlab.recipe import Recipe
from ditherlab.solver.checkpoint import Checkpoint
from ditherlab.solver.solution import Solution
from ditherlab.solver.solver import optimize
from ditherlab.stages import Progress, Stage, StageContext, State
from ditherlab.stages.error_diffusion import ErrorDiffusion
from tests.faults import Faults
from tests.objectives import Brightness
from tests.solving import ticking

PICO_8, GRAY_4 = named_palette("pico-8"), named_palette("gray-4")
ZX = cell_rule("zx-spectrum")
LEARN = "learn-palette(steps=4, pixels=300) | error-diffusion | "
MOVING = "nearest | descend(steps=6, estimator=score-function(baseline=ema)) | draw"

# Each kill is a run that is resumed; there are over 100 in all, some with the compiled kernels.
KILLS = {
    "default": (4, {"palette": LearnedPalette(5)}, f"{LEARN}polish(sweeps=4)"),
    "two-starts": (
        4,
        {"palette": LearnedPalette(5)},
        "learn-palette(steps=3, pixels=300, starts=2) | error-diffusion | "
        "polish(sweeps=2, temperature=1)",
    ),
    "gamut": (
        3,
        {"palette": LearnedPalette(5, gamut=parse_gamut("rgb332"))},
        f"{LEARN}polish(sweeps=1)",
    ),
    "weak": (4, {"palette": LearnedPalette(5), "strength": 0.6}, f"{LEARN}polish(sweeps=3)"),
    "fixed": (3, {"palette": PICO_8}, "error-diffusion | polish(sweeps=2)"),
    "hot": (4, {"palette": PICO_8}, "error-diffusion | polish(sweeps=12, temperature=1)"),
    "steps": (3, {"palette": PICO_8}, "nearest | descend(steps=6) | draw | polish(sweeps=1)"),
    "adam": (
        5,
        {"palette": PICO_8},
        "nearest | descend(optimizer=adam, steps=6) | draw(by=sample)",
    ),
    "natural": (
        5,
        {"palette": PICO_8},
        "nearest | descend(optimizer=natural-gradient, steps=6) | draw",
    ),
    "gumbel-softmax": (
        5,
        {"palette": LearnedPalette(4), "objective": parse_objective("ssim")},
        "nearest | descend(estimator=gumbel-softmax, steps=6) | draw",
    ),
    "biased": (
        4,
        {"palette": PICO_8, "objective": parse_objective("ssim")},
        "nearest | descend(estimator=moments(order=0), steps=6) | draw",
    ),
    "moving-baseline": (5, {"palette": PICO_8}, MOVING),
    "uphill": (
        6,
        {"palette": PICO_8, "objective": parse_objective("viewed-error")},
        "nearest | descend(estimator=score-function, steps=10) | draw",
    ),
    "strips": (
        5,
        {"palette": PICO_8},
        "nearest | descend(estimator=random-windows(estimator=score-function(baseline=ema)), "
        "steps=6) | draw",
    ),
    "relax": (4, {"palette": PICO_8}, "nearest | descend(estimator=relax, steps=4) | draw"),
    "ordered": (
        5,
        {"palette": GRAY_4},
        "learn-model(model=ordered(size=4, start=white), steps=5) | draw",
    ),
    "noise": (4, {"palette": GRAY_4}, "learn-model(model=noise(scope=pixel), steps=5) | draw"),
    "gibbs": (
        5,
        {"palette": PICO_8, "objective": parse_objective("viewed-error")},
        "error-diffusion | gibbs-with-gradients(sweeps=1)",
    ),
    "cross-entropy": (
        4,
        {"palette": PICO_8},
        "error-diffusion | cross-entropy(num_samples=4, steps=5)",
    ),
    "cells": (3, {"palette": ZX.palette, "cells": ZX}, "cells | polish(sweeps=1)"),
    "two-pictures": (
        4,
        {"palette": LearnedPalette(4), "picture": 2},
        f"{LEARN}polish(sweeps=2, temperature=1)",
    ),
    "each-picture": (
        4,
        {"palette": PICO_8, "picture": 2},
        "nearest | descend(optimizer=adam, steps=3) | draw | polish(sweeps=1)",
    ),
}


COMPILED = ("default", "two-starts", "weak", "fixed", "hot", "steps", "two-pictures", "cells")
RUNS = [*((name, "torch") for name in KILLS), *((name, "auto") for name in COMPILED)]


@pytest.fixture(autouse=True)
def in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polish in four moves a sweep."""
    monkeypatch.setenv(KERNELS_VARIABLE, "torch")


@pytest.fixture(scope="module")
def pictures() -> tuple[Picture, Picture]:
    rows, columns = np.mgrid[0:32, 0:32] / 32
    pixels = np.stack([rows, columns, (rows + columns) / 2], axis=2)
    pixels[8:16, 10:30] = [0.9, 0.2, 0.1]
    levels = (pixels * 255).round().astype(np.uint8)
    opaque = np.ones((32, 32), dtype=bool)
    return Picture(levels, opaque), Picture(levels[::-1].copy(), opaque)


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The contents of all checkpoints that are written."""
    written: list[bytes] = []

    def keep(path: Any, data: bytes, *, overwrite: bool) -> None:
        written.append(data)
        write_atomically(path, data, overwrite=overwrite)

    monkeypatch.setattr(ditherlab.solver.checkpoint_writer, "write_atomically", keep)
    return written


def run(problem: Problem, recipe: str | Recipe, **arguments: Any) -> Solution:
    known = {"device": "cpu", "seed": 3, "seconds_between_reports": 0, "clock": ticking(0.0)}
    return optimize(problem, recipe, **{**known, **arguments})


def outcome_of(solution: Solution) -> object:
    """Return everything in a solution but its time."""
    history = solution.history
    snapshots = [replace(snapshot, seconds=0.0) for snapshot in history.snapshots]
    pngs = [solution.to_png(number) for number in range(len(solution.index_images))]
    parameters = {name: value.tolist() for name, value in solution.parameters.items()}
    course = replace(history, snapshots=())
    return pngs, solution.outcome, solution.notes, course, snapshots, parameters


@pytest.mark.parametrize("case", RUNS, ids="-".join)
def test_a_run_killed_at_any_moment_ends_with_the_same_bytes(
    case: tuple[str, str],
    pictures: tuple[Picture, Picture],
    copies: list[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, kernels = case
    monkeypatch.setenv(KERNELS_VARIABLE, kernels)
    num_kills, settings, recipe = KILLS[name]
    picture = pictures if settings.get("picture") == 2 else pictures[0]
    problem = Problem(**{**settings, "picture": picture})
    expected = outcome_of(run(problem, recipe))
    path = tmp_path / "run.safetensors"
    assert outcome_of(run(problem, recipe, checkpoint=Checkpoint(path, every_s=0))) == expected
    for data in random.Random(name).sample(copies[:], num_kills):
        path.write_bytes(data)
        resumed = run(problem, recipe, checkpoint=Checkpoint(path, resume_from=path))
        assert outcome_of(resumed) == expected


def test_there_are_a_hundred_kills() -> None:
    assert sum(KILLS[name][0] for name, _ in RUNS) >= 100


@pytest.fixture
def problem(pictures: tuple[Picture, Picture]) -> Problem:
    return Problem(picture=pictures[0], palette=PICO_8)


FIXED = "error-diffusion | polish(sweeps=2)"


@pytest.fixture
def path(tmp_path: Path, problem: Problem) -> Path:
    """The checkpoint of a run that ended."""
    path = tmp_path / "run.safetensors"
    run(problem, FIXED, checkpoint=Checkpoint(path))
    return path


def test_a_run_killed_twice_goes_on_twice(
    problem: Problem, copies: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "run.safetensors"
    expected = outcome_of(run(problem, FIXED))
    resuming = Checkpoint(path, resume_from=path, every_s=0)
    run(problem, FIXED, checkpoint=Checkpoint(path, every_s=0))
    for place in (3, 5):
        path.write_bytes(copies[place])
        del copies[:]
        assert outcome_of(run(problem, FIXED, checkpoint=resuming)) == expected


def test_a_run_that_ended_is_not_run_again(
    problem: Problem, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = outcome_of(run(problem, FIXED))
    monkeypatch.setattr("ditherlab.solver.loop.Loop._run_stage", None)
    resumed = run(problem, FIXED, checkpoint=Checkpoint(path, resume_from=path))
    assert outcome_of(resumed) == expected


@pytest.mark.parametrize("every_s", [7.0, 1000.0])
def test_checkpoints_are_as_far_apart_as_asked(
    every_s: float, problem: Problem, copies: list[bytes], tmp_path: Path
) -> None:
    # Writing takes 2 s by this clock, and at most a twentieth of the time.
    recipe = "error-diffusion | polish(sweeps=30)"
    checkpoint = Checkpoint(tmp_path / "x", every_s=every_s)
    solution = run(problem, recipe, clock=ticking(), checkpoint=checkpoint)
    # The beginning, and the ends of two stages.
    num_between = len(copies) - 3
    if every_s < 20:
        assert solution.seconds / 50 < num_between < solution.seconds / 40
    else:
        assert num_between == int(solution.seconds / every_s)


def stopping_after(num_reports: int) -> dict[str, Any]:
    snapshots: list[object] = []
    return {
        "on_progress": snapshots.append,
        "should_stop": lambda: len(snapshots) >= num_reports,
    }


@pytest.mark.parametrize("recipe", [FIXED, MOVING, "nearest | descend(steps=6) | draw"])
def test_an_interrupted_run_goes_on(recipe: str, problem: Problem, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    stopped = run(problem, recipe, checkpoint=Checkpoint(path), **stopping_after(3))
    assert stopped.outcome == "interrupted"
    resumed = run(problem, recipe, checkpoint=Checkpoint(path, resume_from=path))
    assert outcome_of(resumed) == outcome_of(run(problem, recipe))


@pytest.mark.parametrize("name", ["fixed", "adam", "uphill", "ordered", "gibbs", "relax"])
def test_a_run_out_of_evaluations_stays_so(
    name: str, pictures: tuple[Picture, Picture], copies: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "run.safetensors"
    _, settings, recipe = KILLS[name]
    problem = Problem(**{"picture": pictures[0], **settings})
    num_evaluations = run(problem, recipe).history.num_evaluations
    limits = Limits(evaluations=num_evaluations // 2)
    ended = run(problem, recipe, limits=limits, checkpoint=Checkpoint(path, every_s=0))
    assert ended.outcome == "out-of-evaluations"
    for data in (path.read_bytes(), copies[-2]):
        path.write_bytes(data)
        resuming = Checkpoint(path, resume_from=path)
        resumed = run(problem, recipe, limits=limits, checkpoint=resuming)
        assert outcome_of(resumed) == outcome_of(ended)


def test_time_that_was_used_counts_and_more_of_it_goes_on(problem: Problem, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    recipe = "error-diffusion | polish(sweeps=1000000)"
    resuming = Checkpoint(path, resume_from=path)

    def limited(seconds: float, checkpoint: Checkpoint) -> Solution:
        limits = Limits(seconds=seconds)
        return run(problem, recipe, limits=limits, clock=ticking(), checkpoint=checkpoint)

    ended = limited(400, Checkpoint(path))
    again = limited(400, resuming)
    assert ended.outcome == again.outcome == "out-of-time"
    assert again.history.num_evaluations == ended.history.num_evaluations
    assert 400 <= ended.seconds <= again.seconds < 450
    longer = limited(800, resuming)
    assert longer.history.num_evaluations > 1.5 * ended.history.num_evaluations
    assert 800 <= longer.seconds < 850


def test_a_cost_that_is_not_a_number_leaves_the_checkpoint_before_it(
    pictures: tuple[Picture, Picture], copies: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "run.safetensors"
    recipe = "nearest | descend(estimator=leave-one-out, steps=6) | draw"
    problem = Problem(picture=pictures[0], palette=PICO_8, objective=Brightness(num_good=4))
    ended = run(problem, recipe, checkpoint=Checkpoint(path, every_s=0))
    assert ended.outcome == "not-finite"
    assert path.read_bytes() == copies[-1]
    # The cost counts its calls from 0 again.
    resumed = run(problem, recipe, checkpoint=Checkpoint(path, resume_from=path))
    assert len(resumed.history.costs) > len(ended.history.costs)


@dataclass(frozen=True)
class Shake(Stage):
    """A stage of a user's own that keeps its place, in a value that the test decides on."""

    needs_picture: ClassVar[bool] = True
    keeps: Any = field(default=0, compare=False, repr=False)

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        begun = context.cursor.resume("shake") or (0, None)
        number = begun[0]
        context.cursor.keep("shake", lambda: (number, self.keeps))
        for number in range(begun[0] + 1, 6):
            state.show_indices(state.picture().roll(1, dims=2))
            yield Progress(number / 5)


def test_a_stage_of_ones_own_can_keep_its_place(
    problem: Problem, copies: list[bytes], tmp_path: Path
) -> None:
    recipe = Recipe((ErrorDiffusion(), Shake()))
    path = tmp_path / "run.safetensors"
    expected = outcome_of(run(problem, recipe, checkpoint=Checkpoint(path, every_s=0)))
    num_copies = len(copies)
    for data in copies[:]:
        path.write_bytes(data)
        resuming = Checkpoint(path, resume_from=path)
        assert outcome_of(run(problem, recipe, checkpoint=resuming)) == expected
    # The beginning, the ends of two stages, and all steps of one.
    assert num_copies == 3 + 5


def test_a_place_that_cannot_be_kept_is_a_note(problem: Problem, tmp_path: Path) -> None:
    recipe = Recipe((ErrorDiffusion(), Shake(keeps=object())))
    checkpoint = Checkpoint(tmp_path / "run.safetensors", every_s=0)
    (note,) = run(problem, recipe, checkpoint=checkpoint).notes
    assert note.endswith("a dataclass that extends `Kept`, got object.")
    assert note.startswith("The run goes on without a checkpoint: ")


def test_a_full_disk_is_a_note_and_leaves_the_earlier_checkpoint(
    problem: Problem, path: Path
) -> None:
    before, expected = path.read_bytes(), outcome_of(run(problem, FIXED))
    checkpoint = Checkpoint(path, overwrite=True, every_s=0)
    with Faults(only=("write",), fails_always=True).active():
        solution = run(problem, FIXED, checkpoint=checkpoint)
    assert path.read_bytes() == before
    (note,) = solution.notes
    assert note.endswith("run.safetensors cannot be written: no space left on device.")
    assert outcome_of(replace(solution, notes=())) == expected


def refused(problem: Problem, checkpoint: Checkpoint, recipe: str = FIXED, **arguments: Any) -> str:
    """Return the message of a run that is refused, and leaves the file as it is."""
    path = Path(checkpoint.resume_from or checkpoint.path)
    before = path.read_bytes()
    with pytest.raises((CheckpointError, OutputError)) as refusal:
        run(problem, recipe, checkpoint=checkpoint, **arguments)
    assert path.read_bytes() == before
    message = str(refusal.value)
    assert "\n" not in message
    return message.partition("run.safetensors ")[2]


def test_the_checkpoint_of_another_run_is_refused(
    problem: Problem, path: Path, pictures: tuple[Picture, Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    resuming = Checkpoint(path, resume_from=path)
    other = Problem(picture=pictures[1], palette=PICO_8)
    assert refused(other, resuming).startswith("must be a checkpoint of this picture")
    assert "differs in: seed." in refused(problem, resuming, seed=4)
    assert "differs in: sweeps." in refused(problem, resuming, "error-diffusion | polish")
    weak = Problem(picture=pictures[0], palette=GRAY_4, strength=0.5)
    assert "differs in: palette, strength." in refused(weak, resuming)
    monkeypatch.setattr("ditherlab.version.__version__", "9.9")
    assert "of ditherlab 9.9, got one of version" in refused(problem, resuming)


def test_code_that_has_changed_is_refused(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.safetensors"
    recipe = "error-diffusion | polish(sweeps=1)"
    run(problem, recipe, checkpoint=Checkpoint(path))
    monkeypatch.setattr("ditherlab.stages.polish.Polish.code_words", "another hash")
    assert "differs in: code." in refused(problem, Checkpoint(path, resume_from=path), recipe)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.999])
def test_a_torn_checkpoint_is_refused(part: float, problem: Problem, path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    message = refused(problem, Checkpoint(path, resume_from=path))
    assert "damaged one" in message


def test_each_flipped_bit_is_refused(problem: Problem, path: Path) -> None:
    data = path.read_bytes()
    moments = random.Random(0)
    for _ in range(40):
        torn = bytearray(data)
        torn[moments.randrange(len(data))] ^= 1 << moments.randrange(8)
        path.write_bytes(torn)
        refused(problem, Checkpoint(path, resume_from=path))


@pytest.mark.parametrize("content", [b"", b"old", b'\x08\0\0\0\0\0\0\0{"a":1}', b"\xff" * 99])
def test_a_foreign_file_is_refused_and_never_replaced(
    content: bytes, problem: Problem, tmp_path: Path
) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(content)
    for checkpoint in (
        Checkpoint(path),
        Checkpoint(path, overwrite=True),
        Checkpoint(path, resume_from=path),
    ):
        assert refused(problem, checkpoint).startswith("must be a checkpoint of ditherlab, got")


def test_a_checkpoint_of_ours_is_replaced_on_request_only(problem: Problem, path: Path) -> None:
    assert refused(problem, Checkpoint(path)).startswith("holds the checkpoint of a run already")
    other = Checkpoint(path, overwrite=True)
    assert run(problem, FIXED, seed=4, checkpoint=other).outcome == "finished"
    copy = Checkpoint(path.with_name("copy"), resume_from=path)
    assert run(problem, FIXED, seed=4, checkpoint=copy).outcome == "finished"
    assert copy.path.stat().st_size > 0  # type: ignore[union-attr]


def test_files_that_are_not_there(problem: Problem, path: Path) -> None:
    missing = path.with_name("missing")
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        run(problem, FIXED, checkpoint=Checkpoint(missing, resume_from=missing))
    with pytest.raises(OutputError, match="there is no folder"):
        run(problem, FIXED, checkpoint=Checkpoint(missing / "x"))
    with pytest.raises(CheckpointError, match="must be a checkpoint of ditherlab"):
        run(problem, FIXED, checkpoint=Checkpoint(path.parent))
    with pytest.raises(RequestError, match="at least 0 seconds, got -1"):
        Checkpoint(path, every_s=-1)
