import pytest

from ditherlab.errors import PaletteError
from ditherlab.palette import Palette, read_palette_file
from ditherlab.palette.formats.gimp import write as write_gpl
from ditherlab.palette.formats.hex_list import write as write_hex

EMBER = Palette.from_hex(["#000000", "#ff8000"], name="ember", source="made up")


@pytest.fixture
def file_with(tmp_path):
    def write(content, name="some.palette"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_write_hex():
    assert write_hex(EMBER).decode() == "000000\nff8000\n"


def test_write_gpl():
    assert write_gpl(EMBER).decode() == (
        "GIMP Palette\nName: ember\n# made up\n  0   0   0\t#000000\n255 128   0\t#ff8000\n"
    )


def test_write_gpl_keeps_names_on_one_line():
    palette = Palette(EMBER.colors, name="two\nlines", source="evil\n1 2 3")
    assert write_gpl(palette).decode().splitlines()[1:3] == ["Name: two lines", "# evil 1 2 3"]


def test_write_gpl_without_a_name():
    assert "Name" not in write_gpl(Palette(EMBER.colors)).decode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_hex_file(file_with, end, mark):
    lines = ["#000000", "", "  FF8000  ", "; a comment", "102030 ; another", "000000", ""]
    palette = read_palette_file(file_with(mark + end.join(lines), "warm.hex"))
    assert palette.hex == ["#000000", "#ff8000", "#102030"]
    assert (palette.name, palette.source, palette.num_merged) == ("warm", "warm.hex", 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_gpl_file(file_with, end, mark):
    lines = [
        "GIMP Palette", "Name: Glühwein 2", "Columns: 4", "# hot", "", "0 0 0\tblack",
        " 255 128   0 orange 7", "255 128 0", "#1 2 3", "10 20 30",
    ]  # fmt: skip
    palette = read_palette_file(file_with(mark + end.join(lines)))
    assert palette.hex == ["#000000", "#ff8000", "#0a141e"]
    assert (palette.name, palette.num_merged) == ("Glühwein 2", 1)


def test_gpl_file_without_a_name_is_called_after_the_file(file_with):
    for header in ("", "Name:\n"):
        path = file_with(f"GIMP Palette\n{header}0 0 0\n9 9 9\n", "old.gpl")
        assert read_palette_file(path).name == "old"


def test_the_content_tells_the_format_and_not_the_suffix(file_with):
    assert read_palette_file(file_with("GIMP Palette\n0 0 0\n9 9 9", "x.hex")).colors[1] == (9,) * 3
    assert read_palette_file(file_with("000000\n090909", "x.gpl")).colors[1] == (9,) * 3
    assert read_palette_file(file_with("000000\n090909", "x.png")).colors[1] == (9,) * 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("12 300 4", "'12 300 4' is not a color: 300 is above 255."),
        ("12 300 4 red", "'12 300 4' is not a color: 300 is above 255."),
        ("256 0 0", "'256 0 0' is not a color: 256 is above 255."),
        ("12 -3 4", "'12 -3 4' is not a color: -3 is below 0."),
        ("12 x 4", "'12 x 4' is not a color: 'x' is not a whole number."),
        ("12 1.5 4", "'12 1.5 4' is not a color: '1.5' is not a whole number."),
        ("1_2 3 4", "'1_2 3 4' is not a color: '1_2' is not a whole number."),
        ("12 4", "'12 4' is not a color: it has 2 of three numbers."),
    ],
)
def test_gpl_line_that_is_no_color(file_with, line, message):
    path = file_with(f"GIMP Palette\nName: n\nColumns: 0\n#\n\n0 0 0\n{line}\n", "palette.gpl")
    with pytest.raises(PaletteError) as caught:
        read_palette_file(path)
    assert str(caught.value) == f"{path}, line 7: {message}"


def test_gpl_number_of_many_digits(file_with):
    with pytest.raises(PaletteError, match=r", line 2: .* is not a whole number\.$") as caught:
        read_palette_file(file_with("GIMP Palette\n" + "9" * 10_000 + " 0 0\n"))
    assert len(str(caught.value).partition(", line")[2]) < 200


def test_hex_line_that_is_no_color(file_with):
    path = file_with("000000\r\n\r\n12zz00\r\n")
    with pytest.raises(
        PaletteError,
        match=r"some\.palette, line 3: '12zz00' is not a color: 'z' is not a hexadecimal digit\.",
    ):
        read_palette_file(path)


def test_line_numbers_are_those_of_an_editor(file_with):
    with pytest.raises(PaletteError, match=r", line 2: 'red'"):
        read_palette_file(file_with("000000\f\u2028\nred\n"))
