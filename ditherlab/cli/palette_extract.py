"""`ditherlab palette extract`: find a palette for a picture."""

from typing import TYPE_CHECKING

import click

from ditherlab.choices import PresetName
from ditherlab.cli.options import num_colors_option
from ditherlab.cli.palette_file import (
    PaletteDestination,
    format_option,
    output_option,
    overwrite_option,
)
from ditherlab.cli.palette_learn import deliver_learned, learn_palette
from ditherlab.cli.reading import read_source, reading_options
from ditherlab.errors import RequestError
from ditherlab.palette.extraction import (
    EXTRACTIONS,
    check_num_colors,
    extract_palette,
    few_colors,
)
from ditherlab.recipe.presets import PRESETS
from ditherlab.request.optimize_request import OptimizeRequest

if TYPE_CHECKING:
    from ditherlab.images import ReadingOptions

_LEARNED = "learned"
_DRAWING = ("k-means", _LEARNED)


@click.command(name="extract")
@click.argument("picture")
@num_colors_option
@click.option(
    "--method",
    type=click.Choice([*EXTRACTIONS, _LEARNED]),
    default=_LEARNED,
    show_default=True,
    help="The classical methods, or learned: optimized together with the dither, as by "
    "`optimize --colors`.",
)
@click.option("--seed", type=int, help="Random seed, for k-means and learned.  [default: 0]")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    help="Speed against quality for learned, as for `optimize`.  [default: balanced]",
)
@reading_options
@output_option
@format_option
@overwrite_option
def extract(
    *,
    picture: str,
    colors: int,
    method: str,
    seed: int | None,
    preset: PresetName | None,
    reading: "ReadingOptions",
    output: str,
    format_name: str | None,
    overwrite: bool,
) -> int:
    """Find a palette of K colors for PICTURE (- for standard input).

    If PICTURE has at most K colors, these are the palette.

    \b
    Example:
      ditherlab palette extract photo.jpg --colors 8 --method wu
      ditherlab palette extract photo.jpg --colors 8 --preset fast -o photo.gpl
    """
    if seed is not None and method not in _DRAWING:
        raise RequestError(f"`--seed` has no effect with `{method}`, which draws nothing.")
    if preset is not None and method != _LEARNED:
        raise RequestError(f"`--preset` has no effect with `{method}`: it is for `{_LEARNED}`.")
    check_num_colors(colors)
    destination = PaletteDestination(output, format_name, overwrite)
    destination.check()
    source = read_source(picture, reading)
    pixels = source.pixels[source.opaque]
    is_interrupted = False
    if method != _LEARNED:
        found = extract_palette(pixels, colors, method, seed=seed or 0, name=source.name)
    elif (few := few_colors(pixels, colors, name=source.name)) is not None:
        found = few
    else:
        request = OptimizeRequest(colors=colors, preset=preset or "balanced", seed=seed or 0)
        found, is_interrupted = learn_palette(request, [source])
    return deliver_learned(found, destination, is_interrupted=is_interrupted)
