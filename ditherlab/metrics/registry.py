"""The reported metrics: for each, the blur, the color space, and which direction is better."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from itertools import groupby
from operator import add
from typing import Any, Literal

import torch
from torch import Tensor

from ditherlab.devices import one_thread
from ditherlab.errors import RequestError
from ditherlab.kernels import kernels_for
from ditherlab.kernels.measures import filter_mirrored
from ditherlab.metrics.by_torchmetrics import measure_whole
from ditherlab.metrics.similarity import WINDOW_MARGIN_PX, SimilaritySum, compare_rows
from ditherlab.types import Images, Mask
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear
from ditherlab.vision.filtering import filter_reflected, gaussian_taps
from ditherlab.vision.image_metrics import find_image_metric, parse_metrics

_BLUR_TAPS = gaussian_taps(1.5, truncate=4.0)

# Rows around a band that its blurred windows reach.
_HALO_PX = len(_BLUR_TAPS) // 2 + WINDOW_MARGIN_PX

# The pixels that are measured at once.
_BAND_PX = 1 << 17

MOST_THREADS = 8
"""Threads that measure bands at most: each of them takes some 50 MB."""

Rows = Callable[[slice], Images]
"""Returns some rows of a picture, display sRGB in [0, 1]."""


@dataclass(frozen=True)
class Metric:
    """A metric that is reported for a picture.

    Attributes:
        name: Short name.
        meaning: Description in one line: the measure, the blur and the color space.
        measure: Structural similarity or peak signal-to-noise ratio.
        blur: Applied to both pictures before they are compared.
        unit: `dB`, or empty for a plain number.
        is_higher_better: True if larger values are better.
    """

    name: str
    meaning: str
    measure: Literal["ssim", "psnr"]
    blur: Callable[[Images], Images]
    unit: str = ""
    is_higher_better: bool = True


def _sharp(images: Images) -> Images:
    return images


def _blur_srgb(images: Images) -> Images:
    library = kernels_for(images.device)
    if library is None or images.dtype != torch.float32:
        return filter_reflected(images, _BLUR_TAPS)
    return filter_mirrored(library, images, _BLUR_TAPS)


def _blur_linear(images: Images) -> Images:
    return linear_to_srgb(_blur_srgb(srgb_to_linear(images)))


METRICS: tuple[Metric, ...] = (
    Metric("raw", "SSIM of sRGB values", "ssim", _sharp),
    Metric("vs", "SSIM after a 1.5 px blur of sRGB values", "ssim", _blur_srgb),
    Metric("vp", "PSNR after a 1.5 px blur of sRGB values", "psnr", _blur_srgb, unit="dB"),
    Metric("ls", "SSIM after a 1.5 px blur in linear light", "ssim", _blur_linear),
    Metric("lp", "PSNR after a 1.5 px blur in linear light", "psnr", _blur_linear, unit="dB"),
)


_BLURS: Mapping[Callable[[Images], Images], Sequence[Metric]] = {
    blur: list(metrics) for blur, metrics in groupby(METRICS, key=lambda metric: metric.blur)
}


def measure(
    reference: Images,
    picture: Images,
    opaque: Mask | None = None,
    *,
    metrics: str | Iterable[str] = (),
) -> Mapping[str, float | None]:
    """Compare a picture with its reference in every reported metric.

    Args:
        reference: Display sRGB in [0, 1], one picture `[1 c h w]`.
        picture: The picture, of the same shape.
        opaque: Pixels that count; all by default. Other pixels are replaced by the reference.
        metrics: Names of further metrics, which torchmetrics computes: of `IMAGE_METRICS`, or of
            classes in `torchmetrics.image`. A text is read as `--metrics` is: `uqi,vif`, or `all`.

    Returns:
        A value for each name in `METRICS` and for each further metric; None where the picture is
        too small for the window, has too few channels, or the value is not finite.

    Raises:
        RequestError: For an unknown name, or pictures that are no such tensors.

    Example:
        >>> gray = torch.full((1, 3, 16, 16), 0.5)
        >>> {name: round(value, 1) for name, value in measure(gray, gray).items()}
        {'raw': 1.0, 'vs': 1.0, 'vp': 100.0, 'ls': 1.0, 'lp': 100.0}
    """
    _check_pictures(reference, picture)
    counts = torch.ones_like(reference[:, :1], dtype=torch.bool) if opaque is None else opaque
    further = (
        parse_metrics(metrics)
        if isinstance(metrics, str)
        else [find_image_metric(name) for name in metrics]
    )
    first, *others = [lambda rows: reference[..., rows, :], lambda rows: picture[..., rows, :]]
    own = measure_all(first, others, counts)[0]
    return {**own, **measure_whole(further, first, others, counts)[0]}


def _check_pictures(reference: Any, picture: Any) -> None:
    for name, value in (("reference", reference), ("picture", picture)):
        is_tensor = isinstance(value, Tensor)
        if not is_tensor or value.dim() != 4 or len(value) != 1 or not value.is_floating_point():
            got = f"one of shape {list(value.shape)}" if is_tensor else type(value).__name__
            raise RequestError(
                f"`measure({name}=...)` must be a tensor of floats [1 c h w], got {got}. Make it "
                "by `ditherlab.read_picture(path).to_srgb()`."
            )
    if reference.shape != picture.shape:
        raise RequestError(
            f"Both pictures must have one shape, got {list(reference.shape)} and "
            f"{list(picture.shape)}. Resize one: `Picture.resize(width=..., height=...)`."
        )


def measure_all(
    reference: Rows, pictures: Sequence[Rows], opaque: Mask
) -> list[Mapping[str, float | None]]:
    """Compare several pictures with one reference, band by band.

    Args:
        reference: Rows of the reference.
        pictures: Rows of each picture.
        opaque: Pixels that count, of the shape of the pictures. Other pixels are replaced by the
            reference.

    Returns:
        The result of `measure` for each picture.
    """
    height, width = opaque.shape[-2:]
    step = max(1, _BAND_PX // width)
    bands = [range(top, min(top + step, height)) for top in range(0, height, step)]
    # Bands are summed in their order, whichever thread measured them.
    measure_band = partial(_measure_band, reference, pictures, opaque)
    with one_thread() as num_threads:
        if num_threads == 1:
            measured = [measure_band(rows) for rows in bands]
        else:
            with ThreadPoolExecutor(min(num_threads, MOST_THREADS)) as pool:
                measured = list(pool.map(measure_band, bands))
    totals = [
        [reduce(add, parts) for parts in zip(*sums, strict=True)]
        for sums in zip(*measured, strict=True)
    ]
    return [
        {
            metric.name: getattr(sums[place], metric.measure)
            for place, metrics in enumerate(_BLURS.values())
            for metric in metrics
        }
        for sums in totals
    ]


def _measure_band(
    reference: Rows, pictures: Sequence[Rows], opaque: Mask, rows: range
) -> list[list[SimilaritySum]]:
    """Return the sums of some rows for each picture and blur."""
    height = opaque.shape[-2]
    band = slice(max(0, rows.start - _HALO_PX), min(height, rows.stop + _HALO_PX))
    inner = range(rows.start - band.start, rows.stop - band.start)
    source, counts = reference(band), opaque[..., band, :]
    shown = [torch.where(counts, picture(band), source) for picture in pictures]
    sums: list[list[SimilaritySum]] = [[] for _ in pictures]
    for blur in _BLURS:
        blurred = blur(source)
        for number, picture in enumerate(shown):
            sums[number].append(compare_rows(blurred, blur(picture), counts, inner))
    return sums
