"""Direct binary search in the kernels: its slopes, its moves, and where it ends."""

import pytest
import torch

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.direct_binary_search import Polisher
from ditherlab.discrete.tile_search import TilePolisher
from ditherlab.kernels.color_limits import ColorLimits
from ditherlab.kernels.polish import NUM_PHASES, CompiledPolish, SweepSettings
from ditherlab.kernels.work import KernelWork
from ditherlab.objectives import parse_objective
from ditherlab.protocol import Target
from tests.quadratic_costs import (
    LAYERS,
    assert_planes_agree,
    quadratic_cost,
    random_indices,
    random_palette,
    slopes_in_torch,
)

SIZES = [(1, 1), (1, 20), (3, 2), (9, 33), (40, 23)]


def begin(library, cost, palette, indices, limits=None):
    polish = CompiledPolish(library, cost.quadratic_forms[0], indices.clone())
    channels = cost.values.shape[1]
    polish.set_colors(cost.expected_color_moments(palette)[0, :channels], limits)
    return polish


def sweep(polish, **settings):
    """Visit all tiles; return the number of moves and the predicted change."""
    visits = [
        polish.visit(phase, range(count), SweepSettings(**settings))
        for phase, count in enumerate(polish.num_tiles)
    ]
    return sum(visit.num_moves for visit in visits), sum(visit.change for visit in visits)


def photo_cost(height, width, seed, channels=3):
    """Return the default cost of a smooth picture with edges, and its target."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, channels, 4, 5), generator=generator)
    images = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    images[..., height // 3 : height // 2, width // 4 : width // 2] *= 0.3
    target = Target(images, torch.ones((1, 1, height, width), dtype=torch.bool))
    return parse_objective("perceptual").bind(target), target


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_slopes_follow_a_thousand_moves_exactly_where_weights_are_equal(
    library, layers, height, width
):
    cost = quadratic_cost(height, width, layers=layers, weights="equal")
    palette, indices = random_palette(4), random_indices(cost, 4)
    polish = begin(library, cost, palette, indices)
    generator = torch.Generator().manual_seed(5)
    pixels = torch.randint(height * width, (1000,), generator=generator)
    colors = torch.randint(4, (1000,), generator=generator).to(torch.uint8)
    kept, computed = polish.replay(pixels, colors)
    assert_planes_agree(computed, slopes_in_torch(cost, palette, polish.indices)[1])
    # Truncated filters leave a little to the middle of the border, where windows are cut.
    assert_planes_agree(kept, computed, 1e-4)


@pytest.mark.parametrize(("seed", "channels"), [(0, 3), (1, 3), (2, 1)])
def test_slopes_follow_a_thousand_moves_closely_in_a_picture(library, seed, channels):
    cost, _ = photo_cost(45, 60, seed, channels)
    palette, indices = random_palette(6, channels), random_indices(cost, 6)
    polish = begin(library, cost, palette, indices)
    generator = torch.Generator().manual_seed(5)
    pixels = torch.randint(45 * 60, (1000,), generator=generator)
    colors = torch.randint(6, (1000,), generator=generator).to(torch.uint8)
    kept, computed = polish.replay(pixels, colors)
    assert_planes_agree(computed, slopes_in_torch(cost, palette, polish.indices)[1])
    assert (kept - computed).square().mean().sqrt() < 2e-3 * computed.square().mean().sqrt()


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("kind", ["flip", "swap"])
def test_the_predicted_change_of_a_move_is_the_difference_of_the_costs(library, layers, kind):
    cost = quadratic_cost(12, 14, layers=layers, transparent=True)
    palette, indices = random_palette(4), random_indices(cost, 4)
    # Each pixel may keep its color only, but for one that may flip, or two that may swap.
    members = torch.cat([torch.eye(4), torch.ones((1, 4)), torch.zeros((1, 4))]).bool()
    before, _ = slopes_in_torch(cost, palette, indices)
    num_moves = 0
    for row, column in torch.cartesian_prod(
        torch.arange(0, 11, 2), torch.arange(0, 13, 2)
    ).tolist():
        groups = indices.int()
        pair = [(row, column), (row + 1, column + 1)]
        if kind == "flip":
            groups[row, column] = 4
        else:
            limits = members.clone()
            for place in pair:
                limits[5, int(indices[place])] = True
                groups[place] = 5
        limits = ColorLimits(members if kind == "flip" else limits, groups)
        polish = begin(library, cost, palette, indices, limits)
        polish.unsettled.zero_()
        polish.unsettled[row, column] = 1
        moves, change = sweep(polish)
        changed = int((polish.indices != indices).sum())
        if moves != 1 or changed != (1 if kind == "flip" else 2):
            continue
        after, _ = slopes_in_torch(cost, palette, polish.indices)
        assert change < 0
        assert change == pytest.approx(float(after - before), rel=1e-3, abs=2e-6 * float(before))
        num_moves += 1
    assert num_moves > (10 if kind == "flip" else 2)


def test_no_move_that_is_left_would_lower_the_cost(library):
    cost, _ = photo_cost(16, 20, 3)
    palette = random_palette(4)
    polish = begin(library, cost, palette, random_indices(cost, 4))
    while sweep(polish)[0]:
        pass
    table = cost.expected_color_moments(palette)[0]
    least, _ = slopes_in_torch(cost, palette, polish.indices)

    def price(indices):
        return float(cost.expected_from_moments(table[:, indices.long()].unsqueeze(0))[0])

    for row in range(16):
        for column in range(20):
            for color in range(4):
                flipped = polish.indices.clone()
                flipped[row, column] = color
                assert price(flipped) >= float(least) * (1 - 1e-4)
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if row + down < 16 and 0 <= column + right < 20:
                    swapped = polish.indices.clone()
                    swapped[row, column] = polish.indices[row + down, column + right]
                    swapped[row + down, column + right] = polish.indices[row, column]
                    assert price(swapped) >= float(least) * (1 - 1e-4)


@pytest.mark.parametrize("seed", range(10))
def test_it_ends_as_low_as_torch(library, seed):
    channels = 1 if seed % 3 == 2 else 3
    cost, target = photo_cost(40, 44, seed, channels)
    palette = random_palette(2 + seed, channels, seed)
    start = random_indices(cost, 2 + seed)
    ends = []
    for kind in (Polisher, TilePolisher):
        generator = torch.Generator().manual_seed(seed)
        begun = (cost, target, start, palette, generator)
        is_compiled = kind is TilePolisher
        search = kind(*begun, work=KernelWork(library)) if is_compiled else kind(*begun)
        for number in range(0, 12, search.num_sweeps_at_once):
            search.begin_sweep(range(number, number + search.num_sweeps_at_once))
            for part in range(search.num_parts):
                search.price_part(part)
                search.move_part(part, 0.0)
        ends.append(float(search.price()))
    assert ends[1] <= 1.005 * ends[0]


@pytest.mark.parametrize("temperature", [0.0, 1e-3])
def test_transparent_pixels_stay(library, temperature):
    cost = quadratic_cost(20, 24, transparent=True)
    indices = random_indices(cost, 5)
    polish = begin(library, cost, random_palette(5), indices)
    hidden = ~cost.target.opaque[0, 0]
    for number in range(4):
        sweep(polish, temperature=temperature, seed=number)
    assert torch.equal(polish.indices[hidden], indices[hidden])
    assert not torch.equal(polish.indices, indices)


@pytest.mark.parametrize("temperature", [0.0, 1e-2])
def test_pixels_take_allowed_colors_only(library, temperature):
    cost = quadratic_cost(24, 20)
    members = torch.tensor([[True, True, False, False], [False, True, True, False]])
    groups = (torch.arange(20) // 4 % 2).expand(24, 20).int()
    indices = torch.where(groups == 0, 0, 2).to(torch.uint8)
    limits = ColorLimits(members, groups.contiguous())
    polish = begin(library, cost, random_palette(4), indices, limits)
    for number in range(5):
        sweep(polish, temperature=temperature, seed=number)
    assert AllowedColors(members, groups).permit(polish.indices.long()).all()
    assert len(polish.indices.unique()) == 3


def test_the_lowest_temperatures_take_the_best_color(library):
    cost = quadratic_cost(8, 8, layers="no-blur")
    ends = []
    for temperature in (0.0, 1e-45):
        polish = begin(library, cost, random_palette(4), random_indices(cost, 4))
        sweep(polish, temperature=temperature, has_swaps=False)
        ends.append(polish.indices)
    assert torch.equal(*ends)


def test_an_entry_that_is_never_drawn_stays_unused(library):
    cost = quadratic_cost(20, 20)
    limits = ColorLimits(torch.tensor([[True, False, True, True]]))
    polish = begin(library, cost, random_palette(4), random_indices(cost, 1), limits)
    while sweep(polish)[0]:
        pass
    assert set(polish.indices.unique().tolist()) == {0, 2, 3}


def test_a_random_number_of_zero_draws_no_color_that_is_not_allowed(library):
    """The first random number of this seed is 0, below the chance of any color."""
    cost = quadratic_cost(1, 1, layers="no-blur")
    limits = ColorLimits(torch.tensor([[False, True, True]]))
    polish = begin(library, cost, random_palette(3), torch.ones((1, 1), dtype=torch.uint8), limits)
    sweep(polish, temperature=1.0, seed=946062)
    assert int(polish.indices) in (1, 2)


def test_extra_prices_are_part_of_each_change(library):
    cost, _ = photo_cost(18, 20, 4)
    palette, indices = random_palette(4), random_indices(cost, 4)
    generator = torch.Generator().manual_seed(9)
    scale = float(slopes_in_torch(cost, palette, indices)[0]) / 300
    prices = torch.rand((4, 18, 20), generator=generator) * scale

    def price():
        extra = prices.gather(0, polish.indices.long().unsqueeze(0)).sum()
        return float(slopes_in_torch(cost, palette, polish.indices)[0] + extra)

    polish = begin(library, cost, palette, indices, ColorLimits(prices=prices))
    costs = [price()]
    for number in range(4):
        _, change = sweep(polish, seed=number)
        costs.append(price())
        assert change == pytest.approx(costs[-1] - costs[-2], rel=0.02, abs=1e-3 * costs[0])
    assert costs[-1] < costs[0]
    free = begin(library, cost, palette, indices)
    while sweep(free)[0]:
        pass
    assert not torch.equal(free.indices, polish.indices)


@pytest.mark.parametrize("temperature", [0.0, 3e-3])
def test_threads_and_kept_tiles_change_nothing(library, temperature):
    cost = quadratic_cost(330, 210)
    palette, indices = random_palette(3), random_indices(cost, 3)
    ends = []
    for num_threads, num_tiles in ((1, 0), (2, 0), (4, 2), (1, 8), (3, 1000)):
        polish = begin(library, cost, palette, indices)
        polish.set_cache(num_tiles)
        assert sum(polish.num_tiles) == 6
        for number in range(3):
            sweep(
                polish,
                temperature=temperature,
                seed=number,
                num_threads=num_threads,
                num_passes=2,
            )
        ends.append(polish.indices)
    for other in ends[1:]:
        assert torch.equal(ends[0], other)


def test_a_phase_in_parts_is_the_same_phase(library):
    cost = quadratic_cost(330, 400)
    palette, indices = random_palette(3), random_indices(cost, 3)
    whole, parts = (begin(library, cost, palette, indices) for _ in range(2))
    for phase, count in enumerate(whole.num_tiles):
        whole.visit(phase, range(count), SweepSettings())
        for first in range(count):
            parts.visit(phase, range(first, first + 1), SweepSettings())
    assert torch.equal(whole.indices, parts.indices)
    assert sum(whole.num_tiles) > 2 * NUM_PHASES


def test_tiles_of_a_phase_do_not_see_each_other_through_the_widest_filters(library):
    """The order of their visits changes nothing; the tiles of 320 pixels are 106 wide."""
    images = torch.rand((1, 1, 12, 320), generator=torch.Generator().manual_seed(3))
    target = Target(images, torch.ones((1, 1, 12, 320), dtype=torch.bool))
    cost = parse_objective("viewed-error(blur_px=11.5)").bind(target)
    assert len(cost.layers[0].taps) // 2 == 40
    assert cost.quadratic_forms[0].can_be_compiled
    palette, indices = random_palette(2, 1), random_indices(cost, 2)
    forward, backward = (begin(library, cost, palette, indices) for _ in range(2))
    for phase, count in enumerate(forward.num_tiles):
        forward.visit(phase, range(count), SweepSettings())
        for first in reversed(range(count)):
            backward.visit(phase, range(first, first + 1), SweepSettings())
    assert forward.num_tiles == (2, 1, 0, 0)
    assert torch.equal(forward.indices, backward.indices)


def test_moves_at_a_temperature_follow_the_boltzmann_distribution(library):
    """A chi-square test on single pixels, each of which draws its color once."""
    num_colors, num_pixels = 4, 4000
    cost = quadratic_cost(1, 1, layers="no-blur", weights="equal")
    palette = random_palette(num_colors)
    table = cost.expected_color_moments(palette)[0]
    prices = cost.expected_from_moments(table.mT.reshape(num_colors, -1, 1, 1))
    temperature = float(prices.std())
    expected = (-prices / temperature).softmax(dim=0) * num_pixels
    counts = torch.zeros(num_colors)
    for seed in range(num_pixels):
        polish = begin(library, cost, palette, torch.zeros((1, 1), dtype=torch.uint8))
        sweep(polish, temperature=temperature, seed=seed)
        counts[int(polish.indices)] += 1
    # The quantile of chi-square with 3 degrees of freedom at 1 - 1e-4.
    assert ((counts - expected).square() / expected).sum() < 21.1


def test_one_color_stays_as_it_is(library):
    cost = quadratic_cost(8, 9)
    polish = begin(library, cost, random_palette(1), random_indices(cost, 1))
    assert sweep(polish) == (0, 0.0)


def test_flips_alone_leave_out_swaps(library):
    cost = quadratic_cost(14, 15)
    limits = ColorLimits(torch.eye(2, dtype=torch.bool), random_indices(cost, 2).int())
    polish = begin(library, cost, random_palette(2), random_indices(cost, 2), limits)
    assert sweep(polish, has_swaps=False)[0] == 0
