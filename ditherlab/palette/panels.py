"""Panels: the colors and codes that a device's driver expects for the colors that are seen."""

from collections.abc import Iterable
from itertools import count, product

from ditherlab.palette.colors import Color, spell_colors
from ditherlab.palette.named import named_palettes
from ditherlab.palette.palette import Palette


def written_for(panels: Iterable[Palette], found: Palette) -> Palette:
    """Replace colors that are seen by the entries of panels that look like them.

    A color that no panel has is written as it is seen, or as the nearest unused color if an entry
    of a panel is already written that way. If any entry has a code, colors without one get the
    lowest unused codes.

    Args:
        panels: The panels; earlier ones take precedence.
        found: A palette whose colors are those that are seen.

    Example:
        >>> panel = Palette(((0, 0, 0), (255, 0, 0)), shown=((9, 9, 9), (90, 30, 20)), codes=(1, 7))
        >>> written = written_for([panel], Palette(((90, 30, 20), (0, 99, 0))))
        >>> written.hex, written.codes, written.seen == ((90, 30, 20), (0, 99, 0))
        (['#ff0000', '#006300'], (7, 0), True)
    """
    entries: dict[Color, tuple[Palette, int]] = {}
    for panel in panels:
        for index, seen in enumerate(panel.seen):
            entries.setdefault(seen, (panel, index))
    known = {color: entries[color] for color in found.colors if color in entries}
    if not known:
        return found
    written = {color: panel.colors[index] for color, (panel, index) in known.items()}
    taken = set(written.values())
    for color in found.colors:
        if color not in written:
            written[color] = color if color not in taken else _nearest_free(color, taken)
            taken.add(written[color])
    codes = {color: panel.codes[index] for color, (panel, index) in known.items() if panel.codes}
    names = {color: panel.entry_names[index] for color, (panel, index) in known.items()}
    return Palette(
        tuple(written[color] for color in found.colors),
        found.name,
        found.source,
        shown=found.colors,
        names=tuple(names.get(color, "") for color in found.colors),
        codes=_complete(codes, found.colors) if codes else None,
    )


def spell_entries(palette: Palette) -> list[str]:
    """Write every entry as '#rrggbb'; those that are never drawn stand in parentheses.

    Joined by commas, this is the text that `--palette` accepts.

    Example:
        >>> spell_entries(Palette.of_entries([(0, 0, 0), (9, 9, 9), (0, 0, 0)]))
        ['#000000', '#090909', '(#000000)']
    """
    spelled = zip(spell_colors(palette.entries), range(len(palette.entries)), strict=True)
    return [text if place in palette.places else f"({text})" for text, place in spelled]


def spell_palette(palette: Palette) -> str:
    """Write a palette as text that `--lock` and `--gamut` accept, without a file.

    The text lists the colors as they are seen. A built-in panel is written by its name, because
    its colors alone do not define it.

    Example:
        >>> known = named_palettes()
        >>> spell_palette(known["black-and-white"]), spell_palette(known["e-ink-6"])
        ('#000000,#ffffff', 'e-ink-6')
    """
    if palette.is_panel and named_palettes().get(palette.name) == palette:
        return palette.name
    return ",".join(spell_colors(dict.fromkeys(palette.seen)))


def _complete(codes: dict[Color, int], colors: Iterable[Color]) -> tuple[int, ...]:
    """Give colors without a code the lowest unused codes."""
    free = (number for number in count() if number not in codes.values())
    return tuple(codes[color] if color in codes else next(free) for color in colors)


def _nearest_free(color: Color, taken: set[Color]) -> Color:
    reach, free = 0, list[Color]()
    while not free:
        reach += 1
        reds, greens, blues = (range(max(0, v - reach), min(255, v + reach) + 1) for v in color)
        free = [near for near in product(reds, greens, blues) if near not in taken]
    return min(free, key=lambda near: sum((a - b) ** 2 for a, b in zip(near, color, strict=True)))
