"""The example of a stage outside the package has all that the package's own stages have."""

import json
from collections.abc import Callable
from io import BytesIO
from itertools import islice
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab import Limits, Problem, Recipe, optimize, resolve_palette
from ditherlab.cli import main
from ditherlab.errors import RequestError
from ditherlab.images import Picture
from ditherlab.stages import StageContext, State
from ditherlab.stages.error_diffusion import ErrorDiffusion

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "own_stage.py"
SHAKE = f"python:{EXAMPLE}:Shake"
RECIPE = f"error-diffusion | {SHAKE}(steps=80)"
CPU = torch.device("cpu")

FAILING = """
    from dataclasses import dataclass

    import torch

    from ditherlab.stages import Progress, Stage


    @dataclass(frozen=True)
    class Blackening(Stage):
        def run(self, context, state):
            for step in range(3):
                state.show_indices(torch.zeros_like(state.picture()))
                yield Progress(0.0, torch.ones(1), step)
                1 / 0
"""


class Clock:
    """A clock that goes on by a second at every step, when it is asked whether to stop."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def tick(self) -> bool:
        self.seconds += 1
        return False


@pytest.fixture
def problem(photo: Picture) -> Problem:
    return Problem(picture=photo, palette=resolve_palette("pico-8"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: Picture) -> Path:
    """The current folder, with a photo and a stage that fails in it."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo.pixels).save("photo.png")
    Path("failing.py").write_text(dedent(FAILING))
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call `ditherlab optimize photo.png` here; return its exit code and what it printed."""

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["optimize", "photo.png", *words])
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return call


def price(problem: Problem, indices: np.ndarray) -> float:
    colors = problem.fixed_palette.srgb()
    image = colors.T[:, torch.from_numpy(indices.astype(np.int64))]
    return float(problem.objective.bind(problem.target()).cost(image[None, None]))


def settings_of(path: str) -> dict[str, object]:
    with Image.open(path) as image:
        found: dict[str, object] = json.loads(image.text["ditherlab"])
    return found


def test_it_runs_from_the_command_line(run, problem):
    code, _, err = run("--palette", "pico-8", "--recipe", "error-diffusion", "-o", "plain.png")
    assert code == 0, err
    words = f"error-diffusion | {SHAKE}(steps=30, reach=1) | polish(sweeps=2)"
    code, _, err = run("--palette", "pico-8", "--recipe", words, "-o", "own.png", "-v")
    assert code == 0, err
    polish = "polish(sweeps=2, moves=swaps, temperature=0)"
    assert f"recipe: error-diffusion | {SHAKE}(steps=30, reach=1) | {polish}" in err
    shaken = "python:own_stage.py:Shake(steps=30, reach=1)"
    assert settings_of("own.png")["recipe"] == f"error-diffusion | {shaken} | {polish}"
    plain, own = (np.array(Image.open(name)) for name in ("plain.png", "own.png"))
    assert price(problem, own) < 0.8 * price(problem, plain)


def test_it_lowers_the_cost_at_every_step_and_reports(problem):
    snapshots = []
    solution = optimize(problem, RECIPE, on_progress=snapshots.append, seconds_between_reports=0)
    assert solution.outcome == "finished"
    assert {snapshot.stage for snapshot in snapshots} == {"shake"}
    costs = list(solution.history.costs)
    assert len(costs) == 81
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 0.95 * costs[0]
    assert price(problem, solution.indices) == pytest.approx(costs[-1], rel=1e-5)
    assert solution.history.num_evaluations == 161
    assert snapshots[-1].progress == 1


def test_each_pixel_that_it_recolors_lowers_the_cost_by_itself(problem):
    most = 0
    for seed in range(60):
        before = optimize(problem, "error-diffusion", seed=seed).indices
        after = optimize(problem, f"error-diffusion | {SHAKE}(steps=1)", seed=seed).indices
        changed = np.argwhere(before != after)
        for row, column in changed:
            alone = before.copy()
            alone[row, column] = after[row, column]
            assert price(problem, alone) < price(problem, before)
        most = max(most, len(changed))
    assert most >= 2


def test_several_pictures_get_what_each_gets_alone(photo, problem):
    other = Picture(pixels=photo.pixels[::-1].copy(), opaque=photo.opaque)
    both = Problem(picture=[photo, other], palette=problem.palette)
    first, second = optimize(both, RECIPE).index_images
    np.testing.assert_array_equal(first, optimize(problem, RECIPE).indices)
    alone = Problem(picture=other, palette=problem.palette)
    np.testing.assert_array_equal(second, optimize(alone, RECIPE).indices)


def test_it_stops_when_asked_with_the_picture_so_far(problem):
    snapshots = []
    solution = optimize(
        problem,
        RECIPE,
        on_progress=snapshots.append,
        should_stop=lambda: len(snapshots) == 7,
        clock=Clock(),
        seconds_between_reports=0,
    )
    assert solution.outcome == "interrupted"
    assert [snapshot.step for snapshot in snapshots] == list(range(7))
    assert price(problem, solution.indices) == pytest.approx(snapshots[-1].cost, rel=1e-5)


def test_it_stops_when_the_time_is_up(problem):
    clock = Clock()
    solution = optimize(
        problem,
        f"error-diffusion | {SHAKE}(steps=1000)",
        limits=Limits(seconds=5),
        clock=clock,
        should_stop=clock.tick,
        seconds_between_reports=0,
    )
    assert (solution.outcome, solution.seconds) == ("out-of-time", 5)
    *_, last = solution.history.snapshots
    # Error diffusion takes the first second, and each step another one.
    assert (last.step, last.progress) == (3, pytest.approx(3 / 4))
    assert price(problem, solution.indices) == pytest.approx(last.cost, rel=1e-5)


def test_its_state_can_be_saved_in_the_middle_and_goes_on_as_if_it_had_not_been(problem):
    _, stage = Recipe.parse(RECIPE).stages
    context = StageContext(problem=problem, device=CPU)
    palette = problem.fixed_palette.srgb().unsqueeze(0)
    state = State(palette=palette, generator=torch.Generator().manual_seed(3))
    for _ in ErrorDiffusion().run(context, state):
        pass
    for _ in islice(stage.run(context, state), 11):
        pass
    file = BytesIO()
    torch.save(state.to_dict(), file)
    file.seek(0)
    loaded = State.from_dict(torch.load(file, weights_only=True), CPU)
    assert torch.equal(loaded.picture(), state.picture())
    middle = state.picture()
    fresh = StageContext(problem=problem, device=CPU)
    for place, each in ((context, state), (fresh, loaded)):
        for _ in stage.run(place, each):
            pass
    assert torch.equal(loaded.picture(), state.picture())
    assert not torch.equal(loaded.picture(), middle)


def test_it_needs_a_picture_to_start_from(problem):
    with pytest.raises(RequestError, match=r"`shake` needs a picture to start from. Put `nearest`"):
        optimize(problem, f"{SHAKE} | polish")


def test_its_parameters_are_checked(problem):
    with pytest.raises(RequestError, match=r"`shake\(steps=...\)` must be at least 1, got 0"):
        optimize(problem, f"error-diffusion | {SHAKE}(steps=0)")
    with pytest.raises(RequestError, match=r"`shake` has no parameter `step`. Did you mean"):
        optimize(problem, f"error-diffusion | {SHAKE}(step=2)")


def test_its_code_is_never_run_from_the_settings_of_a_picture(run):
    recipe = f"error-diffusion | {SHAKE}(steps=2)"
    assert run("--palette", "pico-8", "--recipe", recipe, "-o", "own.png")[0] == 0
    code, _, err = run("--like", "own.png")
    assert code == 2
    assert "own.png was made with Python code" in err
    assert "never run from the settings of a picture. Give it by hand: `--recipe`." in err
    assert not Path("photo-dithered.png").exists()
    assert run("--like", "own.png", "--recipe", recipe, "-o", "again.png")[0] == 0
    assert Path("again.png").read_bytes() == Path("own.png").read_bytes()


def test_a_stage_that_fails_leaves_the_picture_so_far(problem, folder):
    solution = optimize(problem, "error-diffusion | python:failing.py:Blackening")
    assert solution.outcome == "cost-failed"
    assert solution.failure == (
        "`python:failing.py:Blackening` failed: ZeroDivisionError: division by zero "
        "(failing.py, line 15)."
    )
    assert not solution.indices.any()
    assert len(solution.history.costs) == 1


def test_a_stage_that_fails_is_reported_without_a_traceback(run):
    words = "error-diffusion | python:failing.py:Blackening | polish(sweeps=2)"
    code, _, err = run("--palette", "pico-8", "--recipe", words, "-o", "own.png")
    assert code == 1
    assert "ZeroDivisionError: division by zero (failing.py, line 15)" in err
    assert "Traceback" not in err
    assert not np.array(Image.open("own.png")).any()
