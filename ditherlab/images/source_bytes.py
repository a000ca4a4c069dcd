"""Reading of the bytes of a source, within limits, and detection of its picture format."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from io import RawIOBase
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from ditherlab.errors import PictureError

# More than the largest picture that Pillow opens needs, with 16 bits a channel.
MAX_SOURCE_BYTES = 1 << 30
# Only raster formats: to read EPS, for example, Pillow would run another program on the file.
FORMATS = (
    *("PNG", "JPEG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "PPM", "JPEG2000", "QOI"),
    "ICO",
)
# Decoders of formats that are rarely used were tested least against malicious files.
RARE_FORMATS = ("PSD", "PCX", "DDS", "SGI", "XPM", "XBM", "TGA")

# A TGA has no distinctive first bytes.
_WITHOUT_MAGIC = {"TGA": (".tga", ".icb", ".vda", ".vst")}
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_NUM_FIRST_BYTES = 64
_NUM_CHUNK_BYTES = 1 << 20
_WRITER_DEADLINE_S = 5.0
_WAIT_S = 0.05


@runtime_checkable
class ByteStream(Protocol):
    """Anything that can be read in parts, such as `sys.stdin.buffer` or a `BytesIO`."""

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes; all that are left if it is negative."""
        ...


def read_source_bytes(
    source: str | os.PathLike[str] | ByteStream,
    label: str,
    allowed: Collection[str],
    *,
    max_bytes: int = MAX_SOURCE_BYTES,
) -> bytes:
    """Read a source to its end, if its first bytes are those of an allowed picture format.

    Args:
        source: Path of a file, a pipe or a device; or a binary stream.
        label: The name of the source in messages.
        allowed: Names of Pillow's formats.
        max_bytes: The largest size to read.

    Raises:
        PictureError: If the source cannot be read, is empty or too long, or begins like no allowed
            format; this is found out before the rest is read.
    """
    try:
        with _opened(source, label) as stream:
            return _read(stream, source, label, allowed, max_bytes)
    except PictureError:
        raise
    except FileNotFoundError:
        raise PictureError(f"There is no file {label}.") from None
    except IsADirectoryError:
        raise PictureError(f"{label} is a folder. Name a picture in it.") from None
    except PermissionError:
        raise PictureError(f"{label} cannot be read: permission denied.") from None
    except (OSError, ValueError, MemoryError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise PictureError(f"{label} cannot be read: {reason.lower()}.") from error


def _register_plugins(first: bytes) -> None:
    """Load all of Pillow's plug-ins, and that for HEIC if the bytes need it and it is installed."""
    Image.init()
    if first[4:8] == b"ftyp" and "HEIF" not in Image.OPEN:
        try:
            import pillow_heif
        except ImportError:
            return
        pillow_heif.register_heif_opener()


class _Pipe(RawIOBase):
    """A named pipe, which ends if no program opens it for writing.

    Args:
        path: Path of the pipe.
        label: Its name in messages.
        clock: Returns seconds.
    """

    def __init__(self, path: Path, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._label, self._clock = label, clock
        # Opened this way, a pipe does not wait for its writer.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._has_writer = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there, after waiting for the writer."""
        deadline_s = self._clock() + _WRITER_DEADLINE_S
        while True:
            select.select([self._descriptor], [], [], _WAIT_S)
            try:
                read = os.read(self._descriptor, len(buffer))
            except BlockingIOError:
                self._has_writer = True
                continue
            if read or self._has_writer:
                self._has_writer = True
                buffer[: len(read)] = read
                return len(read)
            if self._clock() >= deadline_s:
                raise PictureError(
                    f"{self._label} is a pipe, and no program wrote to it for "
                    f"{_WRITER_DEADLINE_S:g} seconds. Start the writer first."
                )
            time.sleep(_WAIT_S)

    def close(self) -> None:
        """Close the pipe."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def read_bounded(source: str | os.PathLike[str] | ByteStream, label: str, max_bytes: int) -> bytes:
    """Read a file, a pipe, a device or a stream, up to one byte more than a limit.

    Raises:
        PictureError: For a pipe without a writer, or a terminal.
        OSError: If the file cannot be read.
    """
    data = bytearray()
    with _opened(source, label) as stream:
        _fill(data, stream, max_bytes + 1)
    return bytes(data)


def _fill(data: bytearray, stream: ByteStream, num_bytes: int) -> None:
    """Read until there are so many bytes in all, or the stream ends."""
    while len(data) < num_bytes:
        part = stream.read(min(_NUM_CHUNK_BYTES, num_bytes - len(data)))
        if not part:
            return
        data += part


@contextmanager
def _opened(source: str | os.PathLike[str] | ByteStream, label: str) -> Iterator[ByteStream]:
    if not isinstance(source, str | os.PathLike):
        yield source
        return
    path = Path(source)
    if stat.S_ISFIFO(path.stat().st_mode):
        with _Pipe(path, label) as pipe:
            yield pipe
        return
    with path.open("rb", buffering=0) as file:
        if file.isatty():
            raise PictureError(f"{label} is a terminal. Name a file, or pipe a picture in.")
        yield file


def _read(
    stream: ByteStream,
    source: object,
    label: str,
    allowed: Collection[str],
    max_bytes: int,
) -> bytes:
    data = bytearray()
    _fill(data, stream, _NUM_FIRST_BYTES)
    _check_format(bytes(data), source, label, allowed)
    _fill(data, stream, max_bytes + 1)
    if len(data) > max_bytes:
        raise PictureError(
            f"{label} must be at most {max_bytes / 1e6:.0f} MB, got more. Make the picture "
            "smaller first."
        )
    return bytes(data)


def _check_format(first: bytes, source: object, label: str, allowed: Collection[str]) -> None:
    """Refuse a source that begins like no allowed format."""
    if not first:
        raise PictureError(f"{label} is empty.")
    # The plug-ins of common formats suffice for most pictures, and load in a tenth of the time.
    for load in (Image.preinit, partial(_register_plugins, first)):
        load()
        if any(_begins_like(first, known) for known in allowed):
            return
    suffix = Path(source).suffix.lower() if isinstance(source, str | os.PathLike) else ""
    for rare in RARE_FORMATS:
        is_suffix_known = suffix in _WITHOUT_MAGIC.get(rare, (f".{rare.lower()}",))
        if rare not in allowed and _begins_like(first, rare) and is_suffix_known:
            raise PictureError(
                f"{label} is a {rare} picture, a format that is rarely used and whose decoder is "
                f"little tested. If you trust the file, use `--allow-format {rare.lower()}`."
            )
    if first[4:8] == b"ftyp" and first[8:12] in _HEIF_BRANDS:
        raise PictureError(
            f"{label} is a HEIC picture, which needs the package pillow-heif. Install it: "
            "`pip install 'ditherlab[heic]'`."
        )
    raise PictureError(
        f"{label} is not a picture of a known format, or its header is damaged. "
        "Use PNG, JPEG, WebP, GIF or TIFF."
    )


def _begins_like(first: bytes, known: str) -> bool:
    """Return whether Pillow's plug-in of a format accepts the first bytes of a file."""
    if known not in Image.OPEN:
        return False
    accepts = Image.OPEN[known][1]
    try:
        return accepts is None or bool(accepts(first[:16]))
    # Plug-ins unpack numbers from the first bytes, which may be too few.
    except Exception:
        return False
