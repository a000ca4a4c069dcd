import pytest

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.palette import named_palette, resolve_palette


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "text", ["#112233,#fff", "112233,fff", " #112233 , #FFF ", "#112233,#fff,#112233"]
)
def test_colors(text):
    palette = resolve_palette(text)
    assert palette.hex == ["#112233", "#ffffff"]
    assert palette.num_merged == text.count("#112233") // 2


def test_name():
    assert resolve_palette(" pico-8 ") is named_palette("pico-8")


def test_name_goes_before_file(folder):
    (folder / "cga").write_text("000000\nffffff\n")
    assert resolve_palette("cga") == named_palette("cga")
    assert resolve_palette("./cga").hex == ["#000000", "#ffffff"]


def test_existing_file_needs_no_suffix(folder):
    (folder / "mine").write_text("000000\nffffff\n")
    assert resolve_palette("mine").name == "mine"


@pytest.mark.parametrize("text", ["missing.gpl", "no/such", "./cga"])
def test_what_looks_like_a_path_is_a_file(folder, text):
    with pytest.raises(PaletteError, match=r" does not exist\. "):
        resolve_palette(text)


def test_folder_is_no_palette(folder):
    (folder / "palettes").mkdir()
    with pytest.raises(PaletteError, match=r"^palettes is a folder\."):
        resolve_palette("palettes")


@pytest.mark.parametrize("text", ["", "game boy", "x" * 5000, "a\0b"])
def test_unknown_name(folder, text):
    with pytest.raises(
        PaletteRequestError,
        match=r"^`--palette` must be a name, a file or colors such as '#000,#fff', got '.*'\. "
        r"(Did you mean `game-boy`\?|There are: amiga-workbench-1, .*)$",
    ) as caught:
        resolve_palette(text)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#12zz00,#fff", "'#12zz00' is not a color: 'z' is not a hexadecimal digit."),
        ("#fff,,#000", "'' is not a color: it has no digits."),
        ("#000 #fff", "'#000 #fff' is not a color: ' ' is not a hexadecimal digit."),
        ("#fff", "A palette must be 2 to 256 different colors, got 1."),
    ],
)
def test_colors_spelled_wrongly(text, message):
    with pytest.raises(PaletteRequestError) as caught:
        resolve_palette(text)
    assert str(caught.value).startswith(f"`--palette`: {message} ")
    assert caught.value.exit_code == 2
