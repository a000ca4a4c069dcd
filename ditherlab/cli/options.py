"""Options that several commands have, with the same meaning in each."""

import click

from ditherlab.recipe.presets import PRESETS

quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")

# Of palettes that are found.
num_colors_option = click.option(
    "--colors", type=int, default=16, show_default=True, metavar="K", help="2 to 256 colors."
)
lock_option = click.option(
    "--lock",
    metavar="PALETTE",
    help="Colors that are among the K of --colors, come first and stay as they are: '#000,#fff', a "
    "name or a file.",
)
gamut_option = click.option(
    "--gamut",
    metavar="GAMUT",
    help="What the K --colors may be, because hardware shows no others: rgb332, rgb444, rgb555, "
    "rgb565, bits=N (a channel), or the colors of a PALETTE.",
)

# Those of `optimize`, which says more about them.
distance_option = click.option(
    "--pixels-per-degree",
    type=float,
    metavar="N",
    help="From where the picture will be looked at, as for `optimize`.  [default: a compromise]",
)
preset_option = click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="balanced",
    show_default=True,
    help="Between haste and beauty, as for `optimize`.",
)
