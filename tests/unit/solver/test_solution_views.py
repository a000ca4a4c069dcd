"""A solution as images and probabilities, and the plot of its history."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab.errors import OutputError, RequestError
from ditherlab.images import Picture
from ditherlab.objectives import SSIM, Variance
from ditherlab.palette import named_palette
from ditherlab.problem import LearnedPalette
from ditherlab.recipe import Recipe
from ditherlab.solver.memory_need import memory_need
from ditherlab.solver.snapshot import History
from ditherlab.solver.solution import Solution
from ditherlab.solver.solver import optimize
from ditherlab.stages import State
from tests.solving import problem_of, solve, ticking

PICO_8 = named_palette("pico-8")


def test_the_image_is_indexed_and_as_seen(photo):
    solution = solve(photo, palette=named_palette("e-ink-6-measured"), sweeps=1)
    image = solution.image
    assert (image.mode, image.size) == ("P", (48, 32))
    assert np.array_equal(np.asarray(image), solution.indices)
    assert np.array_equal(np.asarray(image.convert("RGB")), solution.picture.pixels)
    assert solution.images == (image,)


def test_a_solution_is_short_at_a_prompt(photo):
    solution = solve([photo, photo], palette=PICO_8, sweeps=0, clock=ticking(0.0))
    assert repr(solution) == (
        "<Solution: 2 pictures of 48 x 32 pixels in 16 colors, finished after 0.0 s>"
    )


def test_the_image_keeps_transparency(photo, tmp_path):
    opaque = photo.opaque.copy()
    opaque[:, :9] = False
    solution = solve(Picture(photo.pixels, opaque), palette=PICO_8, sweeps=1)
    alpha = np.asarray(solution.image.convert("RGBA"))[..., 3]
    assert np.array_equal(alpha == 255, opaque)
    solution.image.save(tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as saved:
        assert np.array_equal(np.asarray(saved.convert("RGBA"))[..., 3], alpha)


def test_the_image_keeps_soft_edges(photo):
    ramp = np.broadcast_to(np.linspace(0, 255, 48).astype(np.uint8), (32, 48))
    picture = Picture(photo.pixels, ramp > 0, alpha=ramp)
    solution = solve(picture, palette=named_palette("gray-4"), sweeps=1)
    shown = np.asarray(solution.image.convert("RGBA"))[..., 3].astype(int)
    assert abs(shown - ramp).max() < 4


def test_several_pictures_have_images(photo):
    solution = solve([photo, photo], palette=PICO_8, sweeps=1)
    assert [image.size for image in solution.images] == [(48, 32)] * 2
    with pytest.raises(RequestError, match="`image` needs a single picture, got 2"):
        _ = solution.image


@pytest.mark.parametrize("num_pictures", [1, 2])
def test_the_probabilities_are_those_of_which_the_picture_was_drawn(photo, num_pictures):
    solution = solve([photo] * num_pictures, palette=PICO_8, objective=SSIM(), steps=4)
    assert solution.recipe.stages[-1].name == "draw"
    probs = solution.probs
    assert probs.shape == (num_pictures, 16, 32, 48)
    torch.testing.assert_close(probs.sum(dim=1), torch.ones(num_pictures, 32, 48))
    assert np.array_equal(probs.argmax(dim=1).numpy(), solution.index_images)
    assert 0 < solution.history.snapshots[-1].entropy < 2
    entropy = torch.distributions.Categorical(probs.movedim(1, -1)).entropy().mean()
    assert float(entropy) == pytest.approx(solution.history.snapshots[-1].entropy, rel=1e-3)


def test_a_sampled_picture_differs_from_the_most_probable_one(photo):
    solution = solve(photo, palette=PICO_8, objective=Variance(c=0.1), steps=4)
    likeliest = solution.probs.argmax(dim=1).numpy()
    assert not np.array_equal(likeliest, solution.index_images)
    drawn = torch.from_numpy(solution.index_images.astype(np.int64)).unsqueeze(1)
    assert (solution.probs.gather(1, drawn) > 0).all()


@pytest.mark.parametrize(
    "recipe", ["nearest", "nearest | descend(steps=2) | draw | polish(sweeps=1)"]
)
def test_after_a_search_the_probabilities_are_decided(photo, recipe):
    problem = problem_of(photo, palette=PICO_8)
    solution = optimize(problem, recipe, device="cpu")
    probs = solution.probs
    assert set(probs.unique().tolist()) == {0.0, 1.0}
    assert np.array_equal(probs.argmax(dim=1).numpy(), solution.index_images)
    assert solution.drawn_from is None


def test_without_a_draw_the_probabilities_are_the_last(photo):
    problem = problem_of(photo, palette=PICO_8)
    solution = optimize(problem, "nearest | descend(steps=2)", device="cpu")
    assert ((solution.probs > 0) & (solution.probs < 1)).any()


def test_equal_learned_colors_share_their_probability(photo, generator):
    problem = problem_of(photo, palette=LearnedPalette(3), objective=SSIM())
    colors = torch.tensor([[[0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [0.5001, 0.5, 0.5]]])
    probs = torch.rand((1, 3, 32, 48), generator=generator).softmax(dim=1)
    state = State(palette=colors, generator=generator, probs=probs)
    solution = Solution.of(state, problem, recipe=Recipe.parse("nearest"), outcome="finished")
    assert len(solution.palette) == solution.probs.shape[1] == 2
    torch.testing.assert_close(solution.probs[:, 0], probs[:, 0] + probs[:, 2])
    torch.testing.assert_close(solution.probs[:, 1], probs[:, 1])


def test_kept_probabilities_count_as_memory(photo):
    problem = problem_of(photo, palette=PICO_8, objective=SSIM())
    needs = {
        words: memory_need(problem, Recipe.parse(words)).num_kept_per_color
        for words in (
            "nearest | descend | draw",
            "nearest | descend",
            "learn-model | draw",
            "nearest | draw",
            "nearest | descend | draw | polish",
        )
    }
    assert list(needs.values()) == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("over", ["steps", "evaluations", "seconds"])
def test_the_history_is_plotted(photo, over, tmp_path):
    solution = solve(photo, palette=PICO_8, objective=SSIM(), steps=5, seconds_between_reports=0)
    stack = solution.history.plot(over)
    root = ET.fromstring(stack._repr_svg_())
    paths = [p for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("class") == "line"]
    assert len(paths) == len(stack.plots) == 2
    (costs,), (entropies,) = (plot.lines for plot in stack.plots)
    assert len(entropies.x) == len(solution.history.snapshots)
    if over == "steps":
        assert list(costs.y) == list(solution.history.costs)
    assert list(costs.x) == sorted(costs.x)
    stack.save(tmp_path / "history.svg")
    assert ET.parse(tmp_path / "history.svg").getroot().tag.endswith("svg")
    with pytest.raises(OutputError, match="exists already"):
        stack.save(tmp_path / "history.svg")
    with pytest.raises(OutputError, match=r"must be written as .svg, got .*history.png"):
        stack.plots[0].save(tmp_path / "history.png")


def test_a_history_without_entropy_has_one_plot(photo):
    assert len(solve(photo, palette=PICO_8, sweeps=2).history.plot().plots) == 1
    assert "Nothing to show." in History().plot()._repr_svg_()
    with pytest.raises(RequestError, match=r"`plot\(over=...\)` must be one of steps, evaluations"):
        History().plot("minutes")
