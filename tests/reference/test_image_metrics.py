"""The metrics that torchmetrics computes, against torchmetrics' own classes."""

import math
import warnings

import pytest
import torch
import torchmetrics.image
from skimage import data

from ditherlab.metrics import METRICS, measure
from ditherlab.vision.color import srgb_to_gray
from ditherlab.vision.image_metrics import (
    ALWAYS_REPORTED,
    IMAGE_METRICS,
    ImageMetric,
    parse_metrics,
)

# The class says that higher is better, and yet equal pictures have the least value.
WRONG_DIRECTIONS = {"d-lambda"}

UNLISTED = {
    "DeepImageStructureAndTextureSimilarity",
    "MemorizationInformedFrechetInceptionDistance",
    "QualityWithNoReference",
    "SpatialDistortionIndex",
    # Exported where other packages are installed.
    "FrechetInceptionDistance",
    "InceptionScore",
    "KernelInceptionDistance",
    "LearnedPerceptualImagePatchSimilarity",
    "PerceptualPathLength",
}


@pytest.fixture(scope="module")
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    """A crop of a photo without black pixels, and a posterized copy."""
    crop = torch.from_numpy(data.astronaut()[40:216, 120:304].copy()).permute(2, 0, 1) / 255
    original = crop.unsqueeze(0) * 0.9 + 0.05
    return original, (original * 4 + 0.5).floor() / 5 + 0.02


def by_class(metric: ImageMetric, reference: torch.Tensor, picture: torch.Tensor) -> float:
    with warnings.catch_warnings():
        # Some classes warn of the memory that their buffers may take.
        warnings.simplefilter("ignore")
        measured = getattr(torchmetrics.image, metric.class_name)(**metric.arguments)
    pictures = (picture, reference) if metric.has_reference else (picture,)
    return float(measured(*(metric.scale * images for images in pictures)))


@pytest.mark.parametrize("metric", IMAGE_METRICS.values(), ids=list(IMAGE_METRICS))
def test_a_value_is_that_of_the_class(metric: ImageMetric, pair: tuple[torch.Tensor, ...]) -> None:
    original, other = pair
    found = measure(original, other, metrics=[metric.class_name])[metric.name]
    if metric.channels == "gray":
        original, other = (srgb_to_gray(images, dim=1) for images in pair)
    assert found == pytest.approx(by_class(metric, original, other), rel=1e-6)
    assert set(measure(original, other, metrics=[])) == set(ALWAYS_REPORTED)


@pytest.mark.parametrize("name", sorted(set(IMAGE_METRICS) - {"sam", "d-lambda"}))
def test_a_value_of_grays_is_that_of_the_class(name: str, pair: tuple[torch.Tensor, ...]) -> None:
    original, other = (srgb_to_gray(images, dim=1) for images in pair)
    found = measure(original, other, metrics=[name])[name]
    assert found == pytest.approx(by_class(IMAGE_METRICS[name], original, other), rel=1e-6)


@pytest.mark.parametrize("metric", IMAGE_METRICS.values(), ids=list(IMAGE_METRICS))
def test_the_better_direction_is_that_of_the_class(
    metric: ImageMetric, pair: tuple[torch.Tensor, ...]
) -> None:
    stated = getattr(torchmetrics.image, metric.class_name).higher_is_better
    assert (stated == metric.is_higher_better) == (metric.name not in WRONG_DIRECTIONS)
    if metric.has_reference:
        original, other = pair
        near = original + (other - original) / 8
        far_value, near_value = (
            measure(original, picture, metrics=[metric.name])[metric.name]
            for picture in (other, near)
        )
        assert far_value is not None
        assert near_value is not None
        assert (near_value > far_value) == metric.is_higher_better


@pytest.mark.parametrize("metric", IMAGE_METRICS.values(), ids=list(IMAGE_METRICS))
def test_the_smallest_picture_is_that_of_torchmetrics(
    metric: ImageMetric, pair: tuple[torch.Tensor, ...]
) -> None:
    least = metric.min_size_px
    for turn in (False, True):
        part = [(images.mT if turn else images)[..., :least, :] for images in pair]
        assert measure(*part, metrics=[metric.name])[metric.name] is not None
        if least == 1:
            continue
        below = [images[..., : least - 1, :] for images in part]
        assert measure(*below, metrics=[metric.name])[metric.name] is None
        if metric.channels == "gray":
            below = [srgb_to_gray(images, dim=1) for images in below]
        try:
            value = by_class(metric, *below)
        # The classes raise errors of several kinds.
        except Exception:
            continue
        assert math.isnan(value)


def test_every_metric_of_two_pictures_is_in_the_table() -> None:
    listed = {metric.class_name for metric in IMAGE_METRICS.values()}
    assert set(torchmetrics.image.__all__) - listed <= UNLISTED
    assert listed <= set(torchmetrics.image.__all__)
    assert tuple(metric.name for metric in METRICS) == ALWAYS_REPORTED
    assert parse_metrics("all") == tuple(IMAGE_METRICS.values())


def test_transparent_pixels_are_those_of_the_reference(pair: tuple[torch.Tensor, ...]) -> None:
    original, other = pair
    opaque = torch.ones_like(original[:, :1], dtype=torch.bool)
    opaque[..., :60] = False
    filled = torch.where(opaque, other, original)
    found = measure(original, other, opaque, metrics=["uqi", "tv"])
    expected = {name: by_class(IMAGE_METRICS[name], original, filled) for name in ("uqi", "tv")}
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_black_counts_as_gray_for_the_angle_between_colors(pair: tuple[torch.Tensor, ...]) -> None:
    original, other = (images[..., :40, :].clone() for images in pair)
    other[..., :20, :] = 0
    assert math.isnan(by_class(IMAGE_METRICS["sam"], original, other))
    found = measure(original, other, metrics=["sam"])["sam"]
    other[..., :20, :] = 0.5
    assert found == pytest.approx(by_class(IMAGE_METRICS["sam"], original, other), rel=1e-5)


def test_a_value_that_is_not_finite_is_none(pair: tuple[torch.Tensor, ...]) -> None:
    black = torch.zeros_like(pair[0])
    assert measure(black, pair[1], metrics=["ergas"])["ergas"] is None


def test_the_noise_ratio_of_equal_pictures_is_no_infinity(pair: tuple[torch.Tensor, ...]) -> None:
    found = measure(pair[0], pair[0], metrics=["psnr", "psnrb"])
    assert (found["psnr"], found["psnrb"]) == (100, 100)
