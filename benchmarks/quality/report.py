"""Write the tables into `docs/quality.md`, the contact sheets beside it, and an HTML page."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from benchmarks.quality.close_ups import draw_close_ups
from benchmarks.quality.flat_grays import read_spectra
from benchmarks.quality.measuring import TOOLS, Gallery, draw_missing
from benchmarks.quality.medians import Results, is_peer
from benchmarks.quality.pictures import PALETTES, PICTURES, read_target
from benchmarks.quality.rows import Row, read_recorded, read_rows
from benchmarks.quality.sections import sections
from benchmarks.quality.sheets import draw_sheet
from benchmarks.quality.tables import Table
from benchmarks.quality.task import Pixels

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "quality.md"
MEASURED = ROOT / "docs" / "quality" / "measured.jsonl"
BEGIN, END = "<!-- quality:begin -->", "<!-- quality:end -->"
NUM_PEERS = 3
OURS_SHOWN = "ditherlab 67"

_STYLE = (
    "body{font:15px/1.5 sans-serif;margin:2em auto;max-width:100em;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.15em .6em;border-bottom:1px solid #ccc;"
    "text-align:right}td:first-child,th:first-child{text-align:left}img{max-width:none}"
)


def write_report(measured: Path, spectra: Path, gallery: Gallery) -> str:
    """Write everything from the files of results, and return the tables.

    The contact sheets and the HTML page come to lie beside the results; the page of the docs is
    written only from the committed ones.

    Args:
        measured: JSON lines, one per picture, palette, tool and seed.
        spectra: JSON lines, one per gray and tool; may be missing.
        gallery: The dithered pictures; those that are missing are made again.
    """
    rows = read_rows(measured)
    results = Results([*rows, *read_recorded()])
    tables = list(sections(results, read_spectra(spectra)))
    folder = measured.parent
    sheets = [_write_sheet(palette, folder, results, gallery) for palette in PALETTES]
    sheets.append(_write_close_ups(folder, gallery))
    text = fragment(tables, sheets, rows)
    if measured.resolve() == MEASURED:
        PAGE.write_text(with_fragment(PAGE.read_text(), text))
    (folder / "index.html").write_text(_html(tables, sheets, rows))
    return text


def fragment(tables: Iterable[Table], sheets: Iterable[Path], rows: Sequence[Row]) -> str:
    """Return the Markdown between the marks."""
    links = [f"[{sheet.stem}](quality/{sheet.name})" for sheet in sheets]
    parts = [_provenance(rows), f"Contact sheets: {', '.join(links)}."]
    return "\n\n".join([*parts, *(table.to_markdown() for table in tables)])


def with_fragment(page: str, text: str) -> str:
    """Put text between the two marks of a page.

    Raises:
        ValueError: If the page lacks a mark.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page lacks {BEGIN} or {END}.")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def shown_peers(results: Results, palette: str) -> list[str]:
    """Return the peers of lowest FLIP that can be run here, and so have pictures."""
    runnable = {tool.name for tool in TOOLS}
    names = (standing.tool for standing in results.standings(palette))
    return [name for name in names if name in runnable and is_peer(name)][:NUM_PEERS]


def _write_sheet(palette: str, folder: Path, results: Results, gallery: Gallery) -> Path:
    columns = {"source": {name: read_target(name, palette) for name in PICTURES}}
    names = [OURS_SHOWN, *shown_peers(results, palette)]
    for tool in (tool for name in names for tool in TOOLS if tool.name == name):
        has_rows = any(results.value(name, palette, tool.name, "flip") for name in PICTURES)
        if has_rows:
            draw_missing(PICTURES, palette, tool, gallery)
            columns[tool.name] = _kept(palette, tool.name, gallery)
    path = folder / f"{palette}.png"
    draw_sheet(columns, tuple(PICTURES)).save(path, optimize=True)
    return path


def _write_close_ups(folder: Path, gallery: Gallery) -> Path:
    tool = next(tool for tool in TOOLS if tool.name == OURS_SHOWN)
    path = folder / "close-ups.png"
    draw_close_ups(tool, gallery).save(path, optimize=True)
    return path


def _kept(palette: str, tool: str, gallery: Gallery) -> dict[str, Pixels]:
    found = {name: gallery.read(name, palette, tool) for name in PICTURES}
    return {name: pixels for name, pixels in found.items() if pixels is not None}


def _provenance(rows: Sequence[Row]) -> str:
    releases = sorted({f"{row.tool.split(' ')[0]} {row.version}" for row in rows if row.version})
    machines = ", ".join(sorted({row.machine for row in rows}))
    dates = sorted({row.date for row in rows})
    span = dates[0] if len(set(dates)) == 1 else f"{dates[0]} to {dates[-1]}"
    return (
        f"Measured {span}, one thread, {machines}: {', '.join(releases)}. Rows marked (recorded) "
        "were measured by the owner of the project in November 2026, one run each."
    )


def _html(tables: Iterable[Table], sheets: Iterable[Path], rows: Sequence[Row]) -> str:
    images = "\n".join(
        f'<h2>{escape(sheet.stem)}</h2>\n<img src="{escape(sheet.name)}" alt="Details of '
        f'dithered pictures: {escape(sheet.stem)}">'
        for sheet in sheets
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>ditherlab: quality</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>Quality, measured</h1>\n<p>{escape(_provenance(rows))}</p>\n"
        f"{''.join(table.to_html() for table in tables)}{images}\n</body></html>\n"
    )
