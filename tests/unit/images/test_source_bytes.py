"""Sources without an end, without a writer, too long, cut off, or of formats that are not read."""

import os
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import ReadingOptions, read_picture, source_bytes
from ditherlab.images.source_bytes import FORMATS, RARE_FORMATS, read_source_bytes

PIXELS = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def encoded(file_format: str, image: Image.Image | None = None, **options: object) -> bytes:
    file = BytesIO()
    (image or Image.fromarray(PIXELS)).save(file, file_format, **options)
    return file.getvalue()


class Endless:
    """A stream that never ends, and counts what was taken from it."""

    def __init__(self, beginning: bytes, rest: bytes) -> None:
        self.beginning, self.rest = beginning, rest
        self.num_taken = 0

    def read(self, size: int = -1, /) -> bytes:
        assert size > 0, "An endless stream must not be read to its end."
        given = (self.beginning + self.rest * size)[:size]
        self.beginning = self.beginning[size:]
        self.num_taken += size
        return given


@pytest.mark.parametrize("rest", [b"\0", b"y\n", b"\xff", b"P", b"GIF"])
def test_a_stream_without_end_is_refused_by_its_beginning(rest: bytes) -> None:
    stream = Endless(b"", rest)
    with pytest.raises(PictureError, match="standard input is not a picture of a known format"):
        read_picture(stream)
    assert stream.num_taken < 1000


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "BMP", "PPM"])
def test_a_picture_without_end_is_refused_by_its_length(file_format: str) -> None:
    stream = Endless(encoded(file_format), b"\0")
    with pytest.raises(PictureError, match="standard input must be at most 2 MB, got more"):
        read_source_bytes(stream, "standard input", FORMATS, max_bytes=2_000_000)
    assert stream.num_taken < 4_000_000


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_devices_are_refused() -> None:
    for device in ("/dev/zero", "/dev/urandom", "/dev/null"):
        with pytest.raises(PictureError):
            read_picture(device)


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "pipe.png"
    os.mkfifo(path)
    yield path
    path.unlink()


def test_a_pipe_without_a_writer_is_refused(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_bytes, "_WRITER_DEADLINE_S", 0.0)
    with pytest.raises(PictureError, match=r"pipe\.png is a pipe, and no program wrote to it"):
        read_picture(pipe)


def test_a_pipe_with_a_slow_writer_is_read(pipe: Path) -> None:
    data = encoded("PNG")
    written = threading.Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as end:
            end.write(data[:50])
            written.wait(0.2)
            end.write(data[50:])

    writer = threading.Thread(target=write)
    writer.start()
    picture = read_picture(pipe)
    writer.join()
    assert (picture.pixels == PIXELS).all()


@pytest.mark.parametrize(
    "rare", [name for name in RARE_FORMATS if name not in ("PSD", "XPM", "XBM")]
)
def test_rare_formats_are_read_on_request_only(rare: str, tmp_path: Path) -> None:
    path = tmp_path / f"some.{rare.lower()}"
    path.write_bytes(encoded(rare))
    with pytest.raises(PictureError, match=f"is a {rare} picture.*`--allow-format {rare.lower()}`"):
        read_picture(path)
    picture = read_picture(path, ReadingOptions(allow_formats=[rare.lower()]))
    assert (picture.pixels == PIXELS).all()
    with pytest.raises(PictureError):
        read_picture(path, ReadingOptions(allow_formats=["psd"]))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("psd", b"8BPS\0\1" + bytes(40)),
        ("xpm", b"/* XPM */\nstatic char"),
        ("xbm", b"#define x_width 8\n"),
    ],
)
def test_rare_formats_that_pillow_only_reads(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / f"some.{name}").write_bytes(data)
    with pytest.raises(PictureError, match=f"`--allow-format {name}`"):
        read_picture(tmp_path / f"some.{name}")


@pytest.mark.parametrize("name", ["gif", "eps", "", "psd,", "TIFFX"])
def test_other_names_of_formats_are_refused(name: str) -> None:
    with pytest.raises(RequestError, match="`--allow-format` must be a format that is not read"):
        ReadingOptions(allow_formats=[name])


def _cut(data: bytes) -> list[bytes]:
    return [data[: int(share * len(data))] for share in np.linspace(0.3, 0.99, 8)]


GRAY = Image.fromarray(PIXELS[:, :, 0])
WHOLE = {
    "BMP": encoded("BMP"),
    "BMP of a palette": encoded("BMP", GRAY.quantize(16)),
    "PPM": encoded("PPM"),
    "PPM of 1 bit": encoded("PPM", GRAY.convert("1")),
    "QOI": encoded("QOI"),
    "AVIF": encoded("AVIF"),
    "JPEG2000": encoded("JPEG2000"),
    "ICO": encoded("ICO"),
    "TIFF": encoded("TIFF"),
    "TIFF of LZW": encoded("TIFF", compression="tiff_lzw"),
    "TIFF of JPEG": encoded("TIFF", compression="jpeg"),
    "TIFF of group 4": encoded("TIFF", GRAY.convert("1"), compression="group4"),
    "PCX": encoded("PCX"),
    "DDS": encoded("DDS"),
    "SGI": encoded("SGI"),
    "TGA": encoded("TGA"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_picture_that_is_cut_off_is_refused(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """C libraries write nothing to standard error meanwhile."""
    options = ReadingOptions(allow_formats=RARE_FORMATS)
    whole = read_picture(BytesIO(WHOLE[kind]), options)
    for data in _cut(WHOLE[kind]):
        try:
            picture = read_picture(BytesIO(data), options)
        except PictureError as error:
            assert len(str(error).splitlines()) == 1
        else:
            assert (picture.pixels == whole.pixels).all()
    assert capfd.readouterr() == ("", "")


def test_libtiff_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    for compression in ("tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits", "tiff_ccitt"):
        image = GRAY.convert("1") if compression == "tiff_ccitt" else None
        data = bytearray(encoded("TIFF", image, compression=compression))
        for place in range(20, len(data), 7):
            data[place] ^= 0x55
            try:
                read_picture(BytesIO(bytes(data)))
            except PictureError as error:
                assert len(str(error).splitlines()) == 1
    assert capfd.readouterr() == ("", "")


def test_heic_without_its_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    data = b"\0\0\0\x18ftypheic" + bytes(60)
    with pytest.raises(PictureError, match=r"needs the package pillow-heif. Install it: .*heic"):
        read_picture(BytesIO(data))
