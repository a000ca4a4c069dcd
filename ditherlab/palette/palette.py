"""A palette: the few colors a dithered picture may use, as 8-bit display sRGB."""

import operator
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ditherlab.errors import PaletteRequestError

if TYPE_CHECKING:
    import torch

Color: TypeAlias = tuple[int, int, int]
Value = TypeVar("Value")

MIN_NUM_COLORS = 2
MAX_NUM_COLORS = 256


@dataclass(frozen=True)
class Palette:
    """A palette of 2 to 256 different colors, in the order that palette indices refer to.

    Args:
        colors: Triples of whole numbers from 0 to 255, 8-bit display sRGB. Repeated colors are
            dropped; the first occurrence keeps its place.
        name: The name of the palette in reports; may be empty.
        source: The origin of the colors, in one line; may be empty.
        shown: The color that each entry looks like, in the same order, if it differs from the color
            that is written: the measured inks of a panel. Two entries may look alike.
        names: The name of each entry, in the same order, empty for entries without a name; None if
            no entry has one.
        codes: The number from 0 to 255 by which the device knows each entry, all different; None if
            no device is known, and the codes are the indices.
        num_merged: The number of dropped colors; those dropped here are added to the given number.

    Raises:
        PaletteRequestError: If a color or a code is invalid, the number of different colors is not
            from 2 to 256, or `shown`, `names` or `codes` has another length.

    Example:
        >>> palette = Palette(((0, 0, 0), (255, 128, 0), (0, 0, 0)), name="ember")
        >>> palette.hex, len(palette), palette.num_merged
        (['#000000', '#ff8000'], 2, 1)
    """

    colors: tuple[Color, ...]
    name: str = ""
    source: str = ""
    shown: tuple[Color, ...] | None = field(default=None, kw_only=True)
    names: tuple[str, ...] | None = field(default=None, kw_only=True)
    codes: tuple[int, ...] | None = field(default=None, kw_only=True)
    num_merged: int = field(default=0, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        given = checked_colors(self.colors)
        kept, num_merged = merged(given)
        if not MIN_NUM_COLORS <= len(kept) <= MAX_NUM_COLORS:
            advice = "Add a color." if len(kept) < MIN_NUM_COLORS else "Drop some of them."
            raise PaletteRequestError(
                f"A palette must be {MIN_NUM_COLORS} to {MAX_NUM_COLORS} different colors, "
                f"got {len(kept)}. {advice}"
            )
        object.__setattr__(self, "shown", _shown_colors(given, self.shown))
        object.__setattr__(self, "names", _entry_names(given, self.names))
        object.__setattr__(self, "codes", _entry_codes(given, self.codes))
        object.__setattr__(self, "colors", kept)
        object.__setattr__(self, "num_merged", self.num_merged + num_merged)

    @classmethod
    def from_hex(cls, texts: Iterable[str], name: str = "", source: str = "") -> "Palette":
        """Build a palette from colors such as '#ff8000', 'ff8000' or '#f80' (display sRGB).

        Raises:
            PaletteRequestError: If a text is not a color, or there are too few or too many colors.

        Example:
            >>> Palette.from_hex(["#000", "ff8000"]).colors
            ((0, 0, 0), (255, 128, 0))
        """
        return cls(tuple(hex_to_color(text) for text in texts), name=name, source=source)

    def __len__(self) -> int:
        return len(self.colors)

    @property
    def seen(self) -> tuple[Color, ...]:
        """The colors that are seen: `shown` if it is known, else `colors`."""
        return self.colors if self.shown is None else self.shown

    @property
    def hex(self) -> list[str]:
        """Every color, as it is written, as '#rrggbb', 8-bit display sRGB."""
        return spell_colors(self.colors)

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of every entry, or '#rrggbb' if it has none.

        Example:
            >>> Palette(((0, 0, 0), (255, 128, 0)), names=("", "glow")).labels
            ('#000000', 'glow')
        """
        called = zip(self.entry_names, self.hex, strict=True)
        return tuple(name or spelled for name, spelled in called)

    @property
    def entry_names(self) -> tuple[str, ...]:
        """The name of every entry, empty if it has none."""
        return self.names or ("",) * len(self)

    @property
    def is_panel(self) -> bool:
        """True if the palette is that of a known device, with shown colors or codes."""
        return self.shown is not None or self.codes is not None

    @property
    def is_gray(self) -> bool:
        """True if red, green and blue are equal in every color that is seen."""
        return are_gray(self.seen)

    def srgb(
        self, device: "torch.device | str | None" = None, dtype: "torch.dtype | None" = None
    ) -> "torch.Tensor":
        """Return the colors that are seen as a tensor of display sRGB.

        Args:
            device: Device of the tensor; by default the CPU.
            dtype: A floating dtype; by default torch's default dtype.

        Returns:
            Shape `[k c]`, display sRGB in [0, 1], rounded to the nearest value of `dtype`.

        Example:
            >>> Palette.from_hex(["#000", "#fff"]).srgb().tolist()
            [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
        """
        import torch

        # Not every device has float64, so the division happens before the move.
        exact = torch.tensor(self.seen, dtype=torch.float64, device="cpu") / 255
        return exact.to(dtype or torch.get_default_dtype()).to(device or "cpu")


def checked_colors(colors: Iterable[Iterable[int]], name: str = "colors") -> tuple[Color, ...]:
    """Check that colors are triples of whole numbers from 0 to 255, 8-bit display sRGB.

    Args:
        colors: The colors; numpy integers are accepted.
        name: The name of the argument in messages.

    Raises:
        PaletteRequestError: For the first invalid color.

    Example:
        >>> checked_colors([[255, 128, 0]])
        ((255, 128, 0),)
    """
    return tuple(_checked(index, color, name) for index, color in enumerate(colors))


def are_gray(colors: Iterable[Color]) -> bool:
    """Return True if red, green and blue are equal in every color."""
    return all(red == green == blue for red, green, blue in colors)


def merged(colors: Iterable[Color]) -> tuple[tuple[Color, ...], int]:
    """Drop repeated colors, keeping the first of each; also return how many were dropped.

    Example:
        >>> merged([(9, 9, 9), (0, 0, 0), (9, 9, 9)])
        (((9, 9, 9), (0, 0, 0)), 1)
    """
    listed = tuple(colors)
    kept = tuple(dict.fromkeys(listed))
    return kept, len(listed) - len(kept)


def spell_colors(colors: Iterable[Color]) -> list[str]:
    """Write colors as '#rrggbb', 8-bit display sRGB.

    Example:
        >>> spell_colors([(255, 128, 0)])
        ['#ff8000']
    """
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in colors]


def hex_to_color(text: str) -> Color:
    """Parse one color of 3 or 6 hexadecimal digits, with or without '#', as 8-bit display sRGB.

    Raises:
        PaletteRequestError: If the text is not a color; the message says why.

    Example:
        >>> hex_to_color("#ff8000"), hex_to_color("f80")
        ((255, 128, 0), (255, 136, 0))
    """
    digits = text.strip().removeprefix("#")
    # `int(..., 16)` also takes signs, underscores and the digits of other scripts.
    stranger = next((letter for letter in digits if letter not in string.hexdigits), None)
    if not digits:
        reason = "it has no digits"
    elif stranger is not None:
        reason = f"{stranger!r} is not a hexadecimal digit"
    elif len(digits) not in (3, 6):
        reason = f"it has {len(digits)} hexadecimal digits"
    else:
        red, green, blue = bytes.fromhex(
            digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
        )
        return red, green, blue
    raise PaletteRequestError(f"{quoted(text.strip())} is not a color: {reason}. Write #rrggbb.")


def quoted(text: str, max_length: int = 40) -> str:
    """Quote and shorten a text for a message of one line.

    Example:
        >>> quoted("two" + chr(10) + "lines"), quoted("x" * 99, max_length=8)
        ("'two\\\\nlines'", "'xxxxxxx…'")
    """
    return repr(text if len(text) <= max_length else text[: max_length - 1] + "…")


def _shown_colors(
    given: tuple[Color, ...], shown: Iterable[Color] | None
) -> tuple[Color, ...] | None:
    """Check `shown` and drop repeated entries; return None if it equals the given colors."""
    if shown is None:
        return None
    checked = _of_entries(given, checked_colors(shown, "shown"), "The colors shown")
    return None if checked == tuple(dict.fromkeys(given)) else checked


def _entry_names(given: tuple[Color, ...], names: Iterable[str] | None) -> tuple[str, ...] | None:
    """Drop the names of repeated entries; return None if no name is left."""
    if names is None:
        return None
    kept = _of_entries(given, tuple(names), "The names")
    return kept if any(kept) else None


def _entry_codes(given: tuple[Color, ...], codes: Iterable[int] | None) -> tuple[int, ...] | None:
    """Check the codes and drop those of repeated entries."""
    if codes is None:
        return None
    kept = _of_entries(given, tuple(codes), "The codes")
    if len(set(kept)) < len(kept) or not all(0 <= code <= 255 for code in kept):
        raise PaletteRequestError(
            f"The codes must be different whole numbers from 0 to 255, got {_shown(kept)}. "
            "Give those of the device."
        )
    return kept


def _of_entries(
    given: tuple[Color, ...], values: tuple[Value, ...], what: str
) -> tuple[Value, ...]:
    """Return one value for each different color, from one for each given or different color."""
    num_entries = len(dict.fromkeys(given))
    if len(values) not in (len(given), num_entries):
        raise PaletteRequestError(
            f"{what} must be as many as the colors of the palette, {num_entries}, got "
            f"{len(values)}. Give one for each, in the same order."
        )
    if len(values) == num_entries:
        return values
    firsts = dict(zip(reversed(given), reversed(values), strict=True))
    return tuple(firsts[color] for color in dict.fromkeys(given))


def _checked(index: int, color: Iterable[int], name: str) -> Color:
    try:
        red, green, blue = (operator.index(component) for component in color)
    except (TypeError, ValueError):
        pass
    else:
        if all(0 <= component <= 255 for component in (red, green, blue)):
            return red, green, blue
    raise PaletteRequestError(
        f"`{name}[{index}]` must be three whole numbers from 0 to 255, got {_shown(color)}. "
        "Give 8-bit display sRGB, or use `Palette.from_hex`."
    )


def _shown(value: object) -> str:
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 60 else shown[:59] + "…"
