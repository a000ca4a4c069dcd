import pytest

from ditherlab.errors import RequestError
from ditherlab.problem import LearnedPalette, Problem


@pytest.mark.parametrize(("palette", "got"), [(8, "8"), ("pico-8", "'pico-8'"), (None, "None")])
def test_a_palette_must_be_one_or_be_learned(photo, palette, got):
    with pytest.raises(
        RequestError, match=rf"must be a `Palette` or a `LearnedPalette`, got {got}"
    ):
        Problem(picture=photo, palette=palette)


def test_the_default_palette_is_learned(photo):
    assert Problem(picture=photo).palette == LearnedPalette(16)
