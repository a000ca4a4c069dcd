"""The runs that are measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["table", "size", "colors", "threads", "big"]


@dataclass(frozen=True)
class Case:
    """One run of the command line.

    Attributes:
        name: For people.
        kind: The table or plot that shows it.
        width: Of the picture.
        height: Of the picture.
        colors: Of the palette, in words of the command line.
        preset: Of the run.
        num_threads: Of the run.
    """

    name: str
    kind: Kind
    width: int
    height: int
    colors: tuple[str, str]
    preset: str = "balanced"
    num_threads: int = 1

    @property
    def words(self) -> list[str]:
        """The options of the command line."""
        return [*self.colors, "--preset", self.preset]


def table_cases() -> Iterator[Case]:
    """Yield the runs of the table of docs/speed.md."""
    learned, eight = ("--colors", "16"), ("--colors", "8")
    for preset in ("balanced", "fast", "best"):
        yield Case(f"512 x 512, 16 learned, {preset}", "table", 512, 512, learned, preset)
    yield Case("512 x 512, 8 learned, balanced", "table", 512, 512, eight)
    for palette in ("black-and-white", "ega", "e-ink-7"):
        yield Case(f"512 x 512, {palette}", "table", 512, 512, ("--palette", palette))
    yield Case("64 x 64, pico-8", "table", 64, 64, ("--palette", "pico-8"))
    yield Case("256 x 256, 256 learned", "table", 256, 256, ("--colors", "256"))


def growth_cases() -> Iterator[Case]:
    """Yield runs on larger and larger squares, and with more and more colors."""
    for size in (128, 256, 512, 1024, 2048, 4096):
        yield Case(f"{size} x {size}, 16 learned", "size", size, size, ("--colors", "16"))
    for exponent in range(1, 9):
        count = 2**exponent
        yield Case(f"256 x 256, {count} learned", "colors", 256, 256, ("--colors", str(count)))


def thread_cases() -> Iterator[Case]:
    """Yield runs on one thread and two."""
    for count in (1, 2):
        name = f"2048 x 2048, ega, {count} threads"
        yield Case(name, "threads", 2048, 2048, ("--palette", "ega"), "balanced", count)


def big_cases() -> Iterator[Case]:
    """Yield runs on pictures of 12 and 48 megapixels."""
    for width, height in ((4000, 3000), (8000, 6000)):
        name = f"{width} x {height}, 16 learned, balanced"
        yield Case(name, "big", width, height, ("--colors", "16"))
