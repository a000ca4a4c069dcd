"""Palettes that a command reads and writes: names, files, standard streams."""

from dataclasses import dataclass

import click

from ditherlab.cli.destination import spell_destination
from ditherlab.cli.streams import (
    STANDARD_STREAM,
    check_standard_output,
    standard_input,
    write_to_stdout,
)
from ditherlab.errors import PaletteRequestError
from ditherlab.images import check_writable, write_atomically
from ditherlab.palette import (
    WRITABLE_FORMATS,
    Palette,
    PaletteFormat,
    format_to_write,
    parse_palette,
    resolve_palette,
)

# On standard output, where no suffix says otherwise.
_STREAMED_FORMAT = "hex"

format_option = click.option(
    "--format",
    "format_name",
    metavar="NAME",
    help=f"How to write the palette: {', '.join(WRITABLE_FORMATS)}.  [default: by the suffix of "
    f"the file; {_STREAMED_FORMAT} on standard output]",
)
overwrite_option = click.option(
    "--overwrite/--no-overwrite",
    default=False,
    help="Replace files that exist.  [default: no-overwrite]",
)
output_option = click.option(
    "-o",
    "--output",
    metavar="FILE",
    default=STANDARD_STREAM,
    help="Palette file to write; - for standard output.  [default: -]",
)


def read_palette_argument(text: str, argument: str = "PALETTE") -> Palette:
    """Understand a palette as `--palette` does; `-` is a file on standard input.

    Raises:
        PaletteRequestError: For words that cannot be meant.
        PaletteError: For a file that holds no palette.
    """
    if text != STANDARD_STREAM:
        return resolve_palette(text, argument)
    return parse_palette(standard_input().read(), "standard input")


@dataclass(frozen=True)
class PaletteDestination:
    """Where a palette goes, and how it is written there.

    Attributes:
        output: A file, or `-`.
        format_name: What `--format` says; None for what the suffix says.
        overwrite: Whether a file that exists may be replaced.
    """

    output: str
    format_name: str | None
    overwrite: bool

    @property
    def is_stdout(self) -> bool:
        """Say whether standard output is taken."""
        return self.output == STANDARD_STREAM

    def check(self) -> None:
        """Refuse what could not be written in the end, before any work is done.

        Raises:
            PaletteRequestError: If no format is known that is meant.
            OutputError: If the file exists or its folder cannot be written to.
        """
        self._format()
        if self.is_stdout:
            check_standard_output()
        else:
            check_writable(self.output, overwrite=self.overwrite)

    def write(self, palette: Palette) -> str:
        """Write the palette, and say so for a person.

        Raises:
            OutputError: If that fails; nothing is left behind then.
        """
        written_as = self._format()
        if written_as.write is None:
            raise PaletteRequestError(f"`{written_as.name}` can only be read. Choose another.")
        content = written_as.write(palette)
        if self.is_stdout:
            write_to_stdout(content)
        else:
            write_atomically(self.output, content, overwrite=self.overwrite)
        return f"Wrote {spell_destination(self.output)}: {len(palette)} colors, {written_as.title}."

    def tell(self, text: str) -> None:
        """Say something, on standard error where standard output is taken."""
        if self.is_stdout:
            click.echo(text, err=True)
        else:
            write_to_stdout(text)

    def _format(self) -> PaletteFormat:
        is_told = self.format_name is not None or not self.is_stdout
        return format_to_write(self.format_name if is_told else _STREAMED_FORMAT, self.output)
