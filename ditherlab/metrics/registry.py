"""The reported metrics: for each, the blur, the color space, and which direction is better."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from ditherlab.metrics.similarity import psnr, ssim
from ditherlab.types import Images, Mask
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear
from ditherlab.vision.filtering import filter_reflected, gaussian_taps

_BLUR_PX = 1.5


@dataclass(frozen=True)
class Metric:
    """A metric that is reported for a picture.

    Attributes:
        name: Short name.
        meaning: Description in one line: the measure, the blur and the color space.
        unit: `dB`, or empty for a plain number.
        is_higher_better: True if larger values are better.
    """

    name: str
    meaning: str
    compare: Callable[[Images, Images, Mask], float | None]
    blur: Callable[[Images], Images]
    unit: str = ""
    is_higher_better: bool = True


def _sharp(images: Images) -> Images:
    return images


def _blur_srgb(images: Images) -> Images:
    return filter_reflected(images, gaussian_taps(_BLUR_PX, truncate=4.0))


def _blur_linear(images: Images) -> Images:
    blurred = filter_reflected(srgb_to_linear(images), gaussian_taps(_BLUR_PX, truncate=4.0))
    return linear_to_srgb(blurred)


METRICS: tuple[Metric, ...] = (
    Metric("raw", "SSIM of sRGB values", ssim, _sharp),
    Metric("vs", "SSIM after a 1.5 px blur of sRGB values", ssim, _blur_srgb),
    Metric("vp", "PSNR after a 1.5 px blur of sRGB values", psnr, _blur_srgb, unit="dB"),
    Metric("ls", "SSIM after a 1.5 px blur in linear light", ssim, _blur_linear),
    Metric("lp", "PSNR after a 1.5 px blur in linear light", psnr, _blur_linear, unit="dB"),
)


def measure(
    reference: Images, picture: Images, opaque: Mask | None = None
) -> Mapping[str, float | None]:
    """Compare a picture with its reference in every reported metric.

    Args:
        reference: Display sRGB in [0, 1], one picture.
        picture: The picture, of the same shape.
        opaque: Pixels that count; all by default. Other pixels are replaced by the reference.

    Returns:
        A value for each name in `METRICS`; None where the picture is too small for the window.

    Example:
        >>> gray = torch.full((1, 3, 16, 16), 0.5)
        >>> {name: round(value, 1) for name, value in measure(gray, gray).items()}
        {'raw': 1.0, 'vs': 1.0, 'vp': 100.0, 'ls': 1.0, 'lp': 100.0}
    """
    return measure_all(reference, [picture], opaque)[0]


def measure_all(
    reference: Images, pictures: Sequence[Images], opaque: Mask | None = None
) -> list[Mapping[str, float | None]]:
    """Compare several pictures with one reference, which is blurred only once.

    Args:
        reference: Display sRGB in [0, 1], one picture.
        pictures: Pictures of the same shape.
        opaque: Pixels that count; all by default. Other pixels are replaced by the reference.

    Returns:
        The result of `measure` for each picture.
    """
    counts = torch.ones_like(reference[:, :1], dtype=torch.bool) if opaque is None else opaque
    figures: list[dict[str, float | None]] = [{} for _ in pictures]
    for blur, metrics in groupby(METRICS, key=lambda metric: metric.blur):
        seen = list(metrics)
        blurred = blur(reference)
        for picture, measured in zip(pictures, figures, strict=True):
            shown = blur(torch.where(counts, picture, reference))
            measured.update({m.name: m.compare(blurred, shown, counts) for m in seen})
    return list(figures)
