import numpy as np
import pytest
import torch

from ditherlab.palette import named_palette, named_palettes
from ditherlab.randomness import seeded_generator
from ditherlab.vision.color import linear_to_srgb, srgb_to_lab, srgb_to_linear
from ditherlab.vision.gamut import (
    Gamut,
    clip_images,
    compress_images,
    mean_difference,
    mean_distance,
)

GAME_BOY = named_palette("game-boy").srgb()
COLORED = [name for name, palette in named_palettes().items() if not palette.is_gray]


def random(*shape):
    return torch.rand(shape, generator=seeded_generator(3, torch.device("cpu")))


def mixtures(palette, num_colors=400):
    """Colors within reach: mixtures in linear light, near corners, edges and inside."""
    weights = random(num_colors, len(palette)) ** 8
    weights /= weights.sum(dim=1, keepdim=True)
    return linear_to_srgb(weights @ srgb_to_linear(palette)).clamp(0, 1)


def lab(srgb):
    return srgb_to_lab(srgb, dim=1)


def opaque_mask(images):
    return torch.ones_like(images[:, :1], dtype=torch.bool)


@pytest.mark.parametrize("name", COLORED)
def test_what_a_palette_can_show_stays_as_it_is(name):
    palette = named_palette(name).srgb()
    within = torch.cat([palette, mixtures(palette)])
    assert torch.equal(Gamut.of(palette).clip(within), within)
    picture = within.T[None, :, None]
    assert torch.equal(clip_images(picture, palette), picture)


def test_flat_colors_beside_others_stay_as_they_are():
    palette = named_palette("pico-8").srgb()
    stripes = palette.repeat_interleave(2, dim=0)[None].expand(32, -1, -1)
    picture = torch.cat([stripes, random(32, 32, 3)], dim=1).movedim(-1, 0)[None]
    compressed = compress_images(picture[..., :32], opaque_mask(picture[..., :32]), palette)
    assert torch.equal(clip_images(picture, palette)[..., :32], picture[..., :32])
    assert (compressed - picture[..., :32]).abs().max() < 1e-4


@pytest.mark.parametrize("name", ["game-boy", "cga-5-low", "pico-8", "e-ink-4-measured"])
def test_the_border_is_crossed_without_a_step(name):
    palette = named_palette(name).srgb()
    gamut, within = Gamut.of(palette), mixtures(palette, 100)
    along = torch.linspace(0, 1, 2000)[:, None]
    for start, end in zip(within[:8], random(8, 3), strict=True):
        line = torch.lerp(start, end, along)
        last = int(gamut.holds(line).nonzero().max())
        assert last == 1999 or (gamut.clip(line[last : last + 2]).diff(dim=0).abs() < 4e-3).all()


@pytest.mark.parametrize("name", ["game-boy", "cga", "c64", "e-ink-3", "e-ink-4"])
def test_clipping_beats_every_mixture(name):
    palette = named_palette(name).srgb()
    colors, others = random(300, 3), lab(mixtures(palette, 4000))
    clipped, wanted = lab(Gamut.of(palette).clip(colors)), lab(colors)

    def distance(found):
        lightness = (found[..., 0] - wanted[:, None, 0]).abs()
        return lightness + 0.05 * (found[..., 1:] - wanted[:, None, 1:]).norm(dim=2)

    least = distance(others[None]).min(dim=1).values
    # Lightness comes strictly first here: a whole a* or b* never buys a twentieth of an L*.
    assert (distance(clipped[:, None])[:, 0] - least).max() < 0.1


@pytest.mark.parametrize("name", COLORED)
def test_clipped_colors_are_within_reach(name):
    palette = named_palette(name).srgb()
    clipped = srgb_to_linear(Gamut.of(palette).clip(random(500, 3)))
    directions = torch.nn.functional.normalize(random(2000, 3) - 0.5, dim=1)
    farthest = (srgb_to_linear(palette) @ directions.T).max(dim=0).values
    assert (clipped @ directions.T - farthest).max() < 2e-5


@pytest.mark.parametrize("palette", [torch.eye(3)[:2], torch.eye(3), torch.rand(256, 3)])
def test_flat_and_large_palettes(palette):
    clipped = Gamut.of(palette).clip(random(200, 3))
    assert clipped.isfinite().all()
    lightness = lab(palette)[:, 0]
    assert (lab(clipped)[:, 0] - lightness.max()).max() < 0.01
    assert (lightness.min() - lab(clipped)[:, 0]).max() < 0.01


def test_no_colors_are_clipped_to_none():
    assert Gamut.of(GAME_BOY).clip(torch.zeros(0, 3)).shape == (0, 3)


def test_a_smooth_ramp_stays_smooth():
    steps = torch.linspace(0, 1, 1024)
    ramp = torch.stack([steps, 0.7 * steps + 0.1, 1 - steps])[None, :, None]
    clipped = srgb_to_lab(clip_images(ramp, GAME_BOY), dim=1)
    assert clipped.diff(dim=3).square().sum(dim=1).sqrt().max() < 1.0


def test_pictures_are_clipped_nearly_as_their_colors_are():
    images = random(1, 3, 40, 50)
    clipped = clip_images(images, GAME_BOY)
    exact = Gamut.of(GAME_BOY).clip(images.movedim(1, -1).reshape(-1, 3))
    exact = exact.reshape(1, 40, 50, 3).movedim(-1, 1)
    assert float(mean_difference(clipped, exact, opaque_mask(images))) < 0.5
    assert clipped.dtype == torch.float32
    assert torch.equal(clipped, clip_images(images, GAME_BOY))


def test_the_whole_cube_is_within_reach_of_its_corners():
    images = random(2, 3, 9, 8)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    assert torch.allclose(clip_images(images, corners), images, atol=1e-5)


def test_gray_pictures_are_clamped():
    grays = torch.tensor([0.0, 0.3, 1.0]).reshape(1, 1, 1, 3)
    palette = torch.tensor([[0.25], [0.75]])
    assert clip_images(grays, palette).flatten().tolist() == pytest.approx([0.25, 0.3, 0.75])


def test_compression_fits_the_lightness_in_and_keeps_its_order():
    palette = torch.tensor([[0.25], [0.75]])
    ramp = torch.linspace(0, 1, 101).reshape(1, 1, 1, -1)
    fitted = compress_images(ramp, opaque_mask(ramp), palette)
    assert float(fitted.min()) == pytest.approx(0.25, abs=1e-3)
    assert float(fitted.max()) == pytest.approx(0.75, abs=1e-3)
    assert (fitted.diff(dim=3) > 0).sum() >= 98


def test_compression_only_moves_what_is_small_enough():
    palette = torch.tensor([[0.5], [1.0]])
    ramp = torch.linspace(0.2, 0.4, 50).reshape(1, 1, 1, -1)
    fitted = compress_images(ramp, opaque_mask(ramp), palette)
    before, after = (
        srgb_to_lab(each.expand(-1, 3, -1, -1), dim=1)[0, 0, 0, [1, -2]] for each in (ramp, fitted)
    )
    assert float(after[1] - after[0]) == pytest.approx(float(before[1] - before[0]), abs=1e-2)
    assert float(fitted.min()) == pytest.approx(0.5, abs=1e-2)
    within = torch.linspace(0.6, 0.9, 50).reshape(1, 1, 1, -1)
    assert torch.allclose(compress_images(within, opaque_mask(within), palette), within, atol=1e-4)


def test_compression_asks_opaque_pixels_only():
    images = torch.tensor([0.0, 0.6, 0.8, 1.0]).reshape(1, 1, 1, 4)
    opaque = torch.tensor([False, True, True, False]).reshape(1, 1, 1, 4)
    palette = torch.tensor([[0.5], [0.9]])
    fitted = compress_images(images, opaque, palette).flatten()
    assert fitted[1:3].tolist() == pytest.approx([0.6, 0.8], abs=1e-3)
    assert torch.equal(compress_images(images, torch.zeros_like(opaque), palette), images)


@pytest.mark.parametrize("name", ["game-boy", "c64", "gray-4"])
def test_the_distance_of_some_pixels_is_that_of_all(name):
    palette = named_palette(name).srgb()[:, : 1 if name == "gray-4" else 3]
    images = random(1, palette.shape[1], 90, 100)
    opaque = opaque_mask(images)
    of_all = float(mean_difference(images, clip_images(images, palette), opaque))
    assert mean_distance(images, opaque, palette) == pytest.approx(of_all, rel=0.04)
    assert mean_distance(images, torch.zeros_like(opaque), palette) == 0


def test_difference_is_delta_e_of_opaque_pixels():
    black_and_white = torch.tensor([0.0, 1.0]).reshape(1, 1, 1, 2)
    opaque = torch.tensor([False, True]).reshape(1, 1, 1, 2)
    inverted = 1 - black_and_white
    assert float(mean_difference(black_and_white, inverted, opaque)) == pytest.approx(100, abs=1e-2)
    assert float(mean_difference(inverted, black_and_white, torch.zeros_like(opaque))) == 0


def test_lab_is_that_of_scikit_image():
    color = pytest.importorskip("skimage.color")
    srgb = random(100, 3)
    expected = color.rgb2lab(srgb.numpy().astype(np.float64))
    assert np.abs(lab(srgb).numpy() - expected).max() < 0.1
