"""The table and the plots of docs/speed.md."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ditherlab.plots.plot import Axis, Line, Plot

_BEGIN, _END = "<!-- table -->", "<!-- end of table -->"

Records = Sequence[dict[str, Any]]


def table(records: Records) -> str:
    """Return a Markdown table: each case in both checkouts, and the ratio."""
    lines = [
        "| run | CPU s before | CPU s | ratio | peak bytes a pixel before | now |",
        "|---|---|---|---|---|---|",
    ]
    for case in dict.fromkeys(r["case"] for r in records if r["kind"] in ("table", "big")):
        before, now = _find(records, case, is_base=True), _find(records, case, is_base=False)
        if now is None:
            continue
        ratio = f"{now['cpu_s'] / before['cpu_s']:.2f}" if before and before["cpu_s"] else "-"
        cells = [
            case,
            f"{before['cpu_s']:.2f}" if before else "-",
            f"{now['cpu_s']:.2f}",
            ratio,
            f"{before['bytes_per_px']:.0f}" if before else "-",
            f"{now['bytes_per_px']:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _find(records: Records, case: str, *, is_base: bool) -> dict[str, Any] | None:
    found = (r for r in records if r["case"] == case and (r["checkout"] == "base") == is_base)
    return next(found, None)


def plots(records: Records) -> Iterator[tuple[str, Plot]]:
    """Yield the file names and plots of growth with the size and with the colors."""
    for kind, title, label, x in (
        (
            "size",
            "CPU time over the number of pixels, 16 learned colors",
            "megapixels",
            lambda r: r["width"] * r["height"] / 1e6,
        ),
        (
            "colors",
            "CPU time over the number of learned colors, 256 x 256 pixels",
            "colors",
            lambda r: float(r["words"].split()[1]),
        ),
    ):
        plot = Plot(
            title=title,
            x=Axis(label, is_log=True),
            y=Axis("CPU seconds beside the import of torch", is_log=True),
            lines=_lines([r for r in records if r["kind"] == kind], x),
        )
        yield f"{kind}.svg", plot


def _lines(records: Records, x: Callable[[dict[str, Any]], float]) -> list[Line]:
    ways = dict.fromkeys((r["checkout"] == "base", r["kernels"]) for r in records)
    lines = []
    for style, (is_base, kernels) in enumerate(ways):
        mine = [r for r in records if (r["checkout"] == "base", r["kernels"]) == (is_base, kernels)]
        name = "before" if is_base else ("torch" if kernels == "torch" else "compiled")
        lines.append(Line(name, [x(r) for r in mine], [r["cpu_s"] for r in mine], style=style))
    return lines


def put_table(page: str, records: Records) -> str:
    """Return the page with the table of some records between its two marks."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table(records)}{_END}{after}"


def write_page(records: Records, page: Path) -> None:
    """Put the table into a page, and the plots into the folder of its name."""
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    text = page.read_text(encoding="utf-8")
    page.write_text(put_table(text, records), encoding="utf-8")
    for name, plot in plots(records):
        (folder / name).write_text(plot.svg_file(), encoding="utf-8")
