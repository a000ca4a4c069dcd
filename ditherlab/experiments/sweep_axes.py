"""The keys of a sweep's file and their values."""

from collections.abc import Iterator, Mapping
from inspect import get_annotations
from itertools import product
from math import prod
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from ditherlab.errors import RequestError
from ditherlab.naming import nearest_name, spell_value
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.specs import LARGEST_NUMBER

PICTURE, CROP = "picture", "crop"

# The options that choose the colors form one axis.
COLORING = ("palette", "colors", "cells")

# The value in a list that stands for an option left out.
LEFT_OUT = "default"

Axes = dict[str, list[Any]]

# A quoted type is that of words, or of an object of Python, which no file holds.
_HINTS: Mapping[str, Any] = {
    PICTURE: str,
    CROP: str | None,
    **{
        name: str if isinstance(hint, str) else hint
        for name, hint in get_annotations(OptimizeRequest).items()
    },
}
_RULES = {int: "a whole number", float: "a number", str: 'text in quotes, "..."'}


def read_axes(table: Mapping[str, Any]) -> Axes:
    """Parse a table into the values of each option; None where the option is left out.

    Raises:
        RequestError: For an unknown key or a value of the wrong kind.

    Example:
        >>> read_axes({"pictures": ["a.png", "b.png"], "max-seconds": 2})
        {'picture': ['a.png', 'b.png'], 'max_seconds': [2.0]}
    """
    axes: Axes = {}
    for key, value in table.items():
        option = _option(key)
        if option in axes:
            raise RequestError(
                f"`{key}` must be given once, got the option and its plural. Join their values."
            )
        if key.replace("-", "_") != option and not isinstance(value, list):
            raise RequestError(f"`{key}` must be a list, got {spell_value(value)}. Write [...].")
        values = value if isinstance(value, list) else [value]
        if not values:
            raise RequestError(f"`{key}` must be a list of at least one value, got [].")
        axes[option] = [_checked(key, option, one) for one in values]
    return axes


def points(axes: Axes) -> Iterator[dict[str, Any]]:
    """Yield the product of all axes: the settings of each cell, without options left out.

    Palettes and numbers of colors share one axis.

    Example:
        >>> list(points({"palette": ["ega"], "colors": [8], "seed": [0]}))
        [{'palette': 'ega', 'seed': 0}, {'colors': 8, 'seed': 0}]
    """
    colorings = [(name, value) for name in COLORING for value in axes.get(name, [])]
    lists = [[(name, value) for value in axes[name]] for name in axes if name not in COLORING]
    place = next((n for n, name in enumerate(axes) if name in COLORING), None)
    if place is not None:
        lists.insert(place, colorings)
    for point in product(*lists):
        yield {name: value for name, value in point if value is not None}


def num_points(axes: Axes) -> int:
    """Count what `points` yields, without listing it.

    Example:
        >>> num_points({"palette": ["ega"], "colors": [8], "seed": list(range(1000))})
        2000
    """
    num_colorings = sum(len(axes.get(name, [])) for name in COLORING)
    others = (len(values) for name, values in axes.items() if name not in COLORING)
    return max(num_colorings, 1) * prod(others)


def _option(key: str) -> str:
    name = key.replace("-", "_")
    for option in (name, name.removesuffix("s")):
        if option in _HINTS:
            return option
    known = [option.replace("_", "-") for option in _HINTS]
    near = nearest_name(key, [*known, "also"])
    raise RequestError(f"Unknown key `{key}`. {near}")


def _checked(key: str, option: str, value: Any) -> Any:
    if value == LEFT_OUT and option != PICTURE:
        return None
    hint = _HINTS[option]
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not NoneType]
    if get_origin(hint) is Literal or get_origin(kinds[0]) is Literal:
        choices = get_args(hint if get_origin(hint) is Literal else kinds[0])
        if value in choices:
            return value
        hint = nearest_name(spell_value(value), choices)
        raise RequestError(f"`{key}` must be {_any_of(choices)}, got {spell_value(value)}. {hint}")
    kind = kinds[0]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in (int, float) and is_number and not abs(value) < LARGEST_NUMBER:
        raise RequestError(f"`{key}` must have at most 19 digits, got {spell_value(value)}.")
    if kind is float and is_number:
        return float(value)
    if isinstance(value, kind) and (kind is not int or is_number):
        return value
    raise RequestError(f"`{key}` must be {_RULES[kind]}, got {spell_value(value)}.")


def _any_of(choices: tuple[str, ...]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"
