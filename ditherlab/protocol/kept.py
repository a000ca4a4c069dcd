"""Dataclasses that a checkpoint can hold."""

from typing import Any, ClassVar


class Kept:
    """Base class of the dataclasses whose values a checkpoint holds.

    Their fields are plain values, tensors, generators, other such dataclasses, and lists, tuples
    and dicts of these.
    """

    kept_classes: ClassVar[dict[str, type["Kept"]]] = {}
    """All such dataclasses by name. A checkpoint makes objects of no others."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.kept_classes[cls.kept_name()] = cls

    @classmethod
    def kept_name(cls) -> str:
        """Return the name of the class in a checkpoint."""
        return f"{cls.__module__}.{cls.__qualname__}"
