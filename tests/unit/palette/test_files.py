import os

import pytest

from ditherlab.errors import PaletteError
from ditherlab.palette import read_palette_file


def refusal(path):
    with pytest.raises(PaletteError) as caught:
        read_palette_file(path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1
    return str(caught.value)


def test_missing_file(tmp_path):
    assert "none.hex does not exist. Give" in refusal(tmp_path / "none.hex")
    (tmp_path / "file").write_text("x")
    assert "cannot be read: Not a directory." in refusal(tmp_path / "file" / "none.hex")


def test_folder(tmp_path):
    assert refusal(tmp_path) == f"{tmp_path} is a folder. Give the path of a file in it."


def test_empty_file(tmp_path):
    path = tmp_path / "empty.hex"
    path.touch()
    assert "empty.hex is empty. A palette file holds 2 to 256 colors." in refusal(path)


def test_path_that_is_none():
    assert refusal("a\0b.hex").startswith(r"'a\x00b.hex' is not a path: ")
    assert "cannot be read: File name too long." in refusal("x" * 5000)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_forbidden_file(tmp_path):
    path = tmp_path / "secret.hex"
    path.touch(mode=0)
    assert "cannot be read: Permission denied." in refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"\x00\xff\xfe\x80junk", "Glühwein".encode("latin-1"), "ff0000\n".encode("utf-16")],
    ids=["junk", "latin-1", "utf-16"],
)
def test_neither_picture_nor_text(tmp_path, content):
    path = tmp_path / "strange.hex"
    path.write_bytes(content)
    assert "strange.hex is not a palette file of a known format, a picture or" in refusal(path)


def test_gpl_that_is_not_utf8(tmp_path):
    path = tmp_path / "old.gpl"
    path.write_bytes("GIMP Palette\nName: Glühwein\n".encode("latin-1"))
    assert "old.gpl, byte 21: the text must be UTF-8, got 0xfc. Save" in refusal(path)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("; nothing\n", 0),
        ("ff0000\nff0000\n", 1),
        ("GIMP Palette\n#\n", 0),
        ("".join(f"{value:06x}\n" for value in range(257)), 257),
    ],
    ids=["none", "one", "empty-gpl", "many"],
)
def test_wrong_number_of_colors(tmp_path, content, count):
    path = tmp_path / "odd.txt"
    path.write_text(content)
    assert f"odd.txt: A palette must be 2 to 256 different colors, got {count}." in refusal(path)


def test_path_as_text_and_as_path(tmp_path):
    path = tmp_path / "two.hex"
    path.write_text("000000\nffffff\n")
    assert read_palette_file(path) == read_palette_file(str(path))
