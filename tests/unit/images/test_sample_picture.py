"""`sample:NAME`: pictures that are installed with scikit-image."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import read_picture, sample_picture


@pytest.mark.parametrize("name", ["astronaut", "camera", "microaneurysms", "coffee"])
def test_the_pixels_are_those_of_skimage_data(name: str) -> None:
    pixels = getattr(import_module("skimage.data"), name)()
    expected = pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=2)
    picture = read_picture(f"sample:{name}")
    assert (picture.pixels == expected).all()
    assert picture.name == name


def test_names_of_functions_are_names_too() -> None:
    assert read_picture("sample:Shepp_Logan_Phantom").name == "shepp-logan-phantom"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sample:", r"got no name\. There are: astronaut, brick, .*, text\."),
        ("sample:astronot", r"got 'astronot'\. Did you mean `astronaut`\?"),
        ("sample:eagle", r"got 'eagle', which would be downloaded\. There are: astronaut"),
        ("sample:\n", r"got no name\."),
        ("sample:../logo.png", r"got '\.\./logo\.png'\."),
    ],
)
def test_other_names_are_refused(words: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        read_picture(words)


def test_only_what_is_installed_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "moon.png").write_bytes(b"")

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(sample_picture, "find_spec", lambda name: Spec)
    with pytest.raises(RequestError, match=r"'astronaut', which would be downloaded. There are: m"):
        sample_picture.sample_path("astronaut")


def test_a_path_is_never_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for source in (Path("sample:moon"), "./sample:moon"):
        with pytest.raises(PictureError, match="There is no file"):
            read_picture(source)
