"""Placement of a plot's labels without overlaps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

_LINE_PX = 15.0
_MARK_PX = 8.0


@dataclass(frozen=True)
class Label:
    """A short text in a plot.

    Attributes:
        text: The text.
        x_px: The start of the text, or its end with `is_before`.
        y_px: The vertical center.
        style: The number of the color; None for the color of levels.
        end_px: The y position to which a leader line is drawn; None for no line.
        is_before: Whether the text ends at `x_px`, for a label at the left of a point.
    """

    text: str
    x_px: float
    y_px: float
    style: int | None
    end_px: float | None = None
    is_before: bool = False


def spread_down(labels: Sequence[Label], top_px: float, bottom_px: float) -> list[Label]:
    """Move the labels of one column apart vertically, and keep their order.

    Example:
        >>> labels = [Label("a", 0, 10, 0), Label("b", 0, 12, 1), Label("c", 0, 90, 2)]
        >>> [label.y_px for label in spread_down(labels, 0, 100)]
        [10, 25.0, 90]
    """
    spread: list[Label] = []
    for label in sorted(labels, key=lambda label: label.y_px):
        lowest = spread[-1].y_px + _LINE_PX if spread else top_px
        spread.append(replace(label, y_px=max(label.y_px, lowest)))
    limit = bottom_px
    for number in range(len(spread) - 1, -1, -1):
        if spread[number].y_px <= limit:
            break
        spread[number] = replace(spread[number], y_px=limit)
        limit -= _LINE_PX
    return spread


def beside_points(labels: Sequence[Label], *, right_px: float, px_per_letter: float) -> list[Label]:
    """Place each label next to its point, without overlaps if there is room.

    Args:
        labels: The labels at the positions of their points.
        right_px: The right edge of the plot.
        px_per_letter: The width of a letter.
    """
    taken = [
        (point.x_px - _MARK_PX, point.y_px - _MARK_PX, point.x_px + _MARK_PX, point.y_px + _MARK_PX)
        for point in labels
    ]
    placed = []
    for label in labels:
        width = len(label.text) * px_per_letter
        places = [
            (label.x_px + across, label.y_px + down)
            for distance in (1, 2, 3)
            for across, down in (
                (_MARK_PX + 2, 0.0),
                (-_MARK_PX - 2 - width, 0.0),
                (-width / 2, -_LINE_PX * distance),
                (-width / 2, _LINE_PX * distance),
                (_MARK_PX, -_LINE_PX * 0.7 * distance),
                (_MARK_PX, _LINE_PX * 0.7 * distance),
            )
        ]
        boxes = [(x, y - _LINE_PX / 2, x + width, y + _LINE_PX / 2) for x, y in places]
        free = [
            box
            for box in boxes
            if box[0] >= 0 and box[2] <= right_px and not any(_overlap(box, b) for b in taken)
        ]
        box = free[0] if free else boxes[0]
        taken.append(box)
        is_before = box[2] < label.x_px
        x_px = box[2] if is_before else box[0]
        placed.append(replace(label, x_px=x_px, y_px=(box[1] + box[3]) / 2, is_before=is_before))
    return placed


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
