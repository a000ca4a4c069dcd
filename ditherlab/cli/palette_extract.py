"""`ditherlab palette extract`: a palette out of a picture."""

from typing import TYPE_CHECKING

import click

from ditherlab.choices import PresetName
from ditherlab.cli.palette_file import (
    PaletteDestination,
    format_option,
    output_option,
    overwrite_option,
)
from ditherlab.cli.progress import Interruption, ProgressBar
from ditherlab.cli.streams import read_source
from ditherlab.errors import ObjectiveError, RequestError
from ditherlab.palette import Palette
from ditherlab.palette.extraction import (
    EXTRACTIONS,
    check_num_colors,
    extract_palette,
    few_colors,
)
from ditherlab.presets import PRESETS
from ditherlab.request import OptimizeRequest

if TYPE_CHECKING:
    from ditherlab.images import Picture

_LEARNED = "learned"
_DRAWING = ("k-means", _LEARNED)
_INTERRUPTED = 130


@click.command(name="extract")
@click.argument("picture")
@click.option(
    "--colors", type=int, default=16, show_default=True, metavar="K", help="2 to 256 colors."
)
@click.option(
    "--method",
    type=click.Choice([*EXTRACTIONS, _LEARNED]),
    default=_LEARNED,
    show_default=True,
    help="How: the classical ways, or learned together with the dither, as `optimize --colors` "
    "does.",
)
@click.option("--seed", type=int, help="k-means, learned: same seed, same palette.  [default: 0]")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    help="learned: between haste and beauty, as for `optimize`.  [default: balanced]",
)
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
    output: str,
    format_name: str | None,
    overwrite: bool,
) -> int:
    """Find a palette of K colors for PICTURE (- for standard input).

    A picture with no more colors than asked for gets just these.

    \b
    Example:
      ditherlab palette extract photo.jpg --colors 8 --method wu
      ditherlab palette extract photo.jpg --colors 8 --preset fast -o photo.gpl
    """
    if seed is not None and method not in _DRAWING:
        raise RequestError(f"`--seed` means nothing to `{method}`, which draws nothing.")
    if preset is not None and method != _LEARNED:
        raise RequestError(f"`--preset` means nothing to `{method}`: it is for `{_LEARNED}`.")
    check_num_colors(colors)
    destination = PaletteDestination(output, format_name, overwrite)
    destination.check()
    source = read_source(picture)
    pixels = source.pixels[source.opaque]
    is_interrupted = False
    if method != _LEARNED:
        found = extract_palette(pixels, colors, method, seed=seed or 0, name=source.name)
    elif (few := few_colors(pixels, colors, name=source.name)) is not None:
        found = few
    else:
        found, is_interrupted = _learn(source, colors, preset or "balanced", seed or 0)
    told = destination.write(found)
    if is_interrupted:
        click.echo("Interrupted: that is the best palette so far.", err=True)
        return _INTERRUPTED
    if not destination.is_stdout:
        destination.tell(told)
    return 0


def _learn(
    source: "Picture", num_colors: int, preset: PresetName, seed: int
) -> tuple[Palette, bool]:
    """Optimize the picture, and keep its palette; say whether Ctrl-C ended that early."""
    from dataclasses import replace

    from ditherlab.solver import optimize

    problem = OptimizeRequest(colors=num_colors, preset=preset, seed=seed).problem(source)
    with Interruption().listen() as interruption, ProgressBar(is_hidden=False) as bar:
        solution = optimize(problem, on_look=bar.show, should_stop=interruption)
    if solution.failure is not None:
        raise ObjectiveError(solution.failure)
    found = replace(solution.palette, name=source.name, source=f"learned, {num_colors} colors")
    return found, solution.outcome == "interrupted"
