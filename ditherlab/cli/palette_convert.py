"""`ditherlab palette convert` and `join`: write palette files."""

import click

from ditherlab.cli.palette_file import (
    PaletteDestination,
    format_option,
    output_option,
    overwrite_option,
    read_palette_argument,
)
from ditherlab.cli.streams import STANDARD_STREAM
from ditherlab.errors import RequestError

_DEFAULT_THRESHOLD = 0.02


@click.command(name="convert")
@click.argument("palette")
@click.argument("output")
@format_option
@overwrite_option
def convert_palette(palette: str, output: str, format_name: str | None, overwrite: bool) -> None:
    """Write PALETTE (a name, a file, '#112233,#fff,...', or - for standard input) to OUTPUT.

    The format of PALETTE is detected from its contents. The format of OUTPUT is set by --format or
    by its suffix. - is standard output.

    \b
    Example:
      ditherlab palette convert pico-8 pico.gpl
      ditherlab palette convert pico-8 pico.ase --format adobe-ase
      ditherlab palette convert '#000,#f80,#fff' - --format css > ember.css
    """
    destination = PaletteDestination(output, format_name, overwrite)
    destination.check()
    message = destination.write(read_palette_argument(palette))
    if not destination.is_stdout:
        destination.report(message)


@click.command(name="join")
@click.argument("palettes", nargs=-1, required=True, metavar="PALETTE...")
@click.option(
    "--threshold",
    type=float,
    default=_DEFAULT_THRESHOLD,
    show_default=True,
    help="Leave out a color that is nearer than this to an earlier one, in OKLab.",
)
@output_option
@format_option
@overwrite_option
def join_palettes(
    palettes: tuple[str, ...],
    threshold: float,
    output: str,
    format_name: str | None,
    overwrite: bool,
) -> None:
    """Join two or more palettes, without near duplicates.

    The colors keep their order. Of two near colors, the first one is kept.

    \b
    Example:
      ditherlab palette join pico-8 sweetie-16 -o both.gpl
      ditherlab palette join pico-8 '#102030,#fff' --threshold 0.05
    """
    if len(palettes) < 2:
        raise RequestError("PALETTE must be given at least twice, got one. Name another.")
    if palettes.count(STANDARD_STREAM) > 1:
        raise RequestError("Standard input holds one palette, got `-` twice. Name a file.")
    from ditherlab.palette.joining import join_palettes as join

    destination = PaletteDestination(output, format_name, overwrite)
    destination.check()
    joined = join([read_palette_argument(text) for text in palettes], threshold)
    destination.report(
        f"Left out: {joined.num_equal} equal and {joined.num_near} near (below {threshold:g})."
    )
    message = destination.write(joined.palette)
    if not destination.is_stdout:
        destination.report(message)
