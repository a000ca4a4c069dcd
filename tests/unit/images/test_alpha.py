"""Transparency: keys in the file's own units, and what becomes of partly transparent pixels."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import Picture, ReadingOptions, read_picture
from ditherlab.images.indexed_image import IndexedImage
from tests.png_files import png

COLORS = np.random.default_rng(2).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def pack(samples: np.ndarray, depth: int) -> bytes:
    """Pack rows of samples into a PNG's bytes, with a filter byte before each."""
    rows = b""
    for row in samples:
        if depth == 16:
            rows += b"\0" + row.astype(">u2").tobytes()
        else:
            bits = "".join(f"{value:0{depth}b}" for value in row.ravel())
            bits += "0" * (-len(bits) % 8)
            rows += b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return rows


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("seed", range(3))
def test_a_gray_key_is_in_the_files_units(depth: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    samples = random.integers(0, 1 << depth, (5, 9))
    key = int(samples[2, 3])
    file = png(9, 5, depth, 0, pack(samples, depth), tRNS=struct.pack(">H", key))
    picture = read_picture(BytesIO(file))
    assert (picture.opaque == (samples != key)).all()
    assert not picture.opaque.all()


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("seed", range(3))
def test_a_color_key_is_in_the_files_units(depth: int, seed: int) -> None:
    """Colors that differ only in the lower byte are not transparent."""
    random = np.random.default_rng(seed)
    high = random.integers(0, 2, (5, 9, 3)) * (1 << depth - 1)
    samples = high + random.integers(0, 2, (5, 9, 3))
    key = samples[2, 3]
    file = png(9, 5, depth, 2, pack(samples, depth), tRNS=struct.pack(">3H", *key))
    picture = read_picture(BytesIO(file))
    assert (picture.opaque == (samples != key).any(axis=2)).all()


def test_the_unused_bits_of_a_key_are_ignored() -> None:
    samples = np.array([[0, 1, 2, 3]])
    file = png(4, 1, 2, 0, pack(samples, 2), tRNS=struct.pack(">H", 0xFF01))
    assert read_picture(BytesIO(file)).opaque.tolist() == [[True, False, True, True]]


def with_alpha(*alphas: int) -> BytesIO:
    image = Image.fromarray(COLORS[:1, : len(alphas)])
    image.putalpha(Image.fromarray(np.array([alphas], dtype=np.uint8)))
    file = BytesIO()
    image.save(file, "PNG")
    return BytesIO(file.getvalue())


def read(file: BytesIO, **options: object) -> Picture:
    return read_picture(file, ReadingOptions(**options))  # type: ignore[arg-type]


def test_hard_alpha_is_cut_by_default() -> None:
    picture = read(with_alpha(0, 255, 255))
    assert picture.opaque.tolist() == [[False, True, True]]
    assert picture.notes == ()
    assert picture.alpha is None


def test_soft_alpha_is_put_on_white_by_default_with_a_note() -> None:
    picture = read(with_alpha(0, 51, 255))
    assert picture.opaque.all()
    assert picture.pixels[0, 0].tolist() == [255, 255, 255]
    expected = np.floor(COLORS[0, 1] * 0.2 + 255 * 0.8 + 0.5)
    assert (picture.pixels[0, 1] == expected).all()
    assert (picture.pixels[0, 2] == COLORS[0, 2]).all()
    (note,) = picture.notes
    assert note.startswith("Its partly transparent pixels were put on white.")
    assert all(word in note for word in ("--background", "--alpha keep", "--alpha cut"))


@pytest.mark.parametrize("alphas", [(0, 255), (0, 100), (100, 100)])
@pytest.mark.parametrize("options", [{}, {"alpha": "blend"}])
def test_a_background_blends(alphas: tuple[int, ...], options: dict[str, object]) -> None:
    picture = read(with_alpha(*alphas), background=(10, 200, 30), **options)
    weights = np.array(alphas)[:, np.newaxis] / 255
    expected = COLORS[0, : len(alphas)] * weights + np.array([10, 200, 30]) * (1 - weights)
    assert abs(picture.pixels[0] - expected).max() <= 0.5 + 1e-6
    assert picture.opaque.all()
    assert picture.notes == ()


@pytest.mark.parametrize("alpha", [1, 2, 127, 254])
def test_a_single_soft_alpha_is_enough_to_blend(alpha: int) -> None:
    assert read(with_alpha(0, alpha, 255, 255)).opaque.all()
    assert not read(with_alpha(0, 255, 255, 255)).opaque.all()


def test_alpha_is_cut_on_request() -> None:
    picture = read(with_alpha(0, 127, 128, 255), alpha="cut")
    assert picture.opaque.tolist() == [[False, False, True, True]]
    assert len(picture.notes) == 1


@pytest.mark.parametrize("alphas", [(100,) * 4, (1, 127), (0, 1), (127,), (50, 0, 0, 3)])
def test_where_nothing_is_left_the_message_says_what_to_do(alphas: tuple[int, ...]) -> None:
    picture = read(with_alpha(*alphas), alpha="cut")
    assert not picture.opaque.any()
    (note,) = picture.notes
    assert all(word in note for word in ("one half", "--alpha blend", "--alpha keep"))


def test_one_half_is_not_below_one_half() -> None:
    picture = read(with_alpha(128, 0), alpha="cut")
    assert picture.opaque.tolist() == [[True, False]]
    assert not any("Every pixel" in note for note in picture.notes)
    black = read(with_alpha(0, 255), background=(0, 0, 0))
    assert black.pixels[0, 0].tolist() == [0, 0, 0]


def test_alpha_and_mask_agree_in_every_pixel() -> None:
    alpha = np.array([[9, 0, 255]], dtype=np.uint8)
    pixels = np.zeros((1, 3, 3), dtype=np.uint8)
    for wrong in range(3):
        opaque = alpha > 0
        opaque[0, wrong] ^= True
        with pytest.raises(PictureError, match="must be 0 exactly where `opaque` is False"):
            Picture(pixels, opaque, alpha=alpha)
    assert Picture(pixels, alpha > 0, alpha=alpha).has_transparency


def test_alpha_is_kept_on_request() -> None:
    picture = read(with_alpha(0, 51, 255), alpha="keep")
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[0, 51, 255]]
    assert picture.opaque.tolist() == [[False, True, True]]
    assert (picture.pixels[0] == COLORS[0, :3]).all()
    cut = picture.crop(left=1, top=0, width=2, height=1)
    assert cut.alpha is not None
    assert cut.alpha.tolist() == [[51, 255]]


@pytest.mark.parametrize("alpha", ["", "CUT", "blendd", "none", "opaque"])
def test_other_words_are_refused(alpha: str) -> None:
    with pytest.raises(RequestError, match=r"`ReadingOptions\(alpha=...\)` must be"):
        ReadingOptions(alpha=alpha)  # type: ignore[arg-type]


@pytest.mark.parametrize("color", ["#fff", (1, 2), (1, 2, 256), (0.5, 0, 0), 7])
def test_other_backgrounds_are_refused(color: object) -> None:
    with pytest.raises(RequestError, match=r"background=...\)` must be three whole numbers"):
        ReadingOptions(background=color)  # type: ignore[arg-type]


@pytest.mark.parametrize("alpha", ["cut", "keep"])
def test_a_background_that_would_be_ignored_is_refused(alpha: str) -> None:
    with pytest.raises(RequestError, match="`--background` needs `--alpha blend`"):
        ReadingOptions(alpha=alpha, background=(0, 0, 0))  # type: ignore[arg-type]


def test_the_alpha_of_tiff_and_of_palettes_is_kept_too() -> None:
    image = Image.fromarray(COLORS[:1, :4])
    image.putalpha(Image.fromarray(np.array([[0, 90, 180, 255]], dtype=np.uint8)))
    file = BytesIO()
    image.save(file, "TIFF")
    picture = read(BytesIO(file.getvalue()), alpha="keep")
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[0, 90, 180, 255]]
    indexed = png(4, 1, 8, 3, b"\0\0\1\2\3", PLTE=COLORS[0, :4].tobytes(), tRNS=bytes([0, 90, 180]))
    picture = read(BytesIO(indexed), alpha="keep")
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[0, 90, 180, 255]]


def test_colors_that_a_tiff_multiplies_by_alpha_are_divided() -> None:
    image = Image.fromarray(np.array([[[100, 50, 0, 128], [9, 8, 7, 255]]], dtype=np.uint8))
    file = BytesIO()
    image.save(file, "TIFF")
    # ExtraSamples is 2 for other alpha, and 1 for colors that are multiplied by it.
    separate, associated = (struct.pack("<HHII", 338, 3, 1, kind) for kind in (2, 1))
    assert separate in file.getvalue()
    data = file.getvalue().replace(separate, associated)
    picture = read(BytesIO(data), alpha="keep")
    assert abs(picture.pixels[0, 0].astype(int) - [199, 100, 0]).max() <= 1
    assert picture.pixels[0, 1].tolist() == [9, 8, 7]


def alphas_of(image: IndexedImage) -> np.ndarray:
    return np.array(image.alphas or [255] * len(image.colors))[image.places]


@pytest.mark.parametrize("num_colors", [2, 16, 40, 100, 127])
def test_kept_alphas_are_exact_or_as_near_as_there_is_room(num_colors: int) -> None:
    random = np.random.default_rng(num_colors)
    colors = [(value, 255 - value, 7) for value in range(num_colors)]
    places = random.integers(0, num_colors, (24, 32)).astype(np.uint8)
    alpha = random.integers(0, 256, (24, 32)).astype(np.uint8)
    alpha[0] = 0
    image = IndexedImage.of(places, colors, alpha > 0, alpha=alpha)
    shown = alphas_of(image)
    assert len(image.colors) <= 256
    opaque = alpha > 0
    assert (shown[~opaque] == 0).all()
    table = np.array(image.colors)
    seen = shown > 0
    assert (table[image.places][seen] == np.array(colors)[places][seen]).all()
    error = abs(shown.astype(int) - alpha)[opaque]
    room = (256 - num_colors - 1) // num_colors
    # Levels lie 255 / (room + 1) apart, and each alpha gets the nearest.
    assert error.max() <= 255 / (room + 1) / 2 + 1
    few = np.where(alpha < 128, np.uint8(90), np.uint8(255))
    exact = IndexedImage.of(places % 2, colors[:2], np.ones_like(opaque), alpha=few)
    assert (alphas_of(exact) == few).all()
    assert len(exact.colors) == 4


def test_alphas_without_any_room_are_refused() -> None:
    colors = [(value, 0, 0) for value in range(256)]
    places = np.zeros((4, 4), dtype=np.uint8)
    with pytest.raises(PictureError, match="Partly transparent pixels need entries beside the 256"):
        IndexedImage.of(
            places, colors, np.ones((4, 4), dtype=bool), alpha=np.full((4, 4), 9, dtype=np.uint8)
        )
