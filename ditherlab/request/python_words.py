"""Messages in the words of Python: `max_seconds=` instead of `--max-seconds`."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from ditherlab.errors import DitherlabError

_QUOTED = re.compile(r"`(?P<options>--[a-z][^`]*)`")
_BARE = re.compile(r"(?<![\w`-])--(?P<name>[a-z][a-z-]*)")
_OPTION = re.compile(r"--(?P<name>[a-z][a-z-]*)(?:[ =](?P<value>.+?))?(?=\s--|$)")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

# What an option without a value means.
_SWITCHES = {"overwrite": "overwrite=True"}
_SAID_TWICE = re.compile(r"(?P<said>`\w+=\w+`) \((?P=said)\)")


class PythonWords:
    """Writes options of the command line as the parameters of a function.

    Args:
        parameters: The names of the parameters; other options stay as they are.

    Example:
        >>> words = PythonWords(["fit", "dpi", "max_seconds"])
        >>> words.write("Use `--fit none`, or less of `--max-seconds`. `--output` is another.")
        "Use `fit='none'`, or less of `max_seconds=`. `--output` is another."
        >>> words.write("Without --dpi, or with `--fit clip --dpi 139`.")
        "Without `dpi=`, or with `fit='clip', dpi=139`."
    """

    def __init__(self, parameters: Collection[str]) -> None:
        self._parameters = frozenset(parameters)

    def write(self, text: str) -> str:
        """Return a message with parameters in the place of options."""
        text = _QUOTED.sub(self._write_quoted, text)
        text = _BARE.sub(self._write_bare, text)
        return _SAID_TWICE.sub(r"\g<said>", text)

    @contextmanager
    def in_errors(self) -> Iterator[None]:
        """Let errors of the block name parameters."""
        try:
            yield
        except DitherlabError as error:
            error.args = (self.write(str(error)), *error.args[1:])
            raise

    def _write_quoted(self, match: re.Match[str]) -> str:
        options = list(_OPTION.finditer(match["options"]))
        if not all(self._name(option["name"]) in self._parameters for option in options):
            return match[0]
        return f"`{', '.join(self._write(option['name'], option['value']) for option in options)}`"

    def _write_bare(self, match: re.Match[str]) -> str:
        is_known = self._name(match["name"]) in self._parameters
        return f"`{self._write(match['name'], None)}`" if is_known else match[0]

    def _write(self, option: str, value: str | None) -> str:
        name = self._name(option)
        if value is None:
            return _SWITCHES.get(name, f"{name}=")
        return f"{name}={value if _NUMBER.fullmatch(value) else repr(value)}"

    @staticmethod
    def _name(option: str) -> str:
        return option.replace("-", "_")
