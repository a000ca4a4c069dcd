"""Classes of a package by their names, each imported when it is first used."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TypeVar

from ditherlab.naming import kebab_case

S = TypeVar("S")


class LazyClasses(Mapping[str, type[S]]):
    """A mapping from names in kebab case to classes of a package, and to others that are added.

    Args:
        package: The package that hands the classes on.
        class_names: The names of the classes.

    Example:
        >>> classes = LazyClasses("ditherlab.estimators", ["LeaveOneOut", "ST"])
        >>> list(classes), classes["st"].__name__
        (['leave-one-out', 'st'], 'ST')
    """

    def __init__(self, package: str, class_names: Iterable[str]) -> None:
        self._package = package
        self._class_names = {kebab_case(name): name for name in class_names}
        self._added: dict[str, type[S]] = {}

    @property
    def added(self) -> Mapping[str, type[S]]:
        """The classes that were added."""
        return self._added

    def add(self, name: str, added: type[S]) -> None:
        """Add a class, or replace an added one."""
        self._added[name] = added

    def __getitem__(self, name: str) -> type[S]:
        if name in self._added:
            return self._added[name]
        found: type[S] = getattr(import_module(self._package), self._class_names[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._class_names or name in self._added

    def __iter__(self) -> Iterator[str]:
        return iter((*self._class_names, *self._added))

    def __len__(self) -> int:
        return len(self._class_names) + len(self._added)
