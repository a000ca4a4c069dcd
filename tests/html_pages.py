"""A strict reader of HTML pages."""

from html.parser import HTMLParser

_VOID = ("meta", "img", "br", "line", "rect", "circle", "path", "polyline", "polygon")


class _Strict(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open, tag
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read_page(content: bytes) -> str:
    """Return the text of a page, which must be UTF-8 with balanced tags and no controls."""
    page = content.decode("utf-8")
    controls = [c for c in page if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0]
    assert not controls
    assert page.startswith("<!DOCTYPE html>")
    parser = _Strict()
    parser.feed(page)
    parser.close()
    assert not parser.open
    return "".join(parser.texts)
