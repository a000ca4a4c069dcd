from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.direct_binary_search import NUM_CLASSES, Cooling, Polisher
from ditherlab.objectives import parse_objective
from ditherlab.protocol import Target
from ditherlab.stages.polish import refit_palette
from ditherlab.stages.state import State

HEIGHT, WIDTH, NUM_COLORS = 6, 5, 3


@pytest.fixture
def target(generator):
    """A small picture with a transparent pixel."""
    images = torch.rand((1, 3, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)
    opaque = torch.ones((1, 1, HEIGHT, WIDTH), dtype=torch.bool)
    opaque[0, 0, 2, 3] = False
    return Target(images, opaque)


@pytest.fixture
def palette(generator):
    return torch.rand((1, NUM_COLORS, 3), generator=generator, dtype=torch.float64)


@pytest.fixture
def indices(generator):
    return torch.randint(NUM_COLORS, (HEIGHT, WIDTH), generator=generator)


@pytest.fixture
def cost(target):
    return parse_objective("perceptual(crisp=0.02)").bind(target)


@pytest.fixture
def polisher(cost, target, indices, palette, generator):
    return Polisher(cost, target, indices, palette, generator)


def price(cost, palette, *pictures):
    images = torch.stack([palette[0][picture].permute(2, 0, 1) for picture in pictures])
    return cost.cost(images.unsqueeze(1))[:, 0]


def move(polisher, number, temperature=0.0):
    """Price the picture, make the moves of a class, and return the price from before."""
    value, field = polisher.price_with_slopes()
    polisher.move_class(number, field, temperature)
    return value


def polish(polisher, num_sweeps=40):
    for _ in range(num_sweeps):
        for number in range(NUM_CLASSES):
            move(polisher, number)


def refit(polisher, num_fixed=0):
    """Refit the palette of one picture, as the stage does that of all."""
    problem = SimpleNamespace(hardware=None, num_locked=num_fixed)
    bound = SimpleNamespace(cost=polisher.cost, target=polisher.target)
    context = SimpleNamespace(problem=problem, bind=lambda palette: bound)
    state = State(palette=polisher.palette, generator=polisher.generator)
    refit_palette([polisher], context, state)
    assert torch.equal(state.palette, polisher.palette)


def flips(indices):
    """Every picture that is one flip away."""
    for row in range(HEIGHT):
        for column in range(WIDTH):
            for color in range(NUM_COLORS):
                flipped = indices.clone()
                flipped[row, column] = color
                yield flipped


def swaps(indices):
    """Every picture that is one swap of neighbors away."""
    for row in range(HEIGHT):
        for column in range(WIDTH):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                there = row + down, column + right
                if there[0] < HEIGHT and 0 <= there[1] < WIDTH:
                    swapped = indices.clone()
                    swapped[row, column], swapped[there] = indices[there], indices[row, column]
                    yield swapped


@pytest.mark.parametrize("objective", ["perceptual", "viewed-error", "viewed-error(blur_px=0.5)"])
@pytest.mark.parametrize("has_swaps", [True, False])
def test_in_the_end_no_move_improves_the_picture(objective, has_swaps, target, indices, palette):
    cost = parse_objective(objective).bind(target)
    polisher = Polisher(cost, target, indices, palette, torch.Generator(), swaps=has_swaps)
    polish(polisher)
    found = polisher.indices
    others = [*flips(found), *(swaps(found) if has_swaps else ())]
    before, after = price(cost, palette, indices, found)
    assert after < before
    assert price(cost, palette, *others).min() >= after - 1e-15
    torch.testing.assert_close(polisher.price(), after, rtol=1e-12, atol=0)


@dataclass
class Chooser:
    """Choose the move of one pixel of a class, and remember what it shall change."""

    place: tuple[int, int]
    predicted: torch.Tensor | None = None
    is_swap: bool = False

    def __call__(self, gains, moves, mine):
        self.predicted = gains[self.place]
        self.is_swap = bool(moves[self.place] >= NUM_COLORS)
        chosen = torch.zeros_like(moves, dtype=torch.bool)
        chosen[self.place] = True
        return chosen


@pytest.mark.parametrize("number", range(NUM_CLASSES))
def test_every_predicted_gain_is_the_real_change(number, polisher, palette, indices, monkeypatch):
    cost, target = polisher.cost, polisher.target
    rows, columns = divmod(number, 2)
    shape = indices[rows::2, columns::2].shape
    choosers = [Chooser((row, column)) for row in range(shape[0]) for column in range(shape[1])]
    for chooser in choosers:
        polisher = Polisher(cost, target, indices, palette, torch.Generator())
        monkeypatch.setattr(polisher, "_choose", chooser)
        before = move(polisher, number)
        change = price(cost, palette, polisher.indices)[0] - before
        torch.testing.assert_close(change, chooser.predicted, rtol=0, atol=1e-12)
    assert {chooser.is_swap for chooser in choosers} == {True, False}


def test_a_price_is_that_of_the_picture(polisher, cost, palette, indices):
    torch.testing.assert_close(move(polisher, 0), price(cost, palette, indices)[0])
    now = price(cost, palette, polisher.indices)[0]
    torch.testing.assert_close(polisher.price_with_slopes()[0], now)
    torch.testing.assert_close(polisher.price(), now)


def test_the_picture_that_is_given_stays_as_it_is(polisher, indices):
    before = indices.clone()
    polish(polisher, 1)
    assert not torch.equal(polisher.indices, before)
    assert torch.equal(indices, before)


def test_without_temperature_chance_only_breaks_ties(polisher, generator):
    other = torch.Generator().set_state(generator.get_state())
    move(polisher, 1)
    torch.rand((3, 2), generator=other)  # The pixels of this class.
    assert torch.equal(generator.get_state(), other.get_state())


def test_heat_walks_uphill_and_is_gone_in_the_end(cost, target, indices, palette):
    polisher = Polisher(cost, target, indices, palette, torch.Generator(), swaps=False)
    polish(polisher)
    found = float(price(cost, palette, polisher.indices)[0])
    for number in range(NUM_CLASSES):
        move(polisher, number, 1.0)
    assert polisher.price() > 1.001 * found
    cooling = Cooling(2.0)
    assert cooling.temperature(0.0) == 0
    cooling.see(torch.tensor(30.0), 10)
    cooling.see(torch.tensor(99.0), 10)
    assert [cooling.temperature(at) for at in (0.0, 0.375, 0.75)] == pytest.approx([6, 0.6, 0.06])
    assert cooling.temperature(0.76) == 0


def test_a_permuted_palette_gives_the_same_picture(cost, target, indices, palette):
    order = torch.tensor([2, 0, 1])
    places = order.argsort()
    pictures = []
    for colors, start in ((palette, indices), (palette[:, order], places[indices])):
        polisher = Polisher(cost, target, start, colors, torch.Generator().manual_seed(1))
        polish(polisher)
        pictures.append(colors[0][polisher.indices])
    opaque = target.opaque[0, 0]
    assert torch.equal(pictures[0][opaque], pictures[1][opaque])


def test_swaps_keep_how_often_each_color_is_shown(polisher, indices, monkeypatch):
    def no_flips(slopes, temperature, allowed):
        none = torch.full_like(slopes[0], torch.inf)
        return none, torch.zeros_like(none, dtype=torch.int64)

    monkeypatch.setattr(polisher, "_cheapest_colors", no_flips)
    before = polisher.price()
    polish(polisher)
    assert polisher.price() < before
    assert torch.equal(polisher.indices.flatten().bincount(), indices.flatten().bincount())


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_the_smallest_pictures_are_polished(size, palette, generator):
    images = torch.rand((1, 3, *size), generator=generator, dtype=torch.float64)
    target = Target(images, torch.ones((1, 1, *size), dtype=torch.bool))
    cost = parse_objective("perceptual").bind(target)
    start = torch.zeros(size, dtype=torch.int64)
    polisher = Polisher(cost, target, start, palette, generator)
    polish(polisher)
    before, after = price(cost, palette, start, polisher.indices)
    assert after <= before


def test_a_refit_lowers_the_cost_and_keeps_what_is_fixed(polisher, palette):
    before = polisher.price()
    refit(polisher, 1)
    assert polisher.price() < before
    levels = polisher.palette * 255
    torch.testing.assert_close(levels, levels.round())
    assert torch.equal(polisher.palette[:, :1], (palette[:, :1] * 255).round() / 255)


def test_a_refit_in_bands_is_that_of_the_whole(polisher, palette, monkeypatch):
    refit(polisher)
    whole = polisher.palette
    polisher.show(palette)
    monkeypatch.setattr(
        "ditherlab.discrete.direct_binary_search.PART_OF_COLORS", 2 * WIDTH * NUM_COLORS
    )
    refit(polisher)
    assert torch.equal(polisher.palette, whole)


def test_transparent_pixels_keep_no_color_busy(target, palette, generator):
    cost = parse_objective("perceptual").bind(target)
    start = torch.zeros((HEIGHT, WIDTH), dtype=torch.int64)
    start[0] = 1
    start[2, 3] = 2  # Only where nobody sees it.
    polisher = Polisher(cost, target, start, palette, generator)
    refit(polisher)
    used = target.images[0].flatten(1).T
    distance = (used - polisher.palette[0, 2]).abs().amax(dim=1)
    assert distance.min() < 1 / 255


@pytest.mark.parametrize("temperature", [0.0, 1e-3])
def test_pixels_move_only_to_colors_that_they_may_take(
    cost, target, palette, generator, temperature
):
    members = torch.tensor([[True, True, False], [False, True, True], [True, False, True]])
    allowed = AllowedColors(members, torch.randint(3, (HEIGHT, WIDTH), generator=generator))
    start = members.to(torch.uint8).argmax(dim=1)[allowed.subpalettes]
    polisher = Polisher(cost, target, start, palette, generator, allowed=allowed)
    for number in [*range(NUM_CLASSES)] * 6:
        move(polisher, number, temperature)
        assert allowed.permit(polisher.indices).all()
    if not temperature:
        assert polisher.price() < Polisher(cost, target, start, palette, generator).price()
        free = Polisher(cost, target, polisher.indices, palette, generator)
        polish(free, num_sweeps=3)
        assert free.price() < polisher.price()


def test_no_single_move_that_is_allowed_helps_in_the_end(cost, target, palette, generator):
    members = torch.tensor([[True, True, False], [False, True, True]])
    allowed = AllowedColors(members, torch.randint(2, (HEIGHT, WIDTH), generator=generator))
    start = torch.ones((HEIGHT, WIDTH), dtype=torch.int64)
    polisher = Polisher(cost, target, start, palette, generator, allowed=allowed)
    polish(polisher, num_sweeps=15)
    others = [p for p in flips(polisher.indices) if allowed.permit(p).all()]
    least, *prices = price(cost, palette, polisher.indices, *others)
    assert least <= min(prices) + 1e-12
