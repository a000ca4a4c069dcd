"""Colors are read by what a PNG, an AVIF or a camera states about them."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import PaletteError
from ditherlab.images import read_picture
from ditherlab.palette import parse_palette
from ditherlab.vision.color_encoding import PRIMARIES, ColorEncoding
from ditherlab.vision.color_tags import read_color_tags
from tests.color_profiles import swapped_profile
from tests.png_files import chromaticities_chunk, gamma_chunk, png, rgb_png

COLOR = (187, 221, 170)
SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
CICP_P3, CICP_SRGB = bytes([12, 13, 0, 1]), bytes([1, 13, 0, 1])
# As computed by hand: Display P3 has the curve of sRGB, the chunks state a power of 2.2.
P3_BY_CODE, P3_BY_CHUNKS = (178, 222, 165), (180, 223, 166)


def read(data: bytes) -> tuple[int, ...]:
    return tuple(read_picture(BytesIO(data)).pixels[0, 0].tolist())


def icc_chunk(profile: bytes) -> bytes:
    return b"some\0\0" + zlib.compress(profile)


def srgb_of_light(light: float) -> int:
    encoded = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return int(encoded * 255 + 0.5)


@pytest.mark.parametrize("gamma", [0.3, 0.4, 0.55, 0.7, 1.0, 1.6])
def test_a_gamma_is_applied(gamma: float) -> None:
    expected = tuple(srgb_of_light((level / 255) ** (1 / gamma)) for level in COLOR)
    assert read(rgb_png(COLOR, gAMA=gamma_chunk(gamma))) == expected
    gray = png(3, 1, 8, 0, b"\0" + bytes(COLOR), gAMA=gamma_chunk(gamma))
    picture = read_picture(BytesIO(gray))
    assert picture.is_gray
    assert tuple(picture.pixels[0, :, 0].tolist()) == expected


def test_linear_light_of_the_table() -> None:
    assert read(rgb_png(COLOR, gAMA=gamma_chunk(1))) == (222, 239, 213)


@pytest.mark.parametrize(
    "chunks",
    [
        {"gAMA": gamma_chunk(0.45455)},
        {"cHRM": chromaticities_chunk(*SRGB)},
        {"gAMA": gamma_chunk(0.45455), "cHRM": chromaticities_chunk(*SRGB)},
        {"gAMA": gamma_chunk(0.4545), "cHRM": chromaticities_chunk(*np.array(SRGB) + 5e-5)},
        {"sRGB": b"\0"},
        {"sRGB": b"\1", "gAMA": gamma_chunk(1), "cHRM": chromaticities_chunk(*P3)},
        {"cICP": CICP_SRGB},
        {"cICP": CICP_SRGB, "gAMA": gamma_chunk(1)},
        {"cICP": bytes([1, 1, 0, 1])},
        {"gAMA": gamma_chunk(0)},
        {"cHRM": chromaticities_chunk(*[0.3] * 8)},
        {"cHRM": bytes(32)},
    ],
)
def test_chunks_that_say_srgb_or_nothing_change_nothing(chunks: dict[str, bytes]) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (9, 27), dtype=np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    picture = read_picture(BytesIO(png(9, 9, 8, 2, rows, **chunks)))
    assert (picture.pixels.reshape(9, 27) == pixels).all()
    assert picture.notes == ()


def test_primaries_are_applied() -> None:
    chunks = {"gAMA": gamma_chunk(0.45455), "cHRM": chromaticities_chunk(*P3)}
    assert read(rgb_png(COLOR, **chunks)) == P3_BY_CHUNKS
    assert read(rgb_png(COLOR, cICP=CICP_P3)) == P3_BY_CODE


def test_the_precedence_is_that_of_the_specification() -> None:
    """cICP, then iCCP, then sRGB, then gAMA and cHRM."""
    swapped = {"iCCP": icc_chunk(swapped_profile())}
    linear = {"gAMA": gamma_chunk(1)}
    assert read(rgb_png(COLOR, cICP=CICP_P3, **swapped, sRGB=b"\0", **linear)) == P3_BY_CODE
    got = read(rgb_png(COLOR, **swapped, sRGB=b"\0", **linear))
    assert np.abs(np.subtract(got, COLOR[::-1])).max() <= 1
    assert read(rgb_png(COLOR, sRGB=b"\0", **linear)) == COLOR
    assert read(rgb_png(COLOR, **linear)) == (222, 239, 213)


def test_a_profile_that_cannot_be_used_leaves_the_chunks() -> None:
    data = rgb_png(COLOR, iCCP=icc_chunk(b"none"), gAMA=gamma_chunk(1))
    picture = read_picture(BytesIO(data))
    assert picture.pixels[0, 0].tolist() == [222, 239, 213]
    assert picture.notes == ("Its color profile cannot be read, and was ignored.",)


@pytest.mark.parametrize("codes", [(1, 2), (0, 3), (200, 255), (9, 99), (12, 0)])
def test_unknown_code_points_are_ignored_with_a_note(codes: tuple[int, int]) -> None:
    picture = read_picture(BytesIO(rgb_png(COLOR, cICP=bytes([*codes, 0, 1]))))
    assert tuple(picture.pixels[0, 0].tolist()) == COLOR
    assert f"code points {codes[0]} and {codes[1]} are unknown" in picture.notes[0]


@pytest.mark.parametrize("primaries", [0, 2, 3, 77, 255])
def test_hdr_is_never_taken_as_srgb(primaries: int) -> None:
    for transfer in (16, 18):
        expected = read_picture(BytesIO(rgb_png(COLOR, cICP=bytes([9, transfer, 0, 1]))))
        got = read_picture(BytesIO(rgb_png(COLOR, cICP=bytes([primaries, transfer, 0, 1]))))
        assert (got.pixels == expected.pixels).all()
        assert got.notes[0] == "Its primaries are not specified; those of BT.2020 were assumed."
        assert "HDR" in got.notes[1]
        assert "BT.2020" in read_picture(BytesIO(avif(primaries, transfer, COLOR))).notes[0]
    # Colors that are sRGB by their curve stay as they are.
    assert read(rgb_png(COLOR, cICP=bytes([primaries, 13, 0, 1]))) == COLOR
    linear = read(rgb_png(COLOR, cICP=bytes([primaries, 8, 0, 1])))
    assert linear == read(rgb_png(COLOR, cICP=bytes([1, 8, 0, 1])))


def test_unspecified_code_points_say_nothing() -> None:
    picture = read_picture(BytesIO(rgb_png(COLOR, cICP=bytes([2, 2, 0, 1]))))
    assert (picture.notes, tuple(picture.pixels[0, 0].tolist())) == ((), COLOR)


def test_a_narrow_range_is_widened() -> None:
    data = png(3, 1, 8, 0, b"\0" + bytes([16, 235, 5]), cICP=bytes([1, 13, 0, 0]))
    assert read_picture(BytesIO(data)).pixels[0, :, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("primaries", [1, 9, 12])
def test_hdr_is_compressed_with_a_note(primaries: int, transfer: int) -> None:
    ramp = bytes(level for level in range(256) for _ in range(3))
    data = png(256, 1, 8, 2, b"\0" + ramp, cICP=bytes([primaries, transfer, 0, 1]))
    picture = read_picture(BytesIO(data))
    (note,) = picture.notes
    assert note.startswith(f"It is an HDR picture ({'PQ' if transfer == 16 else 'HLG'})")
    levels = picture.pixels[0].astype(int)
    assert abs(levels - levels[:, :1]).max() <= 1
    assert (np.diff(levels[:, 0]) >= 0).all()
    assert (levels[0, 0], levels[-1, 0]) == (0, 255)
    # Diffuse white, .58 of PQ and .75 of HLG, is bright, and highlights beyond it differ.
    white = round((0.58 if transfer == 16 else 0.75) * 255)
    assert 150 < levels[white, 0] < 245
    assert len(set(levels[white:, 0])) > 20


def test_hdr_that_stays_below_white_is_not_compressed() -> None:
    """Source: ITU-R BT.2100-2, table 4: 100 cd/m2 are .508 of PQ, 0.493 of diffuse white."""
    data = png(1, 1, 8, 0, b"\0" + bytes([round(0.508 * 255)]), cICP=bytes([9, 16, 0, 1]))
    level = read_picture(BytesIO(data)).pixels[0, 0, 0]
    assert abs(int(level) - srgb_of_light(100 / 203)) <= 2


@pytest.mark.parametrize("color_type", [0, 2, 6])
@pytest.mark.parametrize(
    "chunks", [{"gAMA": gamma_chunk(1)}, {"cICP": bytes([1, 16, 0, 1])}], ids=["linear", "PQ"]
)
def test_16_bits_are_decoded_with_all_their_bits(color_type: int, chunks: dict[str, bytes]) -> None:
    """8 bits of linear light would leave only 13 of the darkest 50 levels of sRGB."""
    num_channels = {0: 1, 2: 3, 6: 4}[color_type]
    top = 3000 if "gAMA" in chunks else 36_000
    samples = np.linspace(0, top, 512).round().astype(">u2")[:, np.newaxis].repeat(num_channels, 1)
    if color_type == 6:
        samples[:, 3] = 65535
    picture = read_picture(
        BytesIO(png(512, 1, 16, color_type, b"\0" + samples.tobytes(), **chunks))
    )
    levels = picture.pixels[0].astype(int)
    assert (levels == levels[:, :1]).all()
    assert (np.diff(levels[:, 0]) >= 0).all()
    assert len(set(levels[:, 0])) == levels.max() + 1
    assert picture.opaque.all()


def test_a_camera_states_adobe_rgb() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    plain = Image.new("RGB", (16, 16), (160, 100, 100))
    written = BytesIO()
    plain.save(written, "JPEG", exif=exif, quality=100)
    red, green, blue = read(written.getvalue())
    assert red > 175
    assert abs(green - 100) <= 3
    assert abs(blue - green) <= 4


def avif(primaries: int, transfer: int, color: tuple[int, int, int]) -> bytes:
    """Write a picture and replace the code points that it states."""
    file = BytesIO()
    Image.new("RGB", (16, 16), color).save(file, "AVIF", quality=100, subsampling="4:4:4")
    data = bytearray(file.getvalue())
    place = data.index(b"colrnclx") + 8
    data[place : place + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


@pytest.mark.parametrize("primaries", [1, 9, 12])
def test_the_code_points_of_avif(primaries: int) -> None:
    expected = read(rgb_png(COLOR, cICP=bytes([primaries, 13, 0, 1])))
    got = read(avif(primaries, 13, COLOR))
    assert np.abs(np.subtract(got, expected)).max() <= 4
    assert "HDR" in read_picture(BytesIO(avif(primaries, 16, COLOR))).notes[0]


def test_heic_is_read_with_its_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    file = BytesIO()
    Image.new("RGB", (64, 64), COLOR).save(file, "HEIF", quality=100)
    # The plug-in is loaded when a file needs it.
    monkeypatch.delitem(Image.OPEN, "HEIF")
    assert np.abs(np.subtract(read(file.getvalue()), COLOR)).max() <= 4


@pytest.mark.parametrize("seed", range(6))
def test_a_palette_has_the_colors_of_the_same_picture(seed: int) -> None:
    """Profiles and chunks hold for indexed pictures and for palettes too."""
    random = np.random.default_rng(seed)
    table = [tuple(color) for color in random.integers(0, 256, (4, 3)).tolist()]
    chunks: dict[str, bytes] = [
        {"iCCP": icc_chunk(swapped_profile())},
        {"gAMA": gamma_chunk(0.7)},
        {"cICP": CICP_P3},
    ][seed % 3]
    flat = bytes(level for color in table for level in color)
    if seed < 3:
        data = png(4, 1, 8, 3, b"\0\0\1\2\3", **chunks, PLTE=flat)
    else:
        data = png(4, 1, 8, 2, b"\0" + flat, **chunks)
    pixels = [tuple(pixel) for pixel in read_picture(BytesIO(data)).pixels[0].tolist()]
    assert list(parse_palette(data, "some.png").colors) == pixels
    assert pixels != table


def test_a_palette_of_hdr_or_damage_is_no_surprise() -> None:
    with pytest.raises(PaletteError):
        parse_palette(rgb_png(COLOR)[:-20], "some.png")


def test_encodings_of_all_code_points_are_finite() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256, 1)
    for primaries in PRIMARIES:
        for transfer in (1, 4, 5, 7, 8, 9, 10, 13, 16, 17, 18):
            encoding = ColorEncoding.from_code_points(primaries, transfer)
            assert encoding is not None
            shown = encoding.to_srgb(ramp.repeat(3, axis=2)).astype(int)
            # White stays white and gray stays gray.
            assert np.ptp(shown, axis=2).max() <= 1
            assert (np.diff(shown[0, :, 0]) >= 0).all()
            assert shown[0, -1].min() >= 254


def test_bands_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 8, 3), dtype=np.uint8)
    encoding = ColorEncoding.from_code_points(9, 16)
    assert encoding is not None
    whole = encoding.to_srgb(pixels)
    monkeypatch.setattr("ditherlab.vision.color_encoding._BAND_NUM_PX", 24)
    assert (encoding.to_srgb(pixels) == whole).all()


def test_a_cut_png_has_no_tags() -> None:
    image = Image.open(BytesIO(rgb_png(COLOR, gAMA=gamma_chunk(1))))
    for end in range(8, 60, 5):
        read_color_tags(image, rgb_png(COLOR, gAMA=gamma_chunk(1))[:end])
