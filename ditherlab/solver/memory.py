"""A check before a run that it fits into memory."""

from dataclasses import dataclass
from math import floor, inf, log10
from pathlib import Path
from typing import TYPE_CHECKING

from ditherlab.errors import PictureError

if TYPE_CHECKING:
    import torch

_BYTES_PER_NUMBER = 4
_BYTES_PER_GIB = 2**30

# The metrics, after the run, hold some planes of the picture and many more of a band of it.
_METRIC_PLANES = 90
_BAND_PX = 2**18
_BAND_PLANES = 190

_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class MemoryNeed:
    """The memory that a run takes at its peak, in planes: arrays of one number a pixel.

    Attributes:
        width: Of the picture.
        height: Of the picture.
        num_colors: Of the palette.
        num_planes: Held during the run whatever the palette.
        num_planes_per_color: Held during the run for each color of the palette.
        num_copies: Copies of the pixels' choice among the colors while a palette is fitted.
        most_copied: The numbers in such a copy at most; a larger picture is fitted in bands.
    """

    width: int
    height: int
    num_colors: int
    num_planes: float
    num_planes_per_color: float
    num_copies: float = 0.0
    most_copied: float = inf

    @property
    def num_bytes(self) -> int:
        """The peak of memory, on top of what the program holds before."""
        return self._num_bytes_at(self.width * self.height)

    def check(self, num_free_bytes: int | None) -> None:
        """Refuse a run that cannot end well.

        Args:
            num_free_bytes: What the run may take; None if that is not known.

        Raises:
            PictureError: If it takes more; the message names a size that fits.
        """
        if num_free_bytes is None or self.num_bytes <= num_free_bytes:
            return
        width, height = self._fitting_size(num_free_bytes)
        raise PictureError(
            f"A picture of {self.width} x {self.height} pixels with {self.num_colors} colors needs "
            f"about {_spell(self.num_bytes)} of memory, and {_spell(num_free_bytes)} are free. "
            f"Make it smaller than about {width} x {height}, or use fewer colors."
        )

    def _num_bytes_at(self, num_pixels: int) -> int:
        planes = self.num_planes + self.num_planes_per_color * self.num_colors
        copied = self.num_copies * min(self.num_colors * num_pixels, self.most_copied)
        metrics = _METRIC_PLANES * num_pixels + _BAND_PLANES * min(num_pixels, _BAND_PX)
        return round(_BYTES_PER_NUMBER * max(planes * num_pixels + copied, metrics))

    def _fitting_size(self, num_free_bytes: int) -> tuple[int, int]:
        width, height = self.width, self.height
        scale = 1.0
        while self._num_bytes_at(width * height) > num_free_bytes and max(width, height) > 1:
            scale *= 0.99
            width, height = (max(1, int(size * scale)) for size in (self.width, self.height))
        return _round_down(width), _round_down(height)


def free_memory_bytes(device: "torch.device") -> int | None:
    """Ask how much memory a run may take; None where nobody tells."""
    if device.type == "cuda":
        import torch

        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu" or not _MEMINFO.exists():
        return None
    fields = (line.split() for line in _MEMINFO.read_text(encoding="ascii").splitlines())
    kibibytes = {words[0]: words[1] for words in fields}.get("MemAvailable:")
    return None if kibibytes is None else 1024 * int(kibibytes)


def _spell(num_bytes: int) -> str:
    gibibytes = num_bytes / _BYTES_PER_GIB
    return f"{gibibytes:.0f} GiB" if gibibytes >= 10 else f"{gibibytes:.1f} GiB"


def _round_down(size: int) -> int:
    """Keep two digits."""
    unit = 10 ** max(0, floor(log10(size)) - 1)
    return int(size // unit * unit)
