"""Our formulas against those of well-kept libraries."""

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from coloraide import Color
from scipy import ndimage
from skimage import data
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

from ditherlab.metrics import measure
from ditherlab.metrics.similarity import compare
from ditherlab.objectives import SSIM, parse_objective
from ditherlab.protocol import Target
from ditherlab.vision.color import linear_to_srgb, luminance, srgb_to_linear, srgb_to_oklab
from ditherlab.vision.filtering import filter_reflected, filter_valid, gaussian_taps
from ditherlab.vision.structural_similarity import structural_similarity as similarity_windows

with warnings.catch_warnings():
    # It warns of plots that could not be drawn without matplotlib.
    warnings.simplefilter("ignore")
    import colour


@pytest.fixture
def pair():
    """A crop of a photo and a posterized copy, float64."""
    crop = torch.from_numpy(data.astronaut()[60:124, 180:256].copy()).permute(2, 0, 1) / 255.0
    original = crop.double().unsqueeze(0)
    return original, (original * 4).round() / 4


@pytest.fixture
def colors():
    return torch.rand((50, 3), generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def skimage_ssim(first, second):
    return structural_similarity(
        first[0].numpy(),
        second[0].numpy(),
        channel_axis=0,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )


def test_srgb_decoding_is_that_of_colour_science(colors):
    expected = colour.models.eotf_sRGB(colors.numpy())
    np.testing.assert_allclose(srgb_to_linear(colors).numpy(), expected, atol=1e-6)


def test_srgb_encoding_is_that_of_colour_science(colors):
    expected = colour.models.eotf_inverse_sRGB(colors.numpy())
    np.testing.assert_allclose(linear_to_srgb(colors).numpy(), expected, atol=1e-6)


def test_oklab_is_that_of_coloraide(colors):
    expected = [Color("srgb", row).convert("oklab").coords() for row in colors.tolist()]
    np.testing.assert_allclose(srgb_to_oklab(colors, dim=1).numpy(), expected, atol=1e-6)


def test_luminance_is_that_of_coloraide(colors):
    expected = [Color("srgb", row).luminance() for row in colors.tolist()]
    found = luminance(srgb_to_linear(colors), dim=1)[:, 0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_the_ssim_of_each_window_is_that_of_skimage_and_torchmetrics(pair):
    original, other = pair
    found = similarity_windows(original, other, gaussian_taps(1.5))
    inside = (..., slice(5, -5), slice(5, -5))
    _, by_torchmetrics = structural_similarity_index_measure(
        other, original, data_range=1.0, return_full_image=True
    )
    torch.testing.assert_close(found, by_torchmetrics[inside], rtol=0, atol=1e-9)
    _, by_skimage = structural_similarity(
        original[0].numpy(),
        other[0].numpy(),
        channel_axis=0,
        full=True,
        data_range=1.0,
        gaussian_weights=True,
        use_sample_covariance=False,
    )
    np.testing.assert_allclose(found[0].numpy(), by_skimage[inside], rtol=0, atol=1e-9)


def test_the_ssim_objective_is_that_of_skimage(pair):
    original, other = pair
    opaque = torch.ones_like(original[:, :1], dtype=torch.bool)
    cost = SSIM().bind(Target(original, opaque)).cost(other.unsqueeze(0))
    # scikit-image leaves out 5 pixels at each side, as does our valid area.
    assert 1 - cost.item() == pytest.approx(skimage_ssim(original, other), abs=1e-9)


def test_the_ssim_objective_is_that_of_torchmetrics(pair):
    original, other = pair
    opaque = torch.ones_like(original[:, :1], dtype=torch.bool)
    cost = SSIM(sigma=2.5).bind(Target(original, opaque)).cost(other.unsqueeze(0))
    _, full = structural_similarity_index_measure(
        other, original, sigma=2.5, data_range=1.0, return_full_image=True
    )
    valid = full[..., 9:-9, 9:-9]  # windows of 19 pixels that lie inside
    assert 1 - cost.item() == pytest.approx(valid.mean().item(), abs=1e-9)


def test_the_ssim_metric_is_that_of_skimage(pair):
    original, other = pair
    opaque = torch.ones_like(original[:, :1], dtype=torch.bool)
    assert compare(original, other, opaque).ssim == pytest.approx(
        skimage_ssim(original, other), abs=1e-6
    )


def test_the_viewed_ssim_objective_is_skimage_behind_a_blur_in_linear_light(pair):
    original, other = pair

    def see(images):
        taps = gaussian_taps(1.2)
        blurred = ndimage.gaussian_filter(
            srgb_to_linear(images).numpy(), (0, 0, 1.2, 1.2), radius=(0, 0, *[len(taps) // 2] * 2)
        )
        return linear_to_srgb(torch.from_numpy(blurred))

    target = Target(original, torch.ones_like(original[:, :1], dtype=torch.bool))
    cost = parse_objective("viewed-ssim(blur_px=1.2)").bind(target).cost(other.unsqueeze(0))
    expected = skimage_ssim(see(original), see(other))
    assert 1 - cost.item() == pytest.approx(expected, abs=1e-9)


def test_windows_weigh_with_the_power_of_their_contrast_in_skimage(pair):
    original, other = (images[0].permute(1, 2, 0).numpy() for images in pair)
    settings = {"gaussian_weights": True, "use_sample_covariance": False, "data_range": 1.0}
    _, full = structural_similarity(original, other, channel_axis=2, full=True, **settings)
    blur = partial(ndimage.gaussian_filter, sigma=(1.5, 1.5, 0), radius=(5, 5, 0))
    variance = blur(original**2) - blur(original) ** 2
    inside = (slice(5, -5), slice(5, -5))
    weights = (np.sqrt(variance).mean(axis=2) + 0.02)[inside] ** 1.5
    expected = np.average(full[inside].mean(axis=2), weights=weights)
    target = Target(pair[0], torch.ones_like(pair[0][:, :1], dtype=torch.bool))
    objective = parse_objective("viewed-ssim(blur_px=0, contrast=1.5)")
    # The eye, be it sharp, encodes what it sees: to 1e-7.
    cost = objective.bind(target).cost(pair[1].unsqueeze(0))
    assert 1 - cost.item() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("sigma", [0.7, 1.5, 4.0])
@pytest.mark.parametrize("shape", [(3, 40, 31), (1, 5, 2), (2, 1, 1)])
def test_the_reflected_filter_is_that_of_scipy(sigma, shape):
    images = torch.rand(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    radius = len(gaussian_taps(sigma)) // 2
    expected = ndimage.gaussian_filter(
        images.numpy(), (0, sigma, sigma), mode="reflect", radius=(0, radius, radius)
    )
    found = filter_reflected(images, gaussian_taps(sigma))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


def test_the_valid_filter_is_a_convolution():
    images = torch.rand((2, 3, 20, 17), generator=torch.Generator().manual_seed(2)).double()
    taps = torch.tensor(gaussian_taps(1.0), dtype=torch.float64)
    kernel = (taps[:, None] * taps).expand(3, 1, -1, -1)
    expected = torch.nn.functional.conv2d(images, kernel, groups=3)
    torch.testing.assert_close(filter_valid(images, gaussian_taps(1.0)), expected)


def test_psnr_after_the_blur_in_srgb_is_that_of_scipy(pair):
    original, other = pair
    first, second = (
        ndimage.gaussian_filter(images.numpy(), (0, 0, 1.5, 1.5), mode="reflect")
        for images in (original, other)
    )
    expected = -10 * np.log10(np.mean((first - second) ** 2))
    assert measure(original, other)["vp"] == pytest.approx(expected, abs=1e-3)
