"""Options that stand for a parameter of a strategy, such as `--samples`."""

import re
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from ditherlab.errors import RequestError
from ditherlab.specs import Strategy, describe

Kind = TypeVar("Kind")


def with_option(strategy: Kind, typed: object, option: str, parameter: str, value: object) -> Kind:
    """Set the parameter that an option stands for.

    Args:
        strategy: A frozen dataclass.
        typed: The words or the object that it was made of; None for a default strategy.
        option: The option, for messages.
        parameter: The name of the parameter.
        value: Its value; None leaves it as it is.

    Raises:
        RequestError: If there is no such parameter, or it was given a value already.
    """
    if value is None:
        return strategy
    if parameter not in {f.name for f in fields(strategy)}:  # type: ignore[arg-type]
        raise RequestError(f"`{option}` means nothing to `{strategy}`: it has no `{parameter}`.")
    refuse_twice(typed, option, parameter)
    return replace(strategy, **{parameter: value})  # type: ignore[type-var]


def refuse_twice(typed: object, option: str, parameter: str) -> None:
    """Refuse an option beside the parameter that it stands for.

    Raises:
        RequestError: If the words or the object set the parameter.
    """
    if typed is not None and says(typed, parameter):
        raise RequestError(
            f"`{option}` and `{parameter}` in '{_words(typed)}' say the same: give one of the two."
        )


def says(typed: object, parameter: str) -> bool:
    """Return whether words, or an object whose parameter is not the default, set a parameter."""
    return re.search(rf"\b{parameter}\s*=", _words(typed)) is not None


def _words(typed: object) -> str:
    is_described = isinstance(typed, Strategy) and is_dataclass(typed)
    return describe(typed) if is_described else str(typed)
