"""A table, as Markdown and as HTML."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """A table with its title and a sentence before it.

    Attributes:
        words: Markdown of one paragraph, with `code` and **bold** at most.
        head: None for a section without a table.
    """

    title: str
    words: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def to_markdown(self) -> str:
        """Write a section of a page."""
        lines = [f"### {self.title}", "", self.words]
        if self.rows:
            lines += ["", _line(self.head), _line("---" for _ in self.head)]
            lines += [_line(row) for row in self.rows]
        return "\n".join(lines)

    def to_html(self) -> str:
        """Write a section of an HTML page."""
        text = f"<h2>{escape(self.title)}</h2>\n<p>{_to_html(self.words)}</p>\n"
        if not self.rows:
            return text
        head = "".join(f"<th>{_to_html(cell)}</th>" for cell in self.head)
        body = "\n".join(
            "<tr>" + "".join(f"<td>{_to_html(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        return f"{text}<table>\n<tr>{head}</tr>\n{body}\n</table>\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _to_html(markdown: str) -> str:
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(markdown))
    text = re.sub(r"`(.+?)`", r"<code>\1</code>", text)
    return re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)
