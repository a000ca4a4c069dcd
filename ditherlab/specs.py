"""Conversion between text such as `leave-one-out(num_samples=8)` and frozen dataclasses."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from functools import wraps
from inspect import get_annotations
from types import UnionType
from typing import (
    Any,
    Generic,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from ditherlab.arguments import check_parameter, split_arguments
from ditherlab.errors import RequestError
from ditherlab.lazy_classes import LazyClasses
from ditherlab.naming import kebab_case, nearest_name, spell_value

S = TypeVar("S")
C = TypeVar("C")

LARGEST_NUMBER = 10**19
"""The least number of more than 19 digits, which no 64-bit integer can hold."""

_WHOLE = re.compile(r"[-+]?[0-9]{1,19}")
_CALL = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)\s*(?:\((?P<arguments>.*)\)\s*)?", re.DOTALL)


class Strategy:
    """Base class of configurations: frozen dataclasses that `Registry.parse` reads.

    A parameter that is annotated as a `Literal`, or as one that may be None, takes no other value.
    This is checked before the `__post_init__` of the concrete class.
    """

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        own: Callable[[Any], None] | None = cls.__dict__.get("__post_init__")
        if own is not None:

            @wraps(own)
            def check_before(strategy: Strategy) -> None:
                _check_choices(strategy)
                own(strategy)

            cls.__post_init__ = check_before  # type: ignore[method-assign, assignment]

    def __post_init__(self) -> None:
        _check_choices(self)

    def __str__(self) -> str:
        return describe(self)


def choices_of(strategy: type) -> Mapping[str, tuple[Any, ...]]:
    """Return the only values of each parameter that has a closed set of them."""
    hints = _known_hints(strategy)
    kinds = {f.name: _without_none(hints[f.name]) for f in fields(strategy) if f.name in hints}
    return {
        name: (*get_args(kind), *([] if kind is hints[name] else [None]))
        for name, kind in kinds.items()
        if get_origin(kind) is Literal
    }


def _known_hints(strategy: type) -> Mapping[str, Any]:
    """Return the types of parameters, but those that are imported for type checkers only."""
    try:
        return get_type_hints(strategy)
    except NameError:
        known: dict[str, Any] = {}
        for home in reversed(strategy.__mro__):
            for name, hint in get_annotations(home).items():
                members = {"__annotations__": {name: hint}, "__module__": home.__module__}
                with suppress(NameError):
                    known[name] = get_type_hints(type(name, (), members))[name]
        return known


def variants_of(strategy: S) -> Iterator[S]:
    """Yield the strategies that differ in one parameter with a closed set of values.

    Example:
        >>> from ditherlab.estimators import Moments
        >>> list(map(str, variants_of(Moments())))
        ['moments(order=0)']
    """
    for parameter, choices in choices_of(type(strategy)).items():
        for choice in choices:
            if choice != getattr(strategy, parameter):
                # Some combinations of parameters are refused.
                with suppress(RequestError):
                    yield replace(strategy, **{parameter: choice})  # type: ignore[type-var]


def _check_choices(strategy: Any) -> None:
    for parameter, choices in choices_of(type(strategy)).items():
        name = kebab_case(type(strategy).__name__)
        check_choice(f"{name}({parameter}=...)", getattr(strategy, parameter), choices)


def check_choice(what: str, value: object, choices: Iterable[object]) -> None:
    """Refuse a value that is not one of a closed set.

    Raises:
        RequestError: If it is another value, or an equal one of another type.
    """
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        known = [str(choice) for choice in choices if choice is not None]
        given = f"'{value}'" if isinstance(value, str) else repr(value)
        raise RequestError(
            f"`{what}` must be one of {', '.join(known)}, got {given}. "
            f"{nearest_name(str(value), known)}"
        )


@dataclass(frozen=True)
class Registry(Generic[S]):
    """Strategies of one kind, by the names that the literature gives them.

    Attributes:
        kind: The kind of strategy, for messages: `estimator`.
        classes: Frozen dataclasses by name; the name is derived from the class.
        aliases: Other words, each with what it stands for: a name, or one with parameters.
        parts: Parsers of parameters that are not numbers or choices, by the parameter's type.
        base: The class that all of them extend.
    """

    kind: str
    classes: LazyClasses[S]
    aliases: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[Any, Callable[[str], Any]] = field(default_factory=dict)
    base: type[Any] = Strategy

    @classmethod
    def of(
        cls,
        kind: str,
        classes: Iterable[type[S]],
        aliases: Mapping[str, str] | None = None,
        parts: Mapping[Any, Callable[[str], Any]] | None = None,
    ) -> "Registry[S]":
        """Register classes under their names in kebab case."""
        named: LazyClasses[S] = LazyClasses("", ())
        for strategy in classes:
            named.add(kebab_case(strategy.__name__), strategy)
        return cls(kind, named, aliases or {}, parts or {})

    def register(self, strategy: type[C]) -> type[C]:
        """Make a class of the user's own known by its name in kebab case; usable as a decorator.

        It is known in this process only. A class can be registered again by the cell of a notebook
        that defined it.

        Args:
            strategy: A frozen dataclass that extends the base class of the kind.

        Returns:
            The class itself.

        Raises:
            RequestError: If it is no such class, or its name is taken.

        Example:
            >>> things = Registry.of("thing", [])
            >>> @things.register
            ... @dataclass(frozen=True)
            ... class SmallThing(Strategy):
            ...     size: int = 1
            >>> things.parse("small-thing(size=2)")
            SmallThing(size=2)
        """
        is_frozen = is_dataclass(strategy) and _is_frozen(strategy)
        if not (isinstance(strategy, type) and issubclass(strategy, self.base) and is_frozen):
            raise RequestError(
                f"`register` must be given a frozen dataclass that extends `{self.base.__name__}`, "
                f"got {strategy!r}."
            )
        name = kebab_case(strategy.__name__)
        earlier = self.classes.added.get(name)
        is_same = earlier is not None and _place(earlier) == _place(strategy)
        if (name in self.classes or name in self.aliases) and not is_same:
            raise RequestError(
                f"The {self.kind} `{name}` must have a name of its own: this one is taken. Rename "
                f"the class `{strategy.__name__}`."
            )
        self.classes.add(name, cast("type[S]", strategy))
        return strategy

    def resolve(self, value: object) -> S:
        """Return the strategy that words, an instance or a class stand for.

        Raises:
            RequestError: For words that are not understood, or a value of another kind.

        Example:
            >>> from ditherlab.estimators import ESTIMATORS, LeaveOneOut
            >>> ESTIMATORS.resolve(LeaveOneOut) == ESTIMATORS.resolve("leave-one-out")
            True
        """
        if isinstance(value, str):
            return self.parse(value)
        if isinstance(value, type) and issubclass(value, self.base):
            value = value()
        if not isinstance(value, self.base):
            known = ", ".join(self.classes)
            raise RequestError(
                f"The {self.kind} must be words, or extend `{self.base.__name__}`, got "
                f"{spell_value(value)}. The words are: {known}."
            )
        return cast("S", value)

    def parse(self, text: str) -> S:
        """Make the strategy that `name` or `name(parameter=value, ...)` describes.

        Raises:
            RequestError: For an unknown name or parameter, or a value of the wrong kind.
        """
        match = _CALL.fullmatch(text)
        if match is None:
            raise RequestError(
                f"The {self.kind} must be `name` or `name(parameter=value, ...)`, got '{text}'. "
                f"{nearest_name(text, self.classes)}"
            )
        name = match["name"].lower()
        if name in self.aliases:
            known = self.parse(self.aliases[name])
            home = kebab_case(type(known).__name__)
            changes = dict(self._read_arguments(home, match["arguments"] or ""))
            return replace(known, **changes)  # type: ignore[type-var]
        if name not in self.classes:
            hint = nearest_name(name, [*self.classes, *self.aliases])
            raise RequestError(f"Unknown {self.kind} `{name}`. {hint}")
        strategy = self.classes[name]
        return strategy(**dict(self._read_arguments(name, match["arguments"] or "")))

    @property
    def names_and_compositions(self) -> list[str]:
        """All names, and the aliases that stand for a name with parameters; no other aliases."""
        return [*self.classes, *(name for name, words in self.aliases.items() if "(" in words)]

    def defaults(self) -> Mapping[str, S]:
        """Make every strategy with its default parameters."""
        return {name: strategy() for name, strategy in self.classes.items()}

    def _read_arguments(self, name: str, text: str) -> Iterator[tuple[str, Any]]:
        hints = get_type_hints(self.classes[name])
        parameters = [f.name for f in fields(self.classes[name])]  # type: ignore[arg-type]
        for parameter, value in split_arguments(name, text):
            check_parameter(name, parameter, parameters)
            hint = _without_none(hints[parameter])
            if hint in self.parts:
                yield parameter, self.parts[hint](value)
            elif any(isinstance(hint, type) and issubclass(c, hint) for c in self.classes.values()):
                yield parameter, self.parse(value)
            else:
                yield parameter, _convert(f"{name}({parameter}=...)", value, hint)


def _is_frozen(strategy: Any) -> bool:
    return bool(strategy.__dataclass_params__.frozen)


def _place(strategy: type) -> tuple[str, str]:
    return strategy.__module__, strategy.__qualname__


def describe(strategy: object) -> str:
    """Write a strategy as text that `Registry.parse` reads; defaults are left out.

    Example:
        >>> @dataclass(frozen=True)
        ... class LeaveOneOut:
        ...     num_samples: int = 4
        >>> describe(LeaveOneOut()), describe(LeaveOneOut(num_samples=8))
        ('leave-one-out', 'leave-one-out(num_samples=8)')
    """
    name = kebab_case(type(strategy).__name__)
    changed = [
        f"{f.name}={_write(getattr(strategy, f.name))}"
        for f in fields(strategy)  # type: ignore[arg-type]
        if _is_changed(f, getattr(strategy, f.name))
    ]
    return f"{name}({', '.join(changed)})" if changed else name


def _is_changed(parameter: "Field[Any]", value: object) -> bool:
    factory = parameter.default_factory
    default = parameter.default if factory is MISSING else factory()
    return bool(default != value)


def spell_out(strategy: object) -> str:
    """Write a strategy with every parameter that is set, also where that is the default.

    Example:
        >>> @dataclass(frozen=True)
        ... class Polish:
        ...     sweeps: int = 12
        ...     temperature: tuple[float, float] | None = None
        >>> spell_out(Polish()), spell_out(Polish(temperature=(1.0, 0.1)))
        ('polish(sweeps=12)', 'polish(sweeps=12, temperature=1:0.1)')
    """
    values = [(f.name, getattr(strategy, f.name)) for f in fields(strategy)]  # type: ignore[arg-type]
    spelled = [f"{name}={_write(value)}" for name, value in values if value is not None]
    name = kebab_case(type(strategy).__name__)
    return f"{name}({', '.join(spelled)})" if spelled else name


def write_number(value: float) -> str:
    """Write a number as short as it can be read back exactly.

    Example:
        >>> write_number(0.5), write_number(3.0), write_number(1 / 3)
        ('0.5', '3', '0.3333333333333333')
    """
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def read_whole_number(text: str) -> int | None:
    """Read a whole number of at most 19 digits; None for any other text.

    Python itself refuses numbers of more than 4300 digits, and cannot compute with others as
    floats.

    Example:
        >>> read_whole_number("-12"), read_whole_number("1.5"), read_whole_number("9" * 5000)
        (-12, None, None)
    """
    match = _WHOLE.fullmatch(text.strip())
    return int(match[0]) if match else None


def _write(value: object) -> str:
    if isinstance(value, tuple):
        return ":".join(_write(part) for part in value)
    return write_number(value) if isinstance(value, float) else str(value)


def _without_none(hint: Any) -> Any:
    """Return the type of a parameter that may be left to the strategy: of `float | None`, float."""
    if get_origin(hint) in (UnionType, Union):
        return next(kind for kind in get_args(hint) if kind is not type(None))
    return hint


def _convert(what: str, text: str, hint: Any) -> Any:
    if get_origin(hint) is Literal:
        value = next((choice for choice in get_args(hint) if str(choice) == text), text)
        check_choice(what, value, get_args(hint))
        return value
    if hint is bool:
        if text.lower() not in ("true", "false"):
            raise RequestError(f"`{what}` must be true or false, got '{text}'.")
        return text.lower() == "true"
    try:
        value = read_whole_number(text) if hint is int else hint(text)
    except ValueError:
        value = None
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        kind = "a whole number" if hint is int else "a number"
        limit = " of at most 19 digits" if len(text) > 19 else ""
        raise RequestError(f"`{what}` must be {kind}{limit}, got '{text}'.")
    return value
