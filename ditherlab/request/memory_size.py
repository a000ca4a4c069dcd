"""Sizes of memory as text, such as `4GiB`."""

import re
from fractions import Fraction

from ditherlab.errors import RequestError

_SIZE = re.compile(r"(?P<number>[0-9]{1,15}(\.[0-9]{1,9})?)(?P<unit>[A-Za-z]*)")
_BYTES = {
    "": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate(("", "k", "m", "g", "t"))},
    **{f"{letter}ib": 1024**power for power, letter in enumerate(("k", "m", "g", "t"), start=1)},
}


def parse_size(text: str, option: str) -> int:
    """Read a number of bytes, or one with a unit: kB, MB, GB, TB, KiB, MiB, GiB or TiB.

    Args:
        text: The size.
        option: What it was given to, for the message.

    Raises:
        RequestError: For any other text, or less than a byte.

    Example:
        >>> parse_size("4GiB", "x"), parse_size("1.5MB", "x"), parse_size("300000", "x")
        (4294967296, 1500000, 300000)
    """
    match = _SIZE.fullmatch(text.strip())
    unit = _BYTES.get(match["unit"].lower()) if match else None
    if match is None or unit is None:
        raise RequestError(
            f"`{option}` must be a number of bytes, or one with a unit such as 4GiB or 500MB, got "
            f"'{text}'. The units are kB, MB, GB, TB, KiB, MiB, GiB and TiB."
        )
    size = int(Fraction(match["number"]) * unit)
    if size < 1:
        raise RequestError(f"`{option}` must be at least 1 byte, got '{text}'.")
    return size
