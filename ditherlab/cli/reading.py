"""The options of all commands that read pictures, and the reading of a source."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from ditherlab.choices import AlphaMode
from ditherlab.cli.streams import STANDARD_STREAM, standard_input
from ditherlab.errors import PaletteRequestError, PictureError

if TYPE_CHECKING:
    from ditherlab.images import Picture, ReadingOptions

Command = TypeVar("Command", bound=Callable[..., Any])


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about picture files, which the command gets as one argument `reading`."""

    @wraps(command)
    def command_with_reading(
        *arguments: Any,
        alpha: AlphaMode | None,
        background: str | None,
        levels: str | None,
        allow_format: tuple[str, ...],
        **options: Any,
    ) -> Any:
        reading = _reading(alpha, background, levels, allow_format)
        return command(*arguments, reading=reading, **options)

    for option in (
        click.option(
            "--allow-format",
            metavar="FORMAT",
            multiple=True,
            help="Also read a format that is rarely used, whose decoder is little tested: psd, "
            "pcx, dds, sgi, xpm, xbm or tga. May be given several times.",
        ),
        click.option(
            "--levels",
            metavar="LOW:HIGH",
            help="The values of a gray picture with more than 8 bits that become black and white, "
            "such as 0:4095, or auto for its smallest and largest.  [default: as its file states]",
        ),
        click.option(
            "--background",
            metavar="COLOR",
            help="The color for --alpha blend, such as '#fff'.  [default: white]",
        ),
        click.option(
            "--alpha",
            type=click.Choice(get_args(AlphaMode)),
            help="How to treat transparency: cut makes each pixel opaque or transparent, blend "
            "puts the picture on the --background, keep keeps partly transparent pixels.  "
            "[default: cut where no pixel is partly transparent, else blend]",
        ),
    ):
        command_with_reading = option(command_with_reading)
    return command_with_reading


def read_source(source: str, reading: "ReadingOptions") -> "Picture":
    """Read the source picture of a command; `-` is standard input.

    Raises:
        PictureError: If the source is not a picture.
    """
    from ditherlab.images import read_picture

    if source != STANDARD_STREAM:
        return read_picture(source, reading)
    stream = standard_input()
    if stream.isatty():
        raise PictureError("Standard input is a terminal. Name a file, or pipe a picture in.")
    return read_picture(stream, reading)


def _reading(
    alpha: AlphaMode | None,
    background: str | None,
    levels: str | None,
    allow_format: tuple[str, ...],
) -> "ReadingOptions":
    # Loads numpy, which `--help` does not need.
    from ditherlab.images import ReadingOptions, parse_levels
    from ditherlab.palette import hex_to_color

    try:
        color = None if background is None else hex_to_color(background)
    except PaletteRequestError as error:
        raise PaletteRequestError(f"`--background`: {error}") from None
    return ReadingOptions(
        alpha=alpha,
        background=color,
        levels=None if levels is None else parse_levels(levels),
        allow_formats=[name for text in allow_format for name in text.split(",")],
    )
