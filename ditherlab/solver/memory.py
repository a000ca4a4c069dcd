"""A check before a run that it fits into memory."""

from dataclasses import dataclass
from math import floor, inf, log10
from typing import TYPE_CHECKING

from ditherlab.errors import PictureError
from ditherlab.problem import Limits
from ditherlab.solver.cgroups import group_memory_bytes

if TYPE_CHECKING:
    import torch

_BYTES_PER_NUMBER = 4
_SIZE_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")

# The part of the free memory that a run may take unless it is told.
_ALLOWED_PART = 0.75

# The metrics, after the run, hold some planes of the picture and many more of each band of it that
# they measure at the same time.
_METRIC_PLANES = 12
_BAND_PX = 2**17
_BAND_PLANES = 140

# Held by Python, torch and the other libraries before a run begins.
_PROGRAM_BYTES = 1 << 29

# Of a run that was not told how much memory it may take.
_MOST_SPARE_BYTES = 1 << 26


@dataclass(frozen=True)
class MemoryNeed:
    """The memory that a run takes at its peak, in planes: arrays of one number a pixel.

    Attributes:
        width: Of the picture.
        height: Of the picture.
        num_colors: Of the palette.
        stage: The stage that needs most, as messages name it.
        num_planes: Held during the run whatever the palette.
        num_planes_per_color: Held during the run for each color of the palette.
        num_copies: Copies of the pixels' choice among the colors while a palette is fitted.
        most_copied: The numbers in such a copy at most; a larger picture is fitted in bands.
        fixed_bytes: Held whatever the picture.
        num_bands: Bands that the metrics measure at the same time.
        num_kept_per_color: Planes that the solution keeps for each color of the palette.
    """

    width: int
    height: int
    num_colors: int
    stage: str
    num_planes: float
    num_planes_per_color: float
    num_copies: float = 0.0
    most_copied: float = inf
    fixed_bytes: int = 0
    num_bands: int = 1
    num_kept_per_color: float = 0.0

    @property
    def num_bytes(self) -> int:
        """The peak of memory, on top of what the program holds before."""
        return self._num_bytes_at(self.width * self.height)

    def spare_bytes(self, allowed_bytes: int | None, *, is_demanded: bool) -> int:
        """Return the memory that is left for what could be computed again.

        Args:
            allowed_bytes: What the run may take; None if that is not known.
            is_demanded: Whether a user allowed it; else a part of the free memory is left alone.
        """
        if allowed_bytes is None:
            return _MOST_SPARE_BYTES
        left = allowed_bytes - self.num_bytes
        if is_demanded:
            # The whole process should stay below what a user allowed.
            return max(0, left - _PROGRAM_BYTES)
        return max(0, min(left, _MOST_SPARE_BYTES))

    def check(self, allowed_bytes: int | None) -> None:
        """Refuse a run that cannot end well.

        Args:
            allowed_bytes: What the run may take; None if that is not known.

        Raises:
            PictureError: If it takes more; the message names a size that fits.
        """
        if allowed_bytes is None or self.num_bytes <= allowed_bytes:
            return
        more = "allow more (`--max-memory`, `Limits(memory_bytes=...)`)"
        least = self._num_bytes_at(1)
        if least > allowed_bytes:
            raise PictureError(
                f"The memory must be at least {spell_size(least)} for {self.user} with "
                f"{self.num_colors} colors, got {spell_size(allowed_bytes)}. Use fewer colors, or "
                f"{more}."
            )
        width, height = self._fitting_size(allowed_bytes)
        raise PictureError(
            f"A picture of {self.width} x {self.height} pixels with {self.num_colors} colors needs "
            f"about {spell_size(self.num_bytes)} of memory for {self.user}, and "
            f"{spell_size(allowed_bytes)} are allowed. Make it smaller than about {width} x "
            f"{height}, use fewer colors, or {more}."
        )

    @property
    def user(self) -> str:
        """The part of the run that needs most, as messages name it."""
        num_pixels = self.width * self.height
        needs_more = self._metric_numbers(num_pixels) > self._run_numbers(num_pixels)
        return "the metrics" if needs_more else self.stage

    def _num_bytes_at(self, num_pixels: int) -> int:
        numbers = max(self._run_numbers(num_pixels), self._metric_numbers(num_pixels))
        return round(_BYTES_PER_NUMBER * numbers) + self.fixed_bytes

    def _run_numbers(self, num_pixels: int) -> float:
        planes = self.num_planes + self.num_planes_per_color * self.num_colors
        copied = self.num_copies * min(self.num_colors * num_pixels, self.most_copied)
        return planes * num_pixels + copied

    def _metric_numbers(self, num_pixels: int) -> float:
        band_px = min(num_pixels, self.num_bands * _BAND_PX)
        planes = _METRIC_PLANES + self.num_kept_per_color * self.num_colors
        return planes * num_pixels + _BAND_PLANES * band_px

    def _fitting_size(self, allowed_bytes: int) -> tuple[int, int]:
        width, height = self.width, self.height
        scale = 1.0
        while self._num_bytes_at(width * height) > allowed_bytes and max(width, height) > 1:
            scale *= 0.99
            width, height = (max(1, int(size * scale)) for size in (self.width, self.height))
        return _round_down(width), _round_down(height)


def allowed_memory_bytes(limits: Limits, device: "torch.device") -> int | None:
    """Return how much memory a run may take; None where nobody tells.

    Args:
        limits: The memory in them, else three quarters of what is free.
        device: Of the run.
    """
    if limits.memory_bytes is not None:
        return limits.memory_bytes
    free = free_memory_bytes(device)
    return None if free is None else int(_ALLOWED_PART * free)


def free_memory_bytes(device: "torch.device") -> int | None:
    """Ask how much memory is free, within the limits of a container; None where nobody tells."""
    if device.type == "cuda":
        import torch

        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    # Loaded only where memory is checked.
    import psutil

    available = int(psutil.virtual_memory().available)
    left = group_memory_bytes()
    return available if left is None else min(available, left)


def spell_size(num_bytes: int) -> str:
    """Write a size with two digits or more.

    Example:
        >>> spell_size(1000), spell_size(5 << 20), spell_size(int(2.34 * 2**30))
        ('1000 bytes', '5.0 MiB', '2.3 GiB')
    """
    number, unit = float(num_bytes), ""
    for unit in _SIZE_UNITS:
        if number <= 1000 or unit == _SIZE_UNITS[-1]:
            break
        number /= 1024
    num_digits = 0 if unit == _SIZE_UNITS[0] or number >= 10 else 1
    return f"{number:.{num_digits}f} {unit}"


def _round_down(size: int) -> int:
    """Keep two digits."""
    unit = 10 ** max(0, floor(log10(size)) - 1)
    return int(size // unit * unit)
