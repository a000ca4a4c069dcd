"""Work on an accelerator: how often the host waits, how much it asks for, in which precision."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import geometric_mean

import numpy as np
import pytest
import torch

from ditherlab.discrete.direct_binary_search import Polisher
from ditherlab.images import Picture, read_picture
from ditherlab.objectives import SSIM
from ditherlab.palette import named_palette
from ditherlab.palette.hardware_gamut import parse_gamut
from ditherlab.palette_learning.hardware_colors import HardwareColors
from ditherlab.problem import LearnedPalette, Problem
from ditherlab.recipe import Recipe
from ditherlab.solver.solver import _first_state
from ditherlab.stages import StageContext, State
from ditherlab.stages.error_diffusion import diffused_indices
from tests.pretended_device import PRETENDED, FloatError, Traffic, pretended_device
from tests.solving import problem_of
from tests.unit.solver.test_threads import ROOT

RECIPE = "learn-palette(steps=13, pixels=1024) | error-diffusion | polish(sweeps=3)"

# Launches: of a class of moves, of a step of learning, of one with a refit, and of a start for any
# size of the picture. They grow with the number of blurs, not with pixels.
MOVE, STEP, REFIT, START = 260, 125, 240, 3500

# Waiting of a refit: for the equations, for the palette and its use, and for the new one's upload.
WAITS_OF_REFIT = 3

# The waiting of a step, of one estimator of each family and those with double precision elsewhere.
# All ask for the cost, to keep a good state: with more steps, every twentieth part of them.
WAITS = {
    "moments": 1,
    "gumbel-softmax": 1,
    "reinmax": 1,
    "leave-one-out(credit=local)": 1,
    "linstat": 1,
    "relax": 1,
    "pairwise": 1,
    "local-expectation(order=2)": 1,
    # Uploads the pair of colors at the ends of each order.
    "carms(num_samples=2)": 2,
}


@contextmanager
def counted(traffic: Traffic) -> Iterator[None]:
    """Count from zero."""
    traffic.launches.clear()
    traffic.waits.clear()
    yield


@torch.no_grad()
def traffic_of_steps(problem: Problem, recipe: str, traffic: Traffic) -> dict[str, list[Traffic]]:
    """Run the stages of a recipe; return what each step of each asked for."""
    context = StageContext(problem=problem, device=PRETENDED)
    state = _first_state(context)
    found: dict[str, list[Traffic]] = {}
    for stage in Recipe.parse(recipe).resolved(problem).stages:
        steps = iter(stage.run(context, state))
        while True:
            with counted(traffic):
                progress = next(steps, None)
            found.setdefault(stage.name, []).append(
                Traffic(traffic.launches.copy(), traffic.waits.copy())
            )
            if progress is None:
                break
    return found


def crop(width: int, height: int) -> Picture:
    return read_picture(ROOT / "images" / "astronaut.png").crop(
        left=200, top=60, width=width, height=height
    )


def test_the_default_recipe_hardly_waits(monkeypatch):
    problem = Problem(picture=crop(32, 32), palette=LearnedPalette(16))
    with pretended_device(monkeypatch, has_doubles=False) as traffic:
        found = traffic_of_steps(problem, RECIPE, traffic)
    # The first moves upload the taps of the blurs.
    moves, refit = found["polish"][1:4] + found["polish"][5:12], found["polish"][4]
    assert max(step.num_waits for step in moves) == 0
    assert max(step.num_launches for step in moves) <= MOVE
    assert refit.num_waits == WAITS_OF_REFIT
    steps = found["learn-palette"][3:14]
    plain = [step for step in steps if "download" not in step.waits]
    assert len(plain) >= 9
    # Now and then, a report or a good state to keep asks for a cost.
    assert max(step.num_waits for step in plain) <= 1
    assert max(step.num_launches for step in plain) <= STEP
    assert max(step.num_waits for step in steps) <= WAITS_OF_REFIT + 1
    assert max(step.num_launches for step in steps) <= REFIT


def test_the_start_takes_few_launches_whatever_the_size(monkeypatch):
    launches = []
    for size in (32, 100):
        problem = Problem(picture=crop(size, 32), palette=named_palette("pico-8"))
        with pretended_device(monkeypatch) as traffic:
            (start, _) = traffic_of_steps(problem, "error-diffusion", traffic)["error-diffusion"]
        launches.append(start.num_launches)
    assert max(launches) <= START


@pytest.mark.parametrize("palette", ["black-and-white", "pico-8"])
def test_starts_in_tiles_end_as_well(palette, monkeypatch):
    names = ("astronaut", "coffee", "chelsea")
    ratios = [ratio_of_costs(name, palette, monkeypatch) for name in names]
    # Larger pictures vary less: 256 x 256 pixels cost at most 0.7 % more.
    assert max(ratios) <= 1.05
    assert geometric_mean(ratios) <= 1.01


def ratio_of_costs(name: str, palette: str, monkeypatch: pytest.MonkeyPatch) -> float:
    """Return the cost after a polish of a start in tiles, as a part of that of one without."""
    picture = read_picture(ROOT / "images" / f"{name}.png").shrink(80 * 80)
    problem = problem_of(picture, palette=named_palette(palette))
    context = StageContext(problem=problem, device=torch.device("cpu"))
    colors = problem.fixed_palette.srgb(context.device)[:, : problem.num_channels].unsqueeze(0)
    costs = []
    for is_tiled in (False, True):
        bound, generator = context.bind(colors), torch.Generator().manual_seed(0)
        monkeypatch.setattr(
            "ditherlab.stages.error_diffusion.is_accelerator", lambda _, told=is_tiled: told
        )
        indices = diffused_indices(bound, colors, generator)
        polisher = Polisher(bound.cost, bound.target, indices, colors, generator)
        for _ in range(20):
            for number in polisher.shuffle_classes():
                polisher.move_class(number, polisher.price_with_slopes()[1], 0.0)
        costs.append(float(polisher.price()))
    return costs[1] / costs[0]


@pytest.mark.parametrize("name", WAITS)
def test_steps_of_estimators_do_not_wait_for_each_other(name, monkeypatch):
    problem = problem_of(crop(12, 12), palette=named_palette("gray-4"), objective=SSIM())
    recipe = f"nearest | descend(estimator={name}, steps=4)"
    with pretended_device(monkeypatch, has_doubles=False) as traffic:
        steps = traffic_of_steps(problem, recipe, traffic)["descend"]
    assert max(step.num_waits for step in steps[3:5]) <= WAITS[name]


def test_colors_of_hardware_are_found_on_the_host(monkeypatch):
    palette = torch.rand((1, 8, 3), generator=torch.Generator().manual_seed(1))
    hardware = HardwareColors(parse_gamut("rgb332"), 3)
    with pretended_device(monkeypatch, has_doubles=False) as traffic:
        found = hardware.snap(palette.to(PRETENDED)).cpu()
    assert torch.equal(found, hardware.snap(palette))
    assert traffic.waits == {"upload": 2, "download": 2}


def test_both_ways_blur_and_diffuse_alike(monkeypatch):
    problem = Problem(picture=crop(24, 17), palette=named_palette("pico-8"))
    costs = []
    for device in (torch.device("cpu"), PRETENDED):
        with pretended_device(monkeypatch):
            context = StageContext(problem=problem, device=device)
            state: State = _first_state(context)
            bound = context.bind(state.palette)
            indices = torch.from_numpy(np.arange(17 * 24).reshape(17, 24) % 16).to(device)
            polisher = Polisher(bound.cost, bound.target, indices, state.palette, state.generator)
            value, slopes = polisher.price_with_slopes()
            costs.append([value.cpu(), slopes.cpu()])
    torch.testing.assert_close(costs[1], costs[0])


def test_the_pretended_device_notices(monkeypatch):
    with pretended_device(monkeypatch, has_doubles=False) as traffic:
        numbers = torch.arange(4.0, device=PRETENDED)
        assert traffic.num_waits == 0
        assert float(numbers.sum()) == 6
        assert traffic.waits == {"_local_scalar_dense": 1}
        assert numbers[numbers > 1].shape == (2,)
        assert traffic.waits["index by a mask"] == 1
        assert numbers.cpu().tolist() == [0, 1, 2, 3]
        assert traffic.waits["download"] == 1
        torch.tensor([1.0], device=PRETENDED)
        assert traffic.waits["upload"] == 1
        with pytest.raises(FloatError, match="double precision"):
            numbers.double()
        with pytest.raises(RuntimeError, match="mixes tensors"):
            numbers + torch.arange(4.0)
