"""The default way from a picture to an index image: diffuse, polish, and learn on a copy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ditherlab.images import Picture, read_picture
from ditherlab.objectives import Perceptual, ViewedError
from ditherlab.optimizers import Adam
from ditherlab.palette import Palette, named_palette
from ditherlab.problem import Limits
from ditherlab.solver.solver import optimize
from ditherlab.stages import learn_palette
from ditherlab.stages.learn_palette import copy_to_learn_on
from ditherlab.stages.palette_choice import choose_palette
from tests.solving import (
    num_polish_costs,
    polish_parts,
    problem_of,
    recipe_of,
    solve,
    ticking,
)

ASTRONAUT = Path(__file__).parents[3] / "images" / "astronaut.png"
PICO_8 = named_palette("pico-8")


@pytest.fixture(scope="module")
def face():
    return read_picture(ASTRONAUT).crop(left=190, top=60, width=48, height=48)


def nearest_colors(problem):
    """The nearest color of each pixel in the space of the cost."""
    target = problem.target()
    cost = problem.objective.bind(target)
    pixel = cost.pixel_error()
    colors = problem.fixed_palette.srgb(torch.device("cpu"))[None]
    table = cost.expected_color_moments(colors)[0]
    gaps = pixel.values[0].unsqueeze(1) - table[: len(pixel.values[0]), :, None, None]
    prices = (gaps.square() * pixel.weights[0].unsqueeze(1)).sum(dim=0)
    return prices.argmin(dim=0).numpy()


@pytest.mark.parametrize(("num_colors", "seed"), [(8, 0), (16, 1)])
def test_a_learned_palette_shows_all_of_its_colors(num_colors, seed, face):
    solution = solve(face, palette=num_colors, seed=seed)
    assert len(solution.palette) == solution.num_colors_used == num_colors


@pytest.mark.parametrize("palette", [PICO_8, 6])
def test_a_polish_lowers_the_cost_of_error_diffusion(palette, face):
    polished = solve(face, palette=palette, polish="swaps")
    flipped = solve(face, palette=palette, polish="flips")
    snapshots = polished.history.snapshots
    assert snapshots[-1].stage == "polish"
    assert snapshots[-1].cost < flipped.history.snapshots[-1].cost
    first = next(snapshot for snapshot in snapshots if snapshot.stage == "polish")
    assert (first.step, snapshots[-1].step) == (0, 12 * polish_parts())
    assert snapshots[-1].cost < 0.9 * first.cost


def test_a_palette_is_learned_on_a_smaller_copy(face):
    problem = problem_of(face, palette=4, strength=0.5)
    copy = copy_to_learn_on(problem, 300)
    assert (copy.width, copy.height, copy.strength) == (16, 16, 1.0)
    solution = solve(face, palette=4, pixels=300, steps=20)
    assert solution.indices.shape == (48, 48)
    assert solution.num_steps == 20


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
@pytest.mark.parametrize("palette", [PICO_8, 2, 4])
def test_the_smallest_pictures_and_copies(size, palette, photo):
    picture = photo.crop(left=9, top=5, width=size[0], height=size[1])
    solution = solve(picture, palette=palette, pixels=1)
    assert solution.outcome == "finished"
    assert solution.indices.shape == size[::-1]


def test_all_256_colors_and_gray_ones(photo):
    colors = tuple((level, (7 * level) % 256, 255 - level) for level in range(256))
    assert solve(photo, palette=Palette(colors), sweeps=2).outcome == "finished"
    assert len(solve(photo, palette=256, steps=4, sweeps=2).palette) > 200
    gray = replace(photo, pixels=photo.pixels[..., :1].repeat(3, axis=2))
    learned = solve(gray, palette=5)
    assert all(len(set(color)) == 1 for color in learned.palette.colors)
    assert learned.num_colors_used == 5


def test_a_small_part_of_a_transparent_picture_gets_all_colors(face):
    opaque = np.zeros((48, 48), dtype=bool)
    opaque[20:36, 20:36] = True
    pixels = face.pixels.copy()
    pixels[~opaque] = np.random.default_rng(0).integers(0, 256, (int((~opaque).sum()), 3))
    solution = solve(Picture(pixels=pixels, opaque=opaque), palette=6)
    assert solution.num_colors_used == 6


def test_no_strength_leaves_the_nearest_colors_and_all_of_it_changes_nothing(face):
    nearest = nearest_colors(problem_of(face, palette=PICO_8))
    pictures = [
        solve(face, palette=PICO_8, strength=strength).indices
        for strength in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert np.array_equal(pictures[0], nearest)
    assert np.array_equal(pictures[-1], solve(face, palette=PICO_8).indices)
    changed = [int((picture != nearest).sum()) for picture in pictures]
    assert changed == sorted(changed)
    assert changed[-1] > 2 * changed[1] > 0


def test_an_interrupt_of_the_polish_gives_the_picture_so_far(face):
    def interrupt(snapshot):
        if snapshot.stage == "polish" and snapshot.step == 5 * polish_parts():
            raise KeyboardInterrupt

    solution = solve(face, palette=PICO_8, on_progress=interrupt, seconds_between_reports=0.0)
    assert solution.outcome == "interrupted"
    assert len(solution.history.costs) < num_polish_costs(12)
    plain = solve(face, palette=PICO_8, polish="none").indices
    assert not np.array_equal(solution.indices, plain)


def test_a_stop_while_learning_still_gives_a_whole_picture(face):
    snapshots = []
    solution = solve(
        face,
        palette=4,
        pixels=300,
        on_progress=snapshots.append,
        should_stop=lambda: bool(snapshots),
    )
    assert solution.outcome == "interrupted"
    assert {snapshot.stage for snapshot in solution.history.snapshots} == {"learn-palette"}
    assert solution.indices.shape == (48, 48)
    assert solution.num_colors_used == 4


TWO_STARTS: dict[str, Any] = {"pixels": 1000, "starts": 2, "steps": 30, "sweeps": 2}


def test_of_two_starts_the_better_palette_is_kept(face, monkeypatch):
    seen: dict[str, Any] = {}

    def remember(palettes, *others, **margin):
        seen["palettes"] = palettes
        seen["chosen"] = yield from choose_palette(palettes, *others, **margin)
        return seen["chosen"]

    monkeypatch.setattr(learn_palette, "choose_palette", remember)
    solution = solve(face, palette=6, **TWO_STARTS)
    one, other = seen["palettes"]
    assert not torch.allclose(one, other)
    assert any(seen["chosen"] is palette for palette in seen["palettes"])
    # The steps from one start are reported; the evaluations of both are counted.
    assert solution.num_steps == 30
    assert len(solution.history.costs) == 30 + num_polish_costs(TWO_STARTS["sweeps"])
    assert solution.history.num_evaluations > 2 * 30


@pytest.mark.parametrize(
    ("changes", "num_starts"),
    [
        ({"limits": Limits(evaluations=10_000)}, 2),
        ({"limits": Limits(evaluations=40)}, 1),
        ({"limits": Limits(seconds=10_000), "clock": ticking()}, 2),
        ({"limits": Limits(seconds=150), "clock": ticking()}, 1),
        ({"optimizer": Adam()}, 1),
        ({"starts": 1}, 1),
    ],
)
def test_a_second_start_needs_half_of_the_time(changes, num_starts, face, monkeypatch):
    begun = []
    original = learn_palette.LearnPalette._descend_from

    def count(self, *arguments):
        begun.append(arguments)
        return original(self, *arguments)

    monkeypatch.setattr(learn_palette.LearnPalette, "_descend_from", count)
    solve(face, palette=4, **{**TWO_STARTS, "steps": 12, "sweeps": 1, **changes})
    assert len(begun) == num_starts


def test_time_ends_learning_and_polish(face):
    solution = solve(
        face,
        palette=4,
        steps=10**9,
        sweeps=10**9,
        limits=Limits(seconds=300),
        clock=ticking(),
    )
    assert solution.outcome == "out-of-time"
    assert {snapshot.stage for snapshot in solution.history.snapshots} == {
        "learn-palette",
        "polish",
    }


def test_time_that_is_up_leaves_plain_error_diffusion(face):
    solution = solve(face, palette=PICO_8, limits=Limits(seconds=1e-9))
    assert (solution.outcome, solution.history.costs) == ("out-of-time", ())
    assert np.array_equal(solution.indices, solve(face, palette=PICO_8, polish="none").indices)


@pytest.mark.parametrize("palette", [PICO_8, 4])
@pytest.mark.parametrize("limit", [1, 3, 5])
def test_evaluations_end_learning_and_polish(palette, limit, photo):
    solution = solve(photo, palette=palette, limits=Limits(evaluations=limit))
    assert solution.outcome == "out-of-evaluations"
    # Each stage prices its first picture.
    assert 0 < solution.history.num_evaluations <= max(limit, 2)
    counts = [snapshot.num_evaluations for snapshot in solution.history.snapshots]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    "settings",
    [
        {"palette": 4},
        {"palette": 4, "pixels": 200, "starts": 2, "sweeps": 2},
        {"palette": PICO_8, "start": "nearest"},
        {"palette": PICO_8},
    ],
)
def test_progress_never_goes_back(settings, photo):
    parts = []
    solve(
        photo,
        on_progress=lambda snapshot: parts.append(snapshot.progress),
        seconds_between_reports=0,
        **{"steps": 10, **settings},
    )
    assert parts == sorted(parts)
    assert parts[0] < 0.2
    assert parts[-1] == pytest.approx(1)


def test_viewed_error_goes_the_same_way(photo):
    settings = {"palette": PICO_8, "objective": ViewedError()}
    recipe = recipe_of(problem_of(photo, **settings))
    assert [stage.name for stage in recipe.stages] == ["error-diffusion", "polish"]
    costs = solve(photo, **settings).history.costs
    assert costs[-1] < costs[0]


def test_a_recipe_may_go_on_where_another_ended(face):
    """Stages take what is there: indices, probabilities, or the palette of k-means."""
    problem = problem_of(face, palette=5, objective=Perceptual())
    recipe = "error-diffusion | polish(sweeps=4) | descend(steps=8) | draw | polish(sweeps=1)"
    solution = optimize(problem, recipe, device="cpu")
    assert solution.outcome == "finished"
    stages = [snapshot.stage for snapshot in solution.history.snapshots]
    assert list(dict.fromkeys(stages)) == ["polish", "descend"]
    assert solution.history.snapshots[-1].cost < solution.history.snapshots[0].cost
