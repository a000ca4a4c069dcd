"""Functions that make escaped HTML."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

from PIL import Image

from ditherlab.images import Picture
from ditherlab.naming import escape_controls
from ditherlab.plots.drawing import plot_style

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
""")


def page(title: str, body: str) -> str:
    """Return a self-contained HTML page; `body` is HTML."""
    style = plot_style() + _page_style()
    # HTML has no control characters, and the bytes of file names that are not UTF-8 are no text.
    return escape_controls(_PAGE.substitute(title=escape(title), style=style, body=body))


def _page_style() -> str:
    return files("ditherlab.report").joinpath("page.css").read_text(encoding="utf-8")


def data_uri(png: bytes) -> str:
    """Return a PNG as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def encode_png(picture: Picture) -> bytes:
    """Encode a picture as a true-color PNG with its transparency."""
    image = Image.fromarray(picture.pixels)
    if picture.has_transparency:
        image.putalpha(Image.fromarray(picture.opaque).convert("L"))
    encoded = io.BytesIO()
    image.save(encoded, "PNG")
    return encoded.getvalue()


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column names the rows.

    Example:
        >>> table("Costs", ["", "cost"], [["a < b", "1"]]).partition("<tbody>")[2]
        '<tr><th scope="row">a &lt; b</th><td>1</td></tr></tbody></table></div>'
    """
    head = "".join(f'<th scope="col">{escape(h)}</th>' if h else "<td></td>" for h in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def figure(png: bytes, *, alt: str, caption: str, width: int, height: int) -> str:
    """Return a figure with a picture and a caption.

    Args:
        png: The picture as a PNG.
        alt: The alternative text.
        caption: The caption below the picture.
        width: The displayed width, a multiple of the picture's.
        height: The displayed height, a multiple of the picture's.
    """
    return (
        f'<figure><img src="{data_uri(png)}" alt="{escape(alt)}" width="{width}" '
        f'height="{height}"><figcaption>{escape(caption)}</figcaption></figure>'
    )


def terms(entries: Iterable[tuple[str, str]]) -> str:
    """Return a list of terms with descriptions; the descriptions are HTML."""
    return f"<dl>{''.join(f'<dt>{escape(t)}</dt><dd>{html}</dd>' for t, html in entries)}</dl>"


def swatches(colors: Iterable[str]) -> str:
    """Return a list of swatches of colors such as `#ff8000`, each with its code."""
    shown = "".join(
        f'<li><span class="swatch" style="background:{escape(color)}"></span> '
        f"<code>{escape(color)}</code></li>"
        for color in colors
    )
    return f'<ul class="swatches">{shown}</ul>'
