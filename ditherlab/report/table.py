"""Plain tables for a terminal."""

from collections.abc import Sequence


def align(lines: Sequence[Sequence[str]]) -> str:
    """Align the cells of all lines: the first column to the left, the others to the right.

    Example:
        >>> print(align([["", "raw"], ["nearest", "0.5"]]))
                 raw
        nearest  0.5
    """
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
