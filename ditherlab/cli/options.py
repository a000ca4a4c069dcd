"""Options shared by several commands."""

import click

from ditherlab.recipe.presets import PRESETS
from ditherlab.vision.image_metrics import IMAGE_METRICS, ImageMetric, parse_metrics


def _read_metrics(
    _context: click.Context, _option: click.Parameter, names: str | None
) -> tuple[ImageMetric, ...]:
    """Parse the names of `--metrics`, before anything is computed."""
    if names is None:
        return ()
    from ditherlab.vision.packaged_metrics import require_package

    require_package("torchmetrics", "--metrics")
    return parse_metrics(names)


quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print only errors.")

device_option = click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Device to compute on: auto, cpu, cuda or mps.",
)

metrics_option = click.option(
    "--metrics",
    metavar="NAMES",
    callback=_read_metrics,
    help="Further metrics to report, computed by torchmetrics: "
    f"{', '.join(IMAGE_METRICS)}, or all of them by all.",
)

# For commands that find a palette.
num_colors_option = click.option(
    "--colors",
    type=int,
    default=16,
    show_default=True,
    metavar="K",
    help="Number of colors, from 2 to 256.",
)
lock_option = click.option(
    "--lock",
    metavar="PALETTE",
    help="Fixed colors that count among the K of --colors and come first: '#000,#fff', a name or a "
    "file.",
)
gamut_option = click.option(
    "--gamut",
    metavar="GAMUT",
    help="The colors that the hardware can show, to which the K --colors are limited: rgb332, "
    "rgb444, rgb555, rgb565, bits=N (a channel), or the colors of a PALETTE.",
)

# Options of `optimize`, where their help is longer.
distance_option = click.option(
    "--pixels-per-degree",
    type=float,
    metavar="N",
    help="Viewing distance, as for `optimize`.  [default: a compromise]",
)
preset_option = click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="balanced",
    show_default=True,
    help="Speed against quality, as for `optimize`.",
)
