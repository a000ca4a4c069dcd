"""The place of a stage between two steps, from which an interrupted run goes on."""

from collections.abc import Callable, Mapping
from typing import Any

Values = Mapping[str, Any]
"""The needs of each part of a stage beside the state, by its name; `Kept` says what they may be."""


class Cursor:
    """The place of a stage after its latest yield.

    Parts of a stage, such as an optimizer, `keep` a function that returns their values. When a
    stage is resumed, its parts get these back from `resume`; it first yields `REPEATED` where it
    was, so that it can also be closed there, and goes on. A stage that keeps nothing is run again
    from its beginning.

    Args:
        values: Those of a checkpoint; None for a stage that begins.

    Example:
        >>> cursor = Cursor()
        >>> cursor.keep("sweeps", lambda: 3)
        >>> cursor.values()
        {'sweeps': 3}
        >>> Cursor(cursor.values()).resume("sweeps")
        3
    """

    def __init__(self, values: Values | None = None) -> None:
        self._values = dict(values or {})
        self._parts: dict[str, Callable[[], Any]] = {}

    def resume(self, part: str) -> Any:
        """Return the values of a part, once; None for one that had not begun."""
        return self._values.pop(part, None)

    def has(self, part: str) -> bool:
        """Return whether there are values of a part that were not resumed yet."""
        return part in self._values

    def keep(self, part: str, values: Callable[[], Any]) -> None:
        """Hold a part from now on.

        Args:
            part: Its name, which no other part of the stage has.
            values: Returns its values after each yield; None while the stage cannot go on there.
        """
        self._parts[part] = values

    def clear(self) -> None:
        """Forget all parts; the stage cannot go on from its next yields until parts are kept."""
        self._values.clear()
        self._parts.clear()

    def values(self) -> Values | None:
        """Return the values of all parts; None if the stage cannot go on from here."""
        found = {part: values() for part, values in self._parts.items()}
        is_whole = bool(found) and all(value is not None for value in found.values())
        return found if is_whole else None
