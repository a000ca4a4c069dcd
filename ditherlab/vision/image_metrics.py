"""The image metrics of torchmetrics by their short names; importing them loads no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ditherlab.errors import RequestError
from ditherlab.naming import nearest_name

if TYPE_CHECKING:
    from ditherlab.types import Images

ALWAYS_REPORTED = ("raw", "vs", "vp", "ls", "lp")
"""The names of our own metrics."""

ALL = "all"

_UNIT_RANGE: Mapping[str, Any] = {"data_range": 1.0}

# Metrics of torchmetrics that are not in the table, and what they need.
_NEEDS = {
    **dict.fromkeys(("arniqa", "dists", "lpips"), "a network that is downloaded"),
    **dict.fromkeys(
        ("fid", "inception-score", "kid", "mifid", "perceptual-path-length"),
        "a network that is downloaded, and many pictures",
    ),
    **dict.fromkeys(("d-s", "qnr"), "a panchromatic picture"),
}


@dataclass(frozen=True)
class ImageMetric:
    """A metric of torchmetrics that compares a picture with its reference.

    Attributes:
        name: Short name, as the literature has it.
        class_name: The class in `torchmetrics.image`.
        function: The function in `torchmetrics.functional.image`.
        is_higher_better: True if larger values are better.
        num_planes: The memory that it takes at its peak, in numbers for each pixel.
        min_size_px: The smallest height and width of a picture.
        unit: `dB`, or empty for a plain number.
        arguments: Arguments without a default.
        scale: The factor from display sRGB in [0, 1] to the values that it takes.
        darkest: The least value that it takes, in display sRGB; less is raised to it.
        channels: `gray` if it takes the luminance only, `color` if it compares channels with one
            another.
        has_reference: False if it looks at the picture alone.
    """

    name: str
    class_name: str
    function: str
    is_higher_better: bool
    num_planes: int
    min_size_px: int = 1
    unit: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    scale: float = 1.0
    darkest: float = 0.0
    channels: Literal["any", "gray", "color"] = "any"
    has_reference: bool = True

    def num_bytes(self, width: int, height: int) -> int:
        """Return about the memory that a measurement takes, the two pictures included."""
        return 4 * (self.num_planes + _PICTURE_PLANES) * width * height

    def adapt(self, images: "Images") -> "Images":
        """Return pictures in display sRGB in the values and channels that the metric takes."""
        if self.channels == "gray" and images.shape[1] > 1:
            from ditherlab.vision.color import srgb_to_gray

            images = srgb_to_gray(images, dim=1)
        if self.darkest:
            images = images.clamp_min(self.darkest)
        return images if self.scale == 1 else images * self.scale

    def why_not(self, width: int, height: int, *, is_gray: bool) -> str:
        """Return why a picture has no value, as a sentence; empty if it has one.

        Args:
            width: Of the picture.
            height: Of the picture.
            is_gray: Whether only luminance counts.
        """
        least = self.min_size_px
        if min(width, height) < least:
            return (
                f"`{self.name}` needs a picture of at least {least} x {least} pixels, got "
                f"{width} x {height}."
            )
        if is_gray and self.channels == "color":
            return f"`{self.name}` compares colors, and in gray only the luminance counts."
        return ""


# Of the source and the result, and of the opaque pixels.
_PICTURE_PLANES = 10

IMAGE_METRICS: Mapping[str, ImageMetric] = {
    metric.name: metric
    for metric in (
        ImageMetric(
            "ssim",
            "StructuralSimilarityIndexMeasure",
            "structural_similarity_index_measure",
            is_higher_better=True,
            num_planes=190,
            min_size_px=6,
            arguments=_UNIT_RANGE,
        ),
        ImageMetric(
            "ms-ssim",
            "MultiScaleStructuralSimilarityIndexMeasure",
            "multiscale_structural_similarity_index_measure",
            is_higher_better=True,
            num_planes=190,
            min_size_px=176,
            arguments=_UNIT_RANGE,
        ),
        ImageMetric(
            "psnr",
            "PeakSignalNoiseRatio",
            "peak_signal_noise_ratio",
            is_higher_better=True,
            num_planes=6,
            unit="dB",
            arguments=_UNIT_RANGE,
        ),
        ImageMetric(
            "psnrb",
            "PeakSignalNoiseRatioWithBlockedEffect",
            "peak_signal_noise_ratio_with_blocked_effect",
            is_higher_better=True,
            num_planes=10,
            min_size_px=9,
            unit="dB",
            arguments=_UNIT_RANGE,
            channels="gray",
        ),
        ImageMetric(
            "uqi",
            "UniversalImageQualityIndex",
            "universal_image_quality_index",
            is_higher_better=True,
            num_planes=190,
            min_size_px=11,
        ),
        ImageMetric(
            "vif",
            "VisualInformationFidelity",
            "visual_information_fidelity",
            is_higher_better=True,
            num_planes=48,
            min_size_px=41,
            scale=255.0,
        ),
        ImageMetric(
            "scc",
            "SpatialCorrelationCoefficient",
            "spatial_correlation_coefficient",
            is_higher_better=True,
            num_planes=33,
            min_size_px=8,
        ),
        ImageMetric(
            "ergas",
            "ErrorRelativeGlobalDimensionlessSynthesis",
            "error_relative_global_dimensionless_synthesis",
            is_higher_better=False,
            num_planes=6,
        ),
        ImageMetric(
            "rase",
            "RelativeAverageSpectralError",
            "relative_average_spectral_error",
            is_higher_better=False,
            num_planes=33,
            min_size_px=9,
        ),
        ImageMetric(
            "rmse-sw",
            "RootMeanSquaredErrorUsingSlidingWindow",
            "root_mean_squared_error_using_sliding_window",
            is_higher_better=False,
            num_planes=26,
            min_size_px=9,
        ),
        ImageMetric(
            "sam",
            "SpectralAngleMapper",
            "spectral_angle_mapper",
            is_higher_better=False,
            num_planes=9,
            # Black has no angle; it counts as gray.
            darkest=1e-12,
            channels="color",
        ),
        # The class says that higher is better, but equal pictures have the least value, 0.
        ImageMetric(
            "d-lambda",
            "SpectralDistortionIndex",
            "spectral_distortion_index",
            is_higher_better=False,
            num_planes=190,
            min_size_px=11,
            channels="color",
        ),
        ImageMetric(
            "tv",
            "TotalVariation",
            "total_variation",
            is_higher_better=False,
            num_planes=9,
            has_reference=False,
        ),
    )
}


def find_image_metric(name: str) -> ImageMetric:
    """Return a metric by its short name, or by the name of its class in torchmetrics.

    Raises:
        RequestError: If there is none; the message suggests one, or lists all.
    """
    words = name.strip()
    for metric in IMAGE_METRICS.values():
        if words in (metric.name, metric.class_name) or words.lower().replace("_", "-") == (
            metric.name
        ):
            return metric
    if words.lower() in _NEEDS:
        names = ", ".join(sorted(IMAGE_METRICS))
        raise RequestError(
            "A metric must need no more than a picture and its reference, got "
            f"`{words}`, which needs {_NEEDS[words.lower()]}. There are: {names}."
        )
    raise RequestError(f"Unknown metric `{words}`. {nearest_name(words, IMAGE_METRICS)}")


def parse_metrics(text: str) -> tuple[ImageMetric, ...]:
    """Parse names that are separated by commas, or `all`; our own metrics are left out.

    Raises:
        RequestError: For an unknown name.

    Example:
        >>> [metric.name for metric in parse_metrics("ms-ssim, raw,uqi,ms-ssim")]
        ['ms-ssim', 'uqi']
    """
    names = [name.strip() for name in text.split(",")]
    if names == [ALL]:
        return tuple(IMAGE_METRICS.values())
    found = [find_image_metric(name) for name in names if name.lower() not in ALWAYS_REPORTED]
    return tuple({metric.name: metric for metric in found}.values())
