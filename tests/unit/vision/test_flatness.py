"""Flat areas and line art are found, and gradients and grain are not."""

import torch

from ditherlab.vision.flatness import flat_pixels

SIZE = 48


def page() -> torch.Tensor:
    """A page with a filled box, a line, and a letter with smoothed edges."""
    images = torch.ones((1, 3, SIZE, SIZE))
    images[..., 8:20, 8:24] = 0.2
    images[..., 30, 5:40] = 0.0
    images[..., 36:44, 10] = 0.6
    images[..., 36:44, 11] = 0.1
    return images


def test_a_page_is_flat_but_for_smoothed_edges() -> None:
    flat = flat_pixels(page())[0, 0]
    assert flat[8:20, 8:24].all()
    assert flat[30, 6:39].all()
    assert flat[:8].all()
    assert flat.float().mean() > 0.95


def test_bands_of_a_gradient_are_not_flat() -> None:
    for width_px in (1, 4, 12):
        levels = (torch.arange(SIZE) // width_px + 20) / 255
        assert not flat_pixels(levels.expand(1, 3, SIZE, SIZE)).any()


def test_grain_is_not_flat() -> None:
    noise = torch.randint(0, 3, (1, 3, SIZE, SIZE), generator=torch.Generator().manual_seed(0))
    assert not flat_pixels(0.5 + noise / 255).any()


def test_each_picture_is_judged_alone() -> None:
    images = torch.cat([page(), torch.linspace(0, 1, SIZE).expand(1, 3, SIZE, SIZE)])
    assert torch.equal(flat_pixels(images)[:1], flat_pixels(page()))
    assert not flat_pixels(images)[1].any()
