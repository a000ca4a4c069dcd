"""Calling conventions of Python functions, read from their mark and their parameters."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from ditherlab.errors import RequestError

Takes = Literal["picture", "batch"]
Form = Literal["numpy", "torch", "pillow"]

F = TypeVar("F")

_MARK = "ditherlab_cost"
_KEYS = ("takes", "form", "differentiable")
_PARAMETERS = ("picture", "target", "opaque")


def cost_function(
    *, takes: Takes | None = None, form: Form | None = None, differentiable: bool = False
) -> Callable[[F], F]:
    """Mark a function, or any callable, with its calling convention.

    The decorator only sets the attribute `ditherlab_cost`, a dictionary of the arguments.

    Args:
        takes: `picture`: the function takes one picture and returns a number. `batch`: it takes
            several and returns a number for each.
        form: `numpy` (uint8 `[h w c]`, a batch `[n h w c]`), `torch` (display sRGB in [0, 1],
            float `[c h w]`, a batch `[n c h w]`) or `pillow` (RGB, a batch is a list).
        differentiable: True if torch can differentiate the function; the form is then `torch`.

    Returns:
        A decorator. By default, a function takes one picture in numpy, and a differentiable
        function takes a batch in torch.

    Example:
        >>> @cost_function(form="pillow")
        ... def num_colors(picture):
        ...     return len(picture.getcolors(picture.width * picture.height))
        >>> num_colors.ditherlab_cost["form"]
        'pillow'
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, {"takes": takes, "form": form, "differentiable": differentiable})
        return function

    return mark


def is_marked(function: object) -> bool:
    """Return whether a function says its calling convention."""
    return getattr(function, _MARK, None) is not None


@dataclass(frozen=True)
class CallingConvention:
    """The arguments that a function takes, and the form of its pictures.

    Attributes:
        takes: One picture or a batch.
        form: The type of a picture.
        differentiable: True if torch can differentiate the function.
        num_arguments: 1 for the picture, 2 with the target, 3 with the mask of opaque pixels.
    """

    takes: Takes = "picture"
    form: Form = "numpy"
    differentiable: bool = False
    num_arguments: int = 1

    @classmethod
    def of(cls, function: Callable[..., Any], words: str) -> "CallingConvention":
        """Read the mark and the parameters of a function.

        Args:
            function: The function, a callable object or a torch module.
            words: The function's name in messages.

        Raises:
            RequestError: If the mark is invalid, or the parameters are not those of a cost.
        """
        mark = getattr(function, _MARK, None)
        if mark is None:
            mark = {"differentiable": _is_torch_module(function)}
        _check_mark(mark, words)
        differentiable = bool(mark.get("differentiable", False))
        convention = cls(
            mark.get("takes") or ("batch" if differentiable else "picture"),
            mark.get("form") or ("torch" if differentiable else "numpy"),
            differentiable,
            _count_arguments(function, words),
        )
        if differentiable and convention.form != "torch":
            raise RequestError(
                f"`{words}` must have the form `torch` to be differentiable, "
                f"got `{convention.form}`."
            )
        return convention


def _check_mark(mark: Any, words: str) -> None:
    if not isinstance(mark, dict) or not set(mark) <= set(_KEYS):
        raise RequestError(
            f"`{words}`: the attribute `{_MARK}` must be a dictionary with {', '.join(_KEYS)}, "
            f"got {mark!r}."
        )
    for key, choices in (("takes", get_args(Takes)), ("form", get_args(Form))):
        if mark.get(key) not in (None, *choices):
            raise RequestError(
                f"`{words}`: `{key}` must be one of {', '.join(choices)}, got {mark[key]!r}."
            )


def _is_torch_module(function: object) -> bool:
    # A module exists only if torch was imported.
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(function, torch.nn.Module)


def _count_arguments(function: Any, words: str) -> int:
    """Count how many of picture, target and mask the function takes.

    A parameter with a default counts only if it has that name: `sigma=1.5` does not.
    """
    # The signature of a module itself is `(*args, **kwargs)`.
    called = function.forward if _is_torch_module(function) else function
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):
        return 1
    parameters = signature.parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    num_needed = sum(p.default is p.empty for p in positional)
    lacks = any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters)
    if lacks or num_needed > len(_PARAMETERS) or not (positional or takes_any):
        raise RequestError(
            f"`{words}` must take (picture), (picture, target) or (picture, target, opaque), got "
            f"{signature}."
        )
    count = max(num_needed, 1)
    for parameter, name in zip(positional[count:], _PARAMETERS[count:], strict=False):
        if parameter.name not in (name, f"{name}s"):
            break
        count += 1
    return count
