"""`ditherlab palette`: show, convert, find and join palettes."""

import click

from ditherlab.cli.lazy_group import CommandHome, LazyGroup

_HOMES = {
    "convert": CommandHome(
        "palette_convert:convert_palette",
        "Write PALETTE (a name, a file, '#112233,#fff,...', or - for standard input) to OUTPUT.",
    ),
    "curve": CommandHome(
        "palette_curve:curve",
        "Measure the quality of PICTURE (- for standard input) against the number of colors.",
    ),
    "extract": CommandHome(
        "palette_extract:extract",
        "Find a palette of K colors for PICTURE (- for standard input).",
    ),
    "join": CommandHome(
        "palette_convert:join_palettes",
        "Join two or more palettes, without near duplicates.",
    ),
    "learn": CommandHome(
        "palette_learn:learn",
        "Learn one palette of K colors for all PICTURES (- for standard input).",
    ),
    "list": CommandHome(
        "palette_list:list_palettes",
        "List the named palettes with their colors and sources.",
    ),
    "rank": CommandHome(
        "palette_rank:rank",
        "Rank palettes by how well they suit PICTURE (- for standard input) after dithering.",
    ),
    "show": CommandHome(
        "palette_show:show_palette",
        "Show the colors of PALETTE (a name, a file, '#112233,#fff,...', or - for standard input).",
    ),
}


@click.group(cls=LazyGroup, homes=_HOMES)
def palette() -> None:
    """Show, convert, find and join palettes.

    \b
    Example:
      ditherlab palette list
      ditherlab palette show pico-8
    """
