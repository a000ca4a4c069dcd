"""`ditherlab palette show`: print swatches, names and distances."""

from pathlib import Path

import click

from ditherlab.cli.palette_file import read_palette_argument
from ditherlab.cli.reporting import check_report, deliver_report, report_options
from ditherlab.cli.streams import check_standard_output, write_swatches, write_to_stdout
from ditherlab.cli.swatches import ColorDepth, swatch, terminal_depth
from ditherlab.errors import RequestError
from ditherlab.images import check_writable, path_label, printable, write_atomically
from ditherlab.palette import Palette, spell_colors
from ditherlab.palette.portrait import Portrait
from ditherlab.palette.sheet import sheet_png, sheet_svg

_SHEETS = {".png": sheet_png, ".svg": sheet_svg}


@click.command(name="show")
@click.argument("palette")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Draw a sheet of labelled swatches into a file that ends in .png or .svg.",
)
@report_options
def show_palette(
    *, palette: str, output: str | None, as_json: bool, report: str | None, overwrite: bool
) -> None:
    """Show the colors of PALETTE (a name, a file, '#112233,#fff,...', or - for standard input).

    The table has one row per color: number, hexadecimal value, name, lightness, chroma and hue in
    OKLCh, the nearest other color with the distance in OKLab, and the contrast ratios to black and
    white. The nearest pairs of colors follow.

    \b
    Example:
      ditherlab palette show pico-8
      ditherlab palette show '#112233,#fff,#f80' -o swatches.svg
      ditherlab palette show e-ink-6-measured --json
    """
    if as_json:
        check_standard_output()
    check_report(report, overwrite=overwrite)
    if output is not None:
        _check_sheet(output, report, overwrite=overwrite)
    shown = read_palette_argument(palette)
    portrait = Portrait(shown)
    if output is not None:
        drawn = _SHEETS[Path(output).suffix.lower()](shown)
        write_atomically(output, drawn, overwrite=overwrite)
    deliver_report(portrait.document(), as_json=as_json, report=report, overwrite=overwrite)
    if not as_json:
        write_swatches("\n".join(_lines(portrait, terminal_depth())))
        if output is not None:
            write_to_stdout(f"Wrote {path_label(output)}.")


def _check_sheet(output: str, report: str | None, *, overwrite: bool) -> None:
    if Path(output).suffix.lower() not in _SHEETS:
        raise RequestError(
            f"`--output` must be a file that ends in {' or '.join(_SHEETS)}, got "
            f"'{path_label(output)}'. Use `palette convert` for palette files."
        )
    check_writable(output, overwrite=overwrite)
    if report is not None and Path(report).resolve() == Path(output).resolve():
        raise RequestError("`--report` must be another file than `--output`.")


def _lines(portrait: Portrait, depth: ColorDepth) -> list[str]:
    palette = portrait.palette
    title = [palette.name or "colors", f"{len(palette)} colors", palette.source]
    lines = [printable(", ".join(filter(None, title)))]
    lines += [printable(note) for note in palette.all_notes]
    lines += ["", *_table(portrait, depth), "", "nearest pairs, with their distance in OKLab"]
    for pair in portrait.nearest_pairs:
        ends = (pair.first, pair.second)
        painted = "".join(swatch(palette.seen[end], depth, width=3) for end in ends)
        named = " and ".join(_label(palette, end) for end in ends)
        lines.append(f"{painted}{' ' if painted else ''}{pair.distance:.3f}  {named}")
    return lines


def _table(portrait: Portrait, depth: ColorDepth) -> list[str]:
    """Format the colors as a table, with swatches where the terminal shows colors."""
    palette = portrait.palette
    heads = ["", "written", "seen as", "name", "L", "C", "h", "nearest", "apart", "black", "white"]
    rows = [heads]
    seen = spell_colors(palette.seen)
    for index, neighbor in enumerate(portrait.neighbors):
        lightness, chroma, hue = portrait.oklch[index]
        rows.append(
            [
                str(palette.places[index]),
                palette.hex[index],
                seen[index] if palette.shown else "",
                printable(palette.entry_names[index]),
                f"{lightness:.3f}",
                f"{chroma:.3f}",
                f"{hue:.0f}",
                str(palette.places[neighbor.second]),
                f"{neighbor.distance:.3f}",
                f"{portrait.contrast_to_black[index]:.2f}",
                f"{portrait.contrast_to_white[index]:.2f}",
            ]
        )
    filled = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in filled]
    texts = [
        "  ".join(
            cell.ljust(width) if column[0] in ("name", "written", "seen as") else cell.rjust(width)
            for cell, column, width in zip(cells, filled, widths, strict=True)
        ).rstrip()
        for cells in zip(*filled, strict=True)
    ]
    blank = " " * 7 if depth != "none" else ""
    painted = [blank] + [f"{swatch(c, depth)} " if blank else "" for c in palette.seen]
    return [f"{paint}{text}" for paint, text in zip(painted, texts, strict=True)]


def _label(palette: Palette, index: int) -> str:
    name = printable(palette.entry_names[index])
    return f"{palette.places[index]} {palette.hex[index]}" + (f" ({name})" if name else "")
