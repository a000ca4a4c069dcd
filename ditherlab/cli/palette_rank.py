"""`ditherlab palette rank`: which palette suits a picture."""

import datetime
from functools import partial
from typing import get_args

import click

from ditherlab.choices import Fit
from ditherlab.cli.palette_file import read_palette_argument
from ditherlab.cli.reporting import (
    JSON_AND_PAGE_FORMS,
    check_report,
    command_line,
    deliver_report,
    report_options,
)
from ditherlab.cli.streams import check_standard_output, read_source, write_to_stdout
from ditherlab.cli.trials import Trials, check_max_pixels, jobs_option, max_pixels_option
from ditherlab.errors import RequestError
from ditherlab.palette import Palette, named_palettes

# Enough to tell palettes apart; see docs/palettes.md.
_NUM_SWEEPS = 2


@click.command(name="rank")
@click.argument("picture")
@click.option(
    "--among",
    multiple=True,
    metavar="PALETTE",
    help="A name, a file or '#112233,#fff,...' to choose from; may be given several times.  "
    "[default: all of `palette list`]",
)
@click.option(
    "--fit",
    type=click.Choice(get_args(Fit)),
    default="auto",
    show_default=True,
    help="What to do with colors that a palette cannot show, as for `optimize`.",
)
@click.option(
    "--pixels-per-degree",
    type=float,
    metavar="N",
    help="From where the picture will be looked at, as for `optimize`.  [default: a compromise]",
)
@max_pixels_option
@jobs_option
@partial(report_options, forms=JSON_AND_PAGE_FORMS)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def rank(
    context: click.Context,
    /,
    *,
    picture: str,
    among: tuple[str, ...],
    fit: Fit,
    pixels_per_degree: float | None,
    max_pixels: int,
    jobs: int | None,
    as_json: bool,
    report: str | None,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Rank palettes by how well they suit PICTURE (- for standard input) after dithering.

    \b
    Example:
      ditherlab palette rank photo.jpg --among pico-8 --among sweetie-16 --jobs 1
      ditherlab palette rank photo.jpg --among '#000,#f80,#fff' --among ega --jobs 1 --json
    """
    if as_json:
        check_standard_output()
    check_report(report, overwrite=overwrite, forms=JSON_AND_PAGE_FORMS)
    check_max_pixels(max_pixels)
    palettes = _palettes(among)
    source = read_source(picture)

    from ditherlab.experiments import PaletteTrial, try_palette
    from ditherlab.objectives import Perceptual
    from ditherlab.report import RankingReport

    shrunk = source.shrink(max_pixels)
    objective = Perceptual(pixels_per_degree=pixels_per_degree)
    trials = [
        PaletteTrial(
            shrunk, palette, objective, fit, num_sweeps=_NUM_SWEEPS, is_drawn=report is not None
        )
        for palette in palettes.values()
    ]
    verdicts = Trials(jobs, is_quiet=quiet).run(
        try_palette, trials, weights=[len(trial.palette) for trial in trials]
    )
    ranked = sorted(zip(palettes, verdicts, strict=True), key=lambda pair: pair[1].cost)
    told = RankingReport(shrunk, (source.width, source.height), str(objective), ranked)
    deliver_report(
        told.document(),
        as_json=as_json,
        report=report,
        overwrite=overwrite,
        page=lambda: told.html(command_line(context), datetime.date.today()),
    )
    if not (as_json or quiet):
        write_to_stdout(told.table())


def _palettes(among: tuple[str, ...]) -> dict[str, Palette]:
    """Read the palettes to choose from, by their names; those without one by their words."""
    if not among:
        return dict(named_palettes())
    palettes: dict[str, Palette] = {}
    for words in among:
        found = read_palette_argument(words, "--among")
        name = found.name or words.strip()
        if name in palettes:
            raise RequestError(f"`--among` must name every palette once, got {name} twice.")
        palettes[name] = found
    return palettes
