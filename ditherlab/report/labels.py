"""Labels of a plot, moved apart so that each can be read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

_LINE_PX = 15.0
_MARK_PX = 8.0


@dataclass(frozen=True)
class Label:
    """A short text in a plot.

    Attributes:
        text: What it says.
        x_px: Where it starts, or ends.
        y_px: The middle of its height.
        style: The number of its color; None for that of levels.
        end_px: The height of what it names, if a line shall lead there.
        is_before: Whether it ends at `x_px`, as one to the left of a point does.
    """

    text: str
    x_px: float
    y_px: float
    style: int | None
    end_px: float | None = None
    is_before: bool = False


def spread_down(labels: Sequence[Label], top_px: float, bottom_px: float) -> list[Label]:
    """Move labels of one column apart, as little as an even rule can; their order stays.

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
    """Put each label beside its point, where no other label and no point is, if there is room.

    Args:
        labels: Each at its point.
        right_px: Where the plot ends.
        px_per_letter: How wide the text is.
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
