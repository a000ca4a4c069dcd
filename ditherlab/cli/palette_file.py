"""Reading and writing of palettes: names, files, standard streams."""

from dataclasses import dataclass

import click

from ditherlab.cli.destination import spell_destination
from ditherlab.cli.streams import (
    STANDARD_STREAM,
    check_standard_output,
    standard_input,
    write_to_stderr,
    write_to_stdout,
)
from ditherlab.errors import PaletteRequestError
from ditherlab.images import check_writable, write_atomically
from ditherlab.palette import (
    WRITABLE_FORMATS,
    Palette,
    PaletteFormat,
    format_to_write,
    read_palette_stream,
    resolve_palette,
)

# On standard output, which has no suffix.
_STREAMED_FORMAT = "hex"

format_option = click.option(
    "--format",
    "format_name",
    metavar="NAME",
    help=f"The file format of the palette: {', '.join(WRITABLE_FORMATS)}.  [default: by the suffix "
    f"of the file; {_STREAMED_FORMAT} on standard output]",
)
overwrite_option = click.option(
    "--overwrite/--no-overwrite",
    default=False,
    help="Replace existing files.  [default: no-overwrite]",
)
output_option = click.option(
    "-o",
    "--output",
    metavar="FILE",
    default=STANDARD_STREAM,
    help="Palette file to write; - for standard output.  [default: -]",
)


def read_palette_argument(text: str, argument: str = "PALETTE") -> Palette:
    """Read a palette in the syntax of `--palette`; `-` is a file on standard input.

    Raises:
        PaletteRequestError: If the text names no palette.
        PaletteError: If the file holds no palette.
    """
    if text != STANDARD_STREAM:
        return resolve_palette(text, argument)
    return read_palette_stream(standard_input(), "standard input")


@dataclass(frozen=True)
class PaletteDestination:
    """The destination of a palette and its file format.

    Attributes:
        output: A file, or `-`.
        format_name: The value of `--format`; None to use the suffix.
        overwrite: Whether an existing file may be replaced.
    """

    output: str
    format_name: str | None
    overwrite: bool

    @property
    def is_stdout(self) -> bool:
        """True if the palette goes to standard output."""
        return self.output == STANDARD_STREAM

    def check(self) -> None:
        """Raise an error before any work is done if the palette could not be written.

        Raises:
            PaletteRequestError: If the format is unknown.
            OutputError: If the file exists or its folder cannot be written to.
        """
        self._format()
        if self.is_stdout:
            check_standard_output()
        else:
            check_writable(self.output, overwrite=self.overwrite)

    def write(self, palette: Palette) -> str:
        """Write the palette, and return a message about it.

        Raises:
            OutputError: If writing fails; no partial file is left behind.
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

    def report(self, text: str) -> None:
        """Print a message, on standard error if the palette goes to standard output."""
        if self.is_stdout:
            write_to_stderr(text)
        else:
            write_to_stdout(text)

    def _format(self) -> PaletteFormat:
        has_format = self.format_name is not None or not self.is_stdout
        return format_to_write(self.format_name if has_format else _STREAMED_FORMAT, self.output)
