"""Checks of options that take plain values: numbers and words."""

import operator
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from ditherlab.errors import RequestError
from ditherlab.naming import spell_value

_NAMES = {str: "words", int: "a whole number", float: "a number"}


def checked_value(option: str, value: Any, hint: Any) -> Any:
    """Return the value of an option as a plain number or words, if its type is a plain one.

    Args:
        option: The option, for messages.
        value: Of any type; numbers may be those of numpy.
        hint: The type of the option.

    Raises:
        RequestError: If the value is of another type.

    Example:
        >>> checked_value("`--strength`", 1, float)
        1.0
    """
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not NoneType]
    is_closed = get_origin(hint) is Literal
    if value is None or is_closed or any(get_origin(kind) is not None for kind in kinds):
        return value
    if int in kinds and hasattr(value, "__index__") and not isinstance(value, bool):
        return operator.index(value)
    is_number = hasattr(value, "__float__") and not isinstance(value, bool | str)
    if float in kinds and is_number and not getattr(value, "shape", ()):
        return float(value)
    if isinstance(value, tuple(kind for kind in kinds if kind not in (int, float))):
        return value
    rule = " or ".join(_NAMES.get(kind, f"a `{kind.__name__}`") for kind in kinds)
    raise RequestError(f"{option} must be {rule}, got {spell_value(value)}.")
