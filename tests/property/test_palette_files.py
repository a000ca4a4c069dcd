"""What is written can be read again, and no file makes the reader stumble."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ditherlab.errors import PaletteError
from ditherlab.palette import Palette, gpl_text, hex_text, read_palette_file

LEVELS = st.integers(0, 255)
COLORS = st.lists(st.tuples(LEVELS, LEVELS, LEVELS), min_size=2, max_size=256, unique=True)
LINES = st.text(st.characters(codec="utf-8")).map(lambda text: " ".join(text.split()))
PALETTES = st.builds(Palette, COLORS.map(tuple), LINES, LINES)


def pictures() -> list[bytes]:
    written = []
    for suffix in ("png", "gif", "bmp", "tiff", "webp", "jpeg", "ppm", "pcx"):
        indexed = Image.frombytes("P", (3, 2), bytes([0, 1, 2, 2, 1, 0]))
        indexed.putpalette([0, 0, 0, 200, 0, 0, 0, 0, 200])
        keeps_tables = suffix in ("png", "gif", "bmp", "tiff", "pcx")
        for picture in (indexed, indexed.convert("RGB"))[not keeps_tables :]:
            buffer = io.BytesIO()
            picture.save(buffer, suffix)
            written.append(buffer.getvalue())
    return written


PICTURES = pictures()
TEXTS = [b"GIMP Palette\nName: n\n0 0 0\n9 9 9 a\n", b"000000\n#ff8000\n"]


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(PICTURES + TEXTS)))
    for _ in range(draw(st.integers(0, 4))):
        content[draw(st.integers(0, len(content) - 1))] = draw(LEVELS)
    return bytes(content[: draw(st.integers(0, len(content)))] + draw(st.binary(max_size=8)))


def read(content: bytes) -> Palette:
    with TemporaryDirectory() as folder:
        path = Path(folder, "stem.file")
        path.write_bytes(content)
        return read_palette_file(path)


def read_or_refuse(content: bytes) -> None:
    try:
        assert isinstance(read(content), Palette)
    except PaletteError as error:
        assert "\n" not in str(error)
        assert "stem.file" in str(error)


@settings(deadline=None, max_examples=50)
@given(PALETTES)
def test_hex_round_trip(palette: Palette) -> None:
    assert read(hex_text(palette).encode()).colors == palette.colors


@settings(deadline=None, max_examples=50)
@given(PALETTES)
def test_gpl_round_trip(palette: Palette) -> None:
    again = read(gpl_text(palette).encode())
    assert again.colors == palette.colors
    assert again.name == palette.name or (again.name, palette.name) == ("stem", "")


@settings(deadline=None, max_examples=300)
@given(st.binary())
def test_any_bytes_are_a_palette_or_refused(content: bytes) -> None:
    read_or_refuse(content)


@settings(deadline=None)
@given(st.text())
def test_any_gpl_is_a_palette_or_refused(text: str) -> None:
    read_or_refuse(b"GIMP Palette\n" + text.encode("utf-8", "surrogatepass"))


@settings(deadline=None, max_examples=300)
@given(damaged_files())
def test_any_damaged_file_is_a_palette_or_refused(content: bytes) -> None:
    read_or_refuse(content)
