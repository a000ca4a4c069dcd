import pytest
import torch

from ditherlab.randomness import seeded_generator
from ditherlab.vision.convex_hull import ConvexHull


def random(*shape):
    return torch.rand(shape, generator=seeded_generator(5, torch.device("cpu")))


GRID = torch.cartesian_prod(*[torch.linspace(0, 1, 4)] * 3)
BODIES = {
    "two colors": torch.tensor([[0.1, 0.2, 0.3], [0.8, 0.7, 0.9]]),
    "a line": torch.linspace(0, 1, 5)[:, None] * torch.tensor([[1.0, 0.5, 0.2]]),
    "a triangle": torch.eye(3),
    "a plane": torch.cat([random(20, 2), torch.full((20, 1), 0.5)], dim=1),
    "a cube of grid points": GRID,
    "many colors": random(256, 3),
}


@pytest.mark.parametrize("name", BODIES)
def test_it_holds_its_colors_and_their_mixtures(name):
    colors = BODIES[name]
    hull = ConvexHull.of(colors)
    weights = random(500, len(colors)) ** 6
    mixed = (weights / weights.sum(dim=1, keepdim=True)) @ colors
    assert hull.excess(torch.cat([colors, mixed])).max() < 3e-6


@pytest.mark.parametrize("name", BODIES)
def test_what_lies_outside_in_some_direction_is_outside(name):
    colors = BODIES[name]
    directions = torch.nn.functional.normalize(random(200, 3) - 0.5, dim=1)
    reach = (colors @ directions.T).max(dim=0).values
    others = 3 * random(300, 3) - 1
    beyond = (others @ directions.T - reach).max(dim=1).values
    assert (ConvexHull.of(colors).excess(others)[beyond > 1e-4] > 0).all()


def test_only_corners_are_vertices():
    vertices = ConvexHull.of(GRID).vertices
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3).tolist()
    assert all(corner in GRID[vertices].tolist() for corner in corners)
    inside = random(50, 3) * 0.4 + 0.3
    assert ConvexHull.of(torch.cat([GRID, inside])).vertices.max() < len(GRID)


def test_boxes_are_placed_by_their_nearest_corner():
    hull = ConvexHull.of(GRID)
    lows = torch.tensor([[0.2, 0.2, 0.2], [0.9, 0.9, 0.9], [1.1, 0.0, 0.0]])
    placed = hull.place_boxes(lows, lows + 0.2)
    assert placed[0] == pytest.approx(-0.4, abs=1e-5)
    assert placed[1] == pytest.approx(-0.1, abs=1e-5)
    assert placed[2] == pytest.approx(0.1, abs=1e-5)
