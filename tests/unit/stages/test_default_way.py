"""The default way from a picture to an index image: diffuse, polish, and learn on a copy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ditherlab.stages.start import other_palette

from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators import Moments
from ditherlab.images import Picture, read_picture
from ditherlab.objectives import SSIM, Perceptual, Variance, ViewedError, parse_objective
from ditherlab.optimizers import Adam, MeanField
from ditherlab.palette import Palette, named_palette
from ditherlab.problem.problem import Problem
from ditherlab.solver import solver
from ditherlab.solver.solver import optimize
from ditherlab.stages.palette_choice import choose_palette

ASTRONAUT = Path(__file__).parents[3] / "images" / "astronaut.png"
PICO_8 = named_palette("pico-8")


@pytest.fixture(scope="module")
def face():
    return read_picture(ASTRONAUT).crop(left=190, top=60, width=64, height=64)


def nearest_colors(problem):
    """The nearest color of each pixel in the space of the cost."""
    target = problem.target()
    cost = problem.objective.bind(target)
    pixel = cost.pixel_error()
    table = cost.expected_color_moments(problem.palette.srgb(torch.device("cpu"))[None])[0]
    gaps = pixel.values[0].unsqueeze(1) - table[: len(pixel.values[0]), :, None, None]
    prices = (gaps.square() * pixel.weights[0].unsqueeze(1)).sum(dim=0)
    return prices.argmin(dim=0).numpy()


@pytest.mark.parametrize("num_colors", [8, 16])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_learned_palette_shows_all_of_its_colors(num_colors, seed, face):
    solution = optimize(Problem(picture=face, palette=num_colors, seed=seed))
    assert len(solution.palette) == solution.num_colors_used == num_colors


@pytest.mark.parametrize("palette", [PICO_8, 6])
def test_a_polish_lowers_the_cost_of_error_diffusion(palette, face):
    problem = Problem(picture=face, palette=palette, polish="none")
    polished = optimize(replace(problem, polish="swaps"))
    flipped = optimize(replace(problem, polish="flips"))
    looks = polished.history.looks
    assert polished.history.looks[-1].stage == "polish"
    assert looks[-1].cost < flipped.history.looks[-1].cost
    first = next(look for look in looks if look.stage == "polish")
    assert (first.step, looks[-1].step) == (0, 48)
    assert looks[-1].cost < 0.9 * first.cost


def test_a_fixed_palette_takes_no_steps_unless_asked(photo):
    plain = Problem(picture=photo, palette=PICO_8)
    assert (plain.chosen_start, plain.chosen_polish) == ("error-diffusion", "swaps")
    assert plain.settings["steps"] == optimize(plain).num_steps == 0
    for changes in ({"estimator": Moments()}, {"optimizer": MeanField()}, {"start": "nearest"}):
        asked = replace(plain, num_steps=3, **changes)
        assert asked.chosen_start == "nearest"
        assert asked.settings["steps"] == optimize(asked).num_steps == 3
    both = replace(plain, num_steps=3, estimator=Moments(), start="error-diffusion")
    assert both.settings["steps"] == optimize(both).num_steps == 3


def test_a_palette_is_learned_on_a_smaller_copy(face):
    problem = Problem(picture=face, palette=4, palette_px=300)
    assert problem.learns_on_copy
    copy = problem.copy_to_learn_on()
    assert (copy.picture.width, copy.picture.height) == (16, 16)
    assert (copy.chosen_start, copy.chosen_polish) == ("nearest", "none")
    solution = optimize(problem)
    assert solution.indices.shape == (64, 64)
    assert solution.num_steps == problem.num_steps
    assert not replace(problem, start="nearest").learns_on_copy


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
@pytest.mark.parametrize("palette", [PICO_8, 2, 4])
def test_the_smallest_pictures_and_copies(size, palette, photo):
    picture = photo.crop(left=9, top=5, width=size[0], height=size[1])
    solution = optimize(Problem(picture=picture, palette=palette, palette_px=1))
    assert solution.outcome == "finished"
    assert solution.indices.shape == size[::-1]


def test_all_256_colors_and_gray_ones(photo):
    colors = tuple((level, (7 * level) % 256, 255 - level) for level in range(256))
    assert optimize(Problem(picture=photo, palette=Palette(colors))).outcome == "finished"
    assert len(optimize(Problem(picture=photo, palette=256, num_steps=4)).palette) > 200
    gray = replace(photo, pixels=photo.pixels[..., :1].repeat(3, axis=2))
    learned = optimize(Problem(picture=gray, palette=5))
    assert all(len(set(color)) == 1 for color in learned.palette.colors)
    assert learned.num_colors_used == 5


def test_a_small_part_of_a_transparent_picture_gets_all_colors(face):
    opaque = np.zeros((64, 64), dtype=bool)
    opaque[20:36, 20:36] = True
    pixels = face.pixels.copy()
    pixels[~opaque] = np.random.default_rng(0).integers(0, 256, (int((~opaque).sum()), 3))
    solution = optimize(Problem(picture=Picture(pixels=pixels, opaque=opaque), palette=6))
    assert solution.num_colors_used == 6


def test_no_strength_leaves_the_nearest_colors_and_all_of_it_changes_nothing(face):
    problem = Problem(picture=face, palette=PICO_8)
    nearest = nearest_colors(problem)
    pictures = [
        optimize(replace(problem, strength=strength)).indices
        for strength in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert np.array_equal(pictures[0], nearest)
    assert np.array_equal(pictures[-1], optimize(problem).indices)
    changed = [int((picture != nearest).sum()) for picture in pictures]
    assert changed == sorted(changed)
    assert changed[-1] > 2 * changed[1] > 0


def test_an_interrupt_of_the_polish_gives_the_picture_so_far(face):
    def interrupt(look):
        if look.stage == "polish" and look.step == 20:
            raise KeyboardInterrupt

    problem = Problem(picture=face, palette=PICO_8)
    solution = optimize(problem, on_look=interrupt, seconds_between_looks=0.0)
    assert solution.outcome == "interrupted"
    assert len(solution.history.costs) == 21
    plain = optimize(replace(problem, polish="none")).indices
    assert not np.array_equal(solution.indices, plain)


def test_a_stop_while_learning_still_gives_a_whole_picture(face):
    looks = []
    problem = Problem(picture=face, palette=4, palette_px=300)
    solution = optimize(problem, on_look=looks.append, should_stop=lambda: bool(looks))
    assert solution.outcome == "interrupted"
    assert solution.num_steps == 1
    assert solution.indices.shape == (64, 64)
    assert solution.num_colors_used == 4


def test_of_two_starts_the_better_palette_is_kept(face, monkeypatch):
    problem = Problem(
        picture=face,
        palette=6,
        palette_px=1000,
        num_palette_starts=2,
        num_steps=30,
        num_sweeps=2,
    )
    far = {}

    def remember(palettes, *others, **margin):
        far["palettes"], far["chosen"] = palettes, choose_palette(palettes, *others, **margin)
        return far["chosen"]

    monkeypatch.setattr(solver, "choose_palette", remember)
    solution = optimize(problem)
    one, other = far["palettes"]
    assert not torch.allclose(one, other)
    assert any(far["chosen"] is palette for palette in far["palettes"])
    # What is told of the run is the learning that was kept; what both took is counted.
    assert solution.num_steps == 30
    assert solution.history.num_evaluations > 2 * 30


def test_a_second_start_needs_half_of_the_time(face, monkeypatch):
    starts = []

    def count(rest):
        starts.append(rest)
        return other_palette(rest)

    monkeypatch.setattr(solver, "other_palette", count)
    problem = Problem(picture=face, palette=4, palette_px=1000, num_steps=12, num_sweeps=1)
    problem = replace(problem, num_palette_starts=2)
    optimize(replace(problem, max_evaluations=10_000))
    (rest,) = starts
    assert 0.3 * 10_000 < rest.max_evaluations < 0.4 * 10_000
    optimize(replace(problem, max_evaluations=40))
    optimize(replace(problem, estimator=Moments(), optimizer=Adam()))
    optimize(replace(problem, num_palette_starts=1))
    assert len(starts) == 1


def test_time_ends_learning_and_polish(face):
    endless = Problem(picture=face, palette=4, num_steps=10**9, num_sweeps=10**9, max_seconds=2.0)
    solution = optimize(endless)
    assert solution.outcome == "out-of-time"
    assert {look.stage for look in solution.history.looks} == {"step", "polish"}


@pytest.mark.parametrize("palette", [PICO_8, 4])
@pytest.mark.parametrize("limit", [1, 3, 25])
def test_evaluations_end_learning_and_polish(palette, limit, photo):
    solution = optimize(Problem(picture=photo, palette=palette, max_evaluations=limit))
    assert solution.outcome == "out-of-evaluations"
    # A run that can afford nothing still takes one step, looks at it, and makes one move.
    assert 0 < solution.history.num_evaluations <= max(limit, 3)
    counts = [look.num_evaluations for look in solution.history.looks]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    "changes", [{"palette": 4}, {"palette": PICO_8, "start": "nearest"}, {"palette": PICO_8}]
)
def test_progress_never_goes_back(changes, photo):
    parts = []
    problem = Problem(picture=photo, num_steps=10, **changes)
    optimize(problem, on_look=lambda look: parts.append(look.progress), seconds_between_looks=0)
    assert parts == sorted(parts)
    assert parts[0] == 0
    assert parts[-1] == pytest.approx(1)


@pytest.mark.parametrize("objective", [SSIM(), Variance(), parse_objective("ssim+viewed-error")])
@pytest.mark.parametrize(
    "changes", [{"start": "error-diffusion"}, {"polish": "flips"}, {"strength": 0.5}]
)
def test_what_needs_a_squared_error_is_refused_without_one(objective, changes, photo):
    ((word, value),) = changes.items()
    message = rf"^`{word}={value}` needs an objective that is a squared error, got `.*\. Use `perc"
    with pytest.raises(AbilityError, match=message):
        Problem(picture=photo, palette=PICO_8, objective=objective, **changes)
    harmless = Problem(picture=photo, objective=objective, start="nearest", polish="none")
    assert harmless.chosen_start == "nearest"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_sweeps": -1}, r"^The number of sweeps must be at least 0, got -1\.$"),
        ({"polish_temperature": -0.5}, r"^The polish's temperature .* got -0\.5\. Try 0 or 1\.$"),
        ({"polish_temperature": float("inf")}, r"must be at least 0, got inf\."),
        ({"polish_temperature": float("nan")}, r"must be at least 0, got nan\."),
        ({"palette_px": 0}, r"on at least 1 pixel, got `palette_px=0`\. Try 32768\.$"),
        ({"strength": 1.01}, r"^The strength must be from 0 .* to 1 \(full\), got 1\.01\.$"),
        ({"strength": -0.1}, r"^The strength must be from 0 "),
    ],
)
def test_numbers_out_of_range_are_refused(changes, message, photo):
    with pytest.raises(RequestError, match=message):
        Problem(picture=photo, **changes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pixels_per_degree": 0.5}, r"^The pixels per degree must be from 1 to 600, got 0\.5\."),
        ({"pixels_per_degree": 601.0}, r"got 601\. 35 is a desktop monitor, 67 a 4K monitor"),
        ({"crisp": -0.1}, r"^The weight `crisp` must be at least 0, got -0\.1\. Try 0\.05\.$"),
        ({"crisp": float("inf")}, r"got inf\."),
    ],
)
def test_a_viewer_out_of_range_is_refused(options, message):
    with pytest.raises(RequestError, match=message):
        Perceptual(**options)


def test_viewed_error_goes_the_same_way(photo):
    problem = Problem(picture=photo, palette=PICO_8, objective=ViewedError())
    assert (problem.chosen_start, problem.chosen_polish) == ("error-diffusion", "swaps")
    costs = optimize(problem).history.costs
    assert costs[-1] < costs[0]


def test_far_viewers_see_what_a_nearer_one_does(photo):
    def price(pixels_per_degree):
        problem = Problem(picture=photo, palette=PICO_8)
        target = problem.target()
        cost = Perceptual(pixels_per_degree).bind(target)
        return cost.cost(1 - target.images.unsqueeze(0)).item()

    assert price(100.0) == price(82.0) != price(67.0)


@pytest.mark.parametrize(
    ("pixels_per_degree", "palette", "crisp"),
    [(None, 4, 0.05), (35.0, 4, 0.05), (56.0, 4, 0.025), (67.0, 4, 0.0), (None, PICO_8, None)],
)
def test_single_pixels_count_near_the_screen_and_beside_learned_colors(
    pixels_per_degree, palette, crisp, photo
):
    problem = Problem(picture=photo, palette=palette, objective=Perceptual(pixels_per_degree))
    assert problem.objective.crisp == crisp
    told = Perceptual(pixels_per_degree, crisp=0.2)
    assert Problem(picture=photo, palette=palette, objective=told).objective.crisp == 0.2
