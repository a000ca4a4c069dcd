"""`ditherlab palette rank`: rank palettes for a picture."""

from typing import TYPE_CHECKING, Any, get_args

import click

from ditherlab.choices import Fit
from ditherlab.cli.options import distance_option
from ditherlab.cli.palette_file import read_palette_argument
from ditherlab.cli.reading import read_source, reading_options
from ditherlab.cli.trials import Trials, trial_options
from ditherlab.errors import RequestError
from ditherlab.palette import Palette, named_palettes, split_palettes

if TYPE_CHECKING:
    from ditherlab.images import ReadingOptions

# Enough to rank palettes; see docs/palettes.md.
_NUM_SWEEPS = 2


@click.command(name="rank")
@click.argument("picture")
@click.option(
    "--among",
    multiple=True,
    metavar="PALETTE",
    help="Palettes to rank, separated by commas: names, files; or '#112233,#fff,...', one palette. "
    "May be given several times.  [default: all of `palette list`]",
)
@click.option(
    "--fit",
    type=click.Choice(get_args(Fit)),
    default="auto",
    show_default=True,
    help="How to treat colors outside the gamut of a palette, as for `optimize`.",
)
@distance_option
@reading_options
@trial_options
@click.pass_context
def rank(
    context: click.Context,
    /,
    *,
    picture: str,
    among: tuple[str, ...],
    fit: Fit,
    pixels_per_degree: float | None,
    reading: "ReadingOptions",
    **options: Any,
) -> None:
    """Rank palettes by how well they suit PICTURE (- for standard input) after dithering.

    \b
    Example:
      ditherlab palette rank photo.jpg --among pico-8,sweetie-16 --jobs 1
      ditherlab palette rank photo.jpg --among '#000,#f80,#fff' --among ega --jobs 1 --json
    """
    trials = Trials(**options)
    trials.check()
    palettes = _palettes(among)
    source = read_source(picture, reading)

    from ditherlab.experiments import PaletteTrial, try_palette
    from ditherlab.objectives import Perceptual
    from ditherlab.report import RankingReport

    shrunk = source.shrink(trials.max_pixels)
    objective = Perceptual(pixels_per_degree=pixels_per_degree)
    tasks = [
        PaletteTrial(shrunk, palette, objective, fit, num_sweeps=_NUM_SWEEPS, is_drawn=trials.draws)
        for palette in palettes.values()
    ]
    weights = [len(task.palette) for task in tasks]
    verdicts = trials.run(try_palette, tasks, weights)
    ranked = sorted(zip(palettes, verdicts, strict=True), key=lambda pair: pair[1].cost)
    result = RankingReport(shrunk, (source.width, source.height), str(objective), ranked)
    trials.deliver(result, context)


def _palettes(among: tuple[str, ...]) -> dict[str, Palette]:
    """Return the palettes to rank by name; a palette without a name has its text as key."""
    if not among:
        return dict(named_palettes())
    palettes: dict[str, Palette] = {}
    for text in [name for words in among for name in split_palettes(words)]:
        found = read_palette_argument(text, "--among")
        name = found.name or text.strip()
        if name in palettes:
            raise RequestError(f"`--among` must name every palette once, got {name} twice.")
        palettes[name] = found
    return palettes
