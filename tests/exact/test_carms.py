"""CARMS with two draws, exactly: by listing all orders, and the cells of the one uniform number.

With two draws the second uniform number is one minus the first. Between the bounds of the colors,
and those of their mirror images, the drawn colors stay the same, and so does the estimate.
"""

import itertools

import pytest
import torch

from ditherlab.errors import RequestError
from ditherlab.estimators import CARMS, Disarm, carms
from ditherlab.estimators.random_orders import AnyEnds, Rotations
from ditherlab.proofs.costs import BlackBox, InteractingCost
from ditherlab.protocol.categorical import Categorical

COSTS = {"interacting": InteractingCost(), "black box": BlackBox()}

# A row for each pixel. In the third, rotations never draw colors 1 and 3 together.
PIXELS = {
    "three colors": [[0.2, 0.5, 0.3], [0.9, 0.04, 0.06], [0.3, 0.3, 0.4]],
    "four colors": [[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]],
    "one likely color": [[0.7, 0.1, 0.1, 0.1], [0.05, 0.85, 0.06, 0.04]],
    "empty colors": [[0.4, 0.0, 0.6, 0.0], [0.0, 0.3, 0.2, 0.5]],
    "five colors": [[0.5, 0.05, 0.2, 0.05, 0.2], [1.0, 0.0, 0.0, 0.0, 0.0]],
    "two colors": [[0.3, 0.7], [0.5, 0.5], [0.96, 0.04]],
}


def model_of(rows, num_copies=1):
    probs = torch.tensor(rows, dtype=torch.float64).T.view(1, -1, 1, len(rows))
    num_colors = probs.shape[1]
    palette = torch.rand((1, num_colors, 1), generator=torch.Generator().manual_seed(5)).double()
    return Categorical(
        probs.expand(num_copies, -1, -1, -1),
        palette.expand(num_copies, -1, -1),
        learns_palette=True,
    )


def truth(rows, cost):
    """Differentiate the sum over all pictures."""
    model = model_of(rows)
    shape = model.probs.shape
    pictures = torch.tensor(list(itertools.product(range(shape[1]), repeat=shape[3])))
    pictures = pictures.view(-1, 1, 1, shape[3])
    chances = model.probs.expand(len(pictures), -1, -1, -1).gather(1, pictures).prod(dim=3)[:, 0]
    weights = chances * cost.cost(model.images(pictures))
    return model.weigh_scores(pictures, weights[:, :, None, None].expand(pictures.shape))


def cells_of(row, orders):
    """List the number of the order, the middle and the probability of each cell of a pixel."""
    for number, (first, last) in enumerate(orders.ends):
        ends = (torch.tensor([[[end]]]) for end in (first, last))
        order = orders.list_colors(*ends).flatten().tolist()
        bounds = torch.tensor([row[color] for color in order], dtype=torch.float64).cumsum(0)[:-1]
        edges = torch.cat([bounds, 1 - bounds, torch.tensor([0.0, 1.0]).double()]).sort().values
        for low, high in itertools.pairwise(edges.tolist()):
            if high - low > 1e-12:
                yield number, (low + high) / 2, (high - low) / len(orders.ends)


def mean_estimate(rows, cost, orders, estimator):
    cells = [list(cells_of(row, orders)) for row in rows]
    trials = list(itertools.product(*cells))
    numbers, middles, widths = torch.tensor(trials, dtype=torch.float64).unbind(dim=2)
    # Independent uniform numbers of exponentials in the ratio of `u` and `1 - u`.
    independent = 1 - torch.exp(-torch.stack([middles, 1 - middles]))
    choice = (numbers + 0.5) / len(orders.ends)
    draws = torch.cat([independent, choice.unsqueeze(0)]).unsqueeze(2)
    with torch.no_grad():
        estimate, _ = estimator.weigh(draws, model_of(rows, len(trials)), cost, None, None)
    return torch.einsum("n,nkhw->khw", widths.prod(dim=1), estimate.grad_logits).unsqueeze(0)


@pytest.mark.parametrize("name", PIXELS)
@pytest.mark.parametrize("credit", ["global", "local"])
def test_two_draws_average_to_the_enumerated_gradient(name, credit):
    rows = PIXELS[name]
    estimator = CARMS(num_samples=2, credit=credit)
    for cost in COSTS.values():
        found = mean_estimate(rows, cost, AnyEnds(len(rows[0])), estimator)
        torch.testing.assert_close(found, truth(rows, cost), rtol=1e-12, atol=1e-12)


def test_rotations_miss_pairs_of_two_draws(monkeypatch):
    """The reason for other orders: the same test fails."""
    rows = PIXELS["one likely color"]
    monkeypatch.setattr(carms, "_orders_for", lambda num_colors, copula: Rotations(num_colors))
    found = mean_estimate(rows, COSTS["interacting"], Rotations(4), CARMS(num_samples=2))
    assert (found - truth(rows, COSTS["interacting"])).abs().max() > 1e-3


def test_pairs_taken_for_independent_fail(monkeypatch):
    rows = PIXELS["three colors"]
    monkeypatch.setattr(
        carms, "_independence_ratio", lambda a, b, copula, probs: (a != b).to(probs.dtype)
    )
    found = mean_estimate(rows, COSTS["interacting"], AnyEnds(3), CARMS(num_samples=2))
    assert (found - truth(rows, COSTS["interacting"])).abs().max() > 1e-3


def test_two_draws_of_two_colors_are_disarm(interacting, generator):
    probs = torch.rand((50, 1, 2, 3), generator=generator, dtype=torch.float64)
    palette = torch.tensor([[[0.2], [0.9]]]).double().expand(50, -1, -1)
    model = Categorical(torch.cat([1 - probs, probs], dim=1), palette, learns_palette=True)
    uniform = torch.rand((1, 50, 2, 3), generator=generator, dtype=torch.float64)
    independent = 1 - torch.exp(-torch.cat([1 - uniform, uniform]))
    draws = torch.cat([independent, torch.zeros_like(uniform)])
    found, _ = CARMS(num_samples=2).weigh(draws, model, interacting, None, None)
    expected, _ = Disarm(num_samples=2).weigh(uniform, model, interacting, None, None)
    for name in ("value", "grad_logits", "grad_palette"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("num_colors", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("family", [Rotations, AnyEnds])
def test_bounds_are_sums_in_the_order_of_the_colors(family, num_colors, generator):
    orders = family(num_colors)
    probs = torch.rand(num_colors, generator=generator, dtype=torch.float64)
    probs = probs / probs.sum()
    cumulative = torch.nn.functional.pad(probs.cumsum(dim=0), (1, 0)).view(1, -1, 1, 1)
    for first, last in orders.ends:
        order = orders.list_colors(torch.tensor([[[first]]]), torch.tensor([[[last]]])).flatten()
        assert order.sort().values.tolist() == list(range(num_colors))
        assert (order[0], order[-1]) == (first, last)
        for place, color in enumerate(order.tolist()):
            low = orders.lower_bound(cumulative, torch.full((1, 1, 1), color), first, last)
            torch.testing.assert_close(low.item(), probs[order[:place]].sum().item())


def test_one_draw_is_refused():
    with pytest.raises(RequestError, match=r"must be at least 2, got 1: one draw has no other"):
        CARMS(num_samples=1)
