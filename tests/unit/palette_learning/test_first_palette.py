import pytest
import torch

from ditherlab.palette.clustering import cluster_colors, spread_colors
from ditherlab.palette_learning.first_palette import starting_palette
from ditherlab.randomness import seeded_generator
from ditherlab.vision.color import srgb_to_oklab

CPU = torch.device("cpu")
RED, BLACK = (255, 0, 0), (0, 0, 0)


def pixels(*colors):
    return torch.tensor(colors, dtype=torch.float32) / 255


def many_pixels():
    return torch.rand((500, 3), generator=seeded_generator(7, CPU))


def levels(palette):
    return [tuple(color) for color in (palette * 255).round().int().tolist()]


def test_clusters_keep_locked_colors_bit_for_bit_and_seek_the_others_elsewhere():
    # Two groups of colors, one of which has its color already: the other gets the one to find.
    dark, light = many_pixels() * 0.1, 0.9 + many_pixels() * 0.1
    locked = torch.tensor([[0.05, 0.05, 0.05]])
    found = cluster_colors(torch.cat([dark, light]), 2, seeded_generator(0, CPU), locked=locked)
    assert torch.equal(found[:1], locked)
    assert torch.allclose(found[1], light.mean(dim=0), atol=1e-6)


def test_clusters_without_locked_colors_are_as_ever():
    srgb = many_pixels()
    plain = cluster_colors(srgb, 4, seeded_generator(0, CPU))
    empty = cluster_colors(srgb, 4, seeded_generator(0, CPU), locked=srgb[:0])
    assert torch.equal(plain, empty)


def test_spread_colors_are_pixels_as_far_apart_as_there_are():
    srgb = many_pixels()
    found = spread_colors(srgb, 6)
    assert all((color == srgb).all(dim=1).any() for color in found)

    def least_distance(colors):
        points = srgb_to_oklab(colors, dim=1)
        return float(torch.pdist(points).min())

    others = [cluster_colors(srgb, 6, seeded_generator(seed, CPU)) for seed in range(5)]
    assert least_distance(found) > max(map(least_distance, others))
    # The greedy rule itself: each is the farthest from those before it.
    points, chosen = srgb_to_oklab(srgb, dim=1), srgb_to_oklab(found, dim=1)
    for number in range(1, 6):
        gaps = torch.cdist(points, chosen[:number]).min(dim=1).values
        assert float(torch.cdist(chosen[number : number + 1], chosen[:number]).min()) == (
            pytest.approx(float(gaps.max()), rel=1e-4)
        )


def test_spread_colors_keep_away_from_locked_ones():
    srgb = pixels(BLACK, (250, 4, 4), (240, 240, 240), (9, 9, 9))
    found = spread_colors(srgb, 4, locked=pixels(RED, BLACK))
    assert levels(found)[:2] == [RED, BLACK]
    assert levels(found)[2] == (240, 240, 240)
    gray = spread_colors(srgb[:, :1], 3, locked=pixels(BLACK)[:, :1])
    assert gray.shape == (3, 1)


@pytest.mark.parametrize("locked", [(255, 0, 0), (0, 200, 0), (255, 255, 255), (40, 60, 255)])
def test_the_first_spread_color_is_the_farthest_from_the_locked_one(locked):
    near = tuple(max(0, level - 3) for level in locked)
    found = spread_colors(pixels(near, BLACK, near), 2, locked=pixels(locked))
    assert levels(found)[1] == BLACK


def test_spread_colors_repeat_where_there_are_too_few():
    assert spread_colors(pixels(RED, RED), 3).shape == (3, 3)


def test_locked_colors_lead_the_starting_palette():
    palette, learns = starting_palette(many_pixels(), 5, seeded_generator(0, CPU), (RED, BLACK))
    assert learns
    assert levels(palette)[:2] == [RED, BLACK]
    assert len(palette) == 5


def test_a_picture_of_few_colors_keeps_them_beside_the_locked_ones():
    srgb = pixels((9, 9, 9), RED, (9, 9, 9))
    palette, learns = starting_palette(srgb, 3, seeded_generator(0, CPU), (RED, BLACK))
    assert not learns
    assert levels(palette) == [RED, BLACK, (9, 9, 9)]


def test_colors_that_do_not_fit_beside_the_locked_ones_are_clustered():
    srgb = pixels((9, 9, 9), (200, 9, 9), (9, 200, 9))
    palette, learns = starting_palette(srgb, 4, seeded_generator(0, CPU), (RED, BLACK))
    assert learns
    assert levels(palette)[:2] == [RED, BLACK]


def test_one_locked_color_that_is_all_of_the_picture_gets_an_unused_other():
    palette, learns = starting_palette(pixels(BLACK), 2, seeded_generator(0, CPU), (BLACK,))
    assert not learns
    assert levels(palette) == [BLACK, (255, 255, 255)]


def test_one_channel_takes_gray_locked_colors():
    srgb = many_pixels()[:, :1]
    palette, _ = starting_palette(srgb, 3, seeded_generator(0, CPU), ((7, 7, 7),))
    assert palette.shape == (3, 1)
    assert float(palette[0, 0] * 255) == 7
