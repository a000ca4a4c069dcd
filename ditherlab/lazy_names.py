"""Names of a package that are loaded when they are first used."""

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], rooms: Collection[str] = ()
) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package whose names live in its submodules.

    Args:
        package: The name of the package.
        homes: The submodule of each name, relative to the package.
        rooms: The submodules that are names of the package themselves.
    """

    def load(name: str) -> Any:
        if name in rooms:
            return import_module(f"{package}.{name}")
        if name not in homes:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return load
