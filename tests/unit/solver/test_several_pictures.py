"""Several pictures in one problem: each gets what it gets alone, or all share a palette."""

from dataclasses import replace

import numpy as np
import pytest

from ditherlab.discrete.cells import cell_rule
from ditherlab.errors import RequestError
from ditherlab.images import Picture
from ditherlab.objectives import parse_objective
from ditherlab.palette import named_palette
from ditherlab.problem import LearnedPalette, Limits, Problem
from ditherlab.solver.solver import optimize

ZX = cell_rule("zx-spectrum")
FOUR = named_palette("gray-4")
PICO_8 = named_palette("pico-8")


@pytest.fixture
def pair(photo) -> list[Picture]:
    """Two pictures of one odd size, the second with holes."""
    first = photo.crop(left=5, top=3, width=29, height=23)
    second = photo.crop(left=14, top=8, width=29, height=23)
    opaque = second.opaque.copy()
    opaque[:5, :9] = False
    return [first, replace(second, opaque=opaque)]


@pytest.mark.parametrize(
    ("recipe", "objective", "palette"),
    [
        ("error-diffusion | polish(sweeps=3, temperature=1)", "perceptual", PICO_8),
        ("error-diffusion | polish(sweeps=2, moves=flips)", "perceptual", FOUR),
        ("nearest | descend(steps=12) | draw | polish(sweeps=1)", "perceptual", PICO_8),
        ("nearest | descend(optimizer=adam, steps=9) | draw", "viewed-error", FOUR),
        ("nearest | descend(estimator=gumbel-softmax, steps=9) | draw", "ssim", FOUR),
        ("nearest | descend(estimator=reinmax, steps=9) | draw(by=sample)", "perceptual", FOUR),
        ("nearest | descend(estimator=score-function, steps=15) | draw", "perceptual", FOUR),
        ("nearest | descend(steps=9) | draw", "variance", PICO_8),
        ("learn-model(model=ordered(size=4), steps=6) | draw", "perceptual", FOUR),
        ("learn-model(model=noise, steps=6) | draw(by=sample)", "perceptual", FOUR),
        ("error-diffusion | gibbs-with-gradients(sweeps=1)", "viewed-error", FOUR),
        ("nearest | cross-entropy(num_samples=6, steps=5)", "ssim", FOUR),
        ("cells | polish(sweeps=2)", "perceptual", ZX.palette),
    ],
)
def test_each_picture_gets_what_it_gets_alone(recipe, objective, palette, pair):
    cells = ZX if palette is ZX.palette else None
    problem = Problem(
        picture=pair, palette=palette, objective=parse_objective(objective), cells=cells
    )
    both = optimize(problem, recipe, seed=3, device="cpu")
    assert both.outcome == "finished"
    for number, picture in enumerate(pair):
        alone = optimize(replace(problem, picture=picture), recipe, seed=3, device="cpu")
        assert np.array_equal(both.index_images[number], alone.indices)
        assert np.array_equal(both.pictures[number].opaque, picture.opaque)
    assert not np.array_equal(both.index_images[0], both.index_images[1])


def test_a_fit_and_weak_dither_are_those_of_each_picture(pair):
    dark = replace(pair[0], pixels=pair[0].pixels // 3)
    problem = Problem(
        picture=[pair[0], dark], palette=named_palette("game-boy"), fit="compress", strength=0.6
    )
    both = optimize(problem, device="cpu")
    for number, picture in enumerate(problem.pictures):
        alone = optimize(replace(problem, picture=picture), device="cpu")
        assert np.array_equal(both.index_images[number], alone.indices)


@pytest.mark.parametrize(
    "recipe",
    [
        "learn-palette(steps=12, pixels=400) | error-diffusion | polish(sweeps=4)",
        "nearest | descend(steps=12) | draw | polish(sweeps=2)",
        "nearest | descend(optimizer=adam, steps=12) | draw",
        "learn-palette(steps=6, pixels=400) | learn-model(model=ordered(size=4), steps=3) | draw",
    ],
)
def test_a_learned_palette_is_that_of_all_pictures(recipe, pair):
    red = np.broadcast_to(np.uint8([200, 20, 20]), pair[0].pixels.shape)
    other = Picture(pixels=red.copy(), opaque=np.ones(red.shape[:2], dtype=bool))
    problem = Problem(picture=[pair[0], other], palette=LearnedPalette(4))
    solution = optimize(problem, recipe, device="cpu")
    assert solution.outcome == "finished"
    assert len(solution.palette) == 4
    assert len(solution.pictures) == 2
    # The second picture is all of one color, which the shared palette comes near to.
    shown = solution.pictures[1].pixels.reshape(-1, 3).mean(axis=0)
    assert np.abs(shown - [200, 20, 20]).max() < 40


def test_pictures_that_are_the_same_get_the_same_picture(pair):
    recipe = "learn-palette(steps=9, pixels=300) | error-diffusion | polish(sweeps=4)"
    problem = Problem(picture=[pair[0]] * 3, palette=LearnedPalette(4))
    first, *others = optimize(problem, recipe, device="cpu").index_images
    assert all(np.array_equal(first, other) for other in others)


def test_limits_and_stops_leave_whole_pictures(pair):
    problem = Problem(picture=pair, palette=PICO_8)
    recipe = "nearest | descend(steps=1000) | draw | polish"
    calls = iter([False] * 6)
    stopped = optimize(problem, recipe, should_stop=lambda: next(calls, True), device="cpu")
    assert stopped.outcome == "interrupted"
    limited = optimize(problem, recipe, limits=Limits(evaluations=9), device="cpu")
    assert limited.outcome == "out-of-evaluations"
    for solution in (stopped, limited):
        assert solution.index_images.shape == (2, 23, 29)
        assert solution.num_colors_used > 3


def test_the_only_picture_is_asked_for_in_vain(pair, tmp_path):
    solution = optimize(Problem(picture=pair, palette=FOUR), "nearest", device="cpu")
    for name in ("indices", "picture", "source"):
        with pytest.raises(RequestError, match=f"`{name}` needs a single picture, got 2"):
            getattr(solution, name)
    with pytest.raises(RequestError, match=r"`save` needs a single picture, got 2. Use `encode`"):
        solution.save(tmp_path / "pair.png")
    assert solution.to_png(1) != solution.to_png(0)
