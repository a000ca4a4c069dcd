"""The source of a Python function: a file or a module, and the function's name there."""

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ditherlab.errors import CodeError, RequestError
from ditherlab.naming import nearest_name

_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class FunctionSource:
    """The location of a function, and fixed keyword arguments; valid in every process.

    Attributes:
        words: The function's name in messages.
        location: A file that ends in `.py`, or the name of a module.
        name: The function's name there; a dotted name refers to an attribute of an object.
        arguments: Keyword arguments of every call.
    """

    words: str
    location: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """True if the function is in a file, False if it is in a module."""
        return self.location.endswith(".py")

    @property
    def path(self) -> Path:
        """The file, as an absolute path."""
        return Path(self.location).expanduser().absolute()

    def load(self) -> Callable[..., Any]:
        """Run the file or import the module, and return its function.

        Anything the file prints goes to standard error.

        Raises:
            RequestError: If the file, module or function does not exist.
            CodeError: If loading it fails.
        """
        found = self.find()
        if isinstance(found, type):
            raise RequestError(f"`{self.words}` is a class. Name a function, or an object of it.")
        if not callable(found):
            raise RequestError(f"`{self.words}` must be a function, got {type(found).__name__}.")
        return partial(found, **self.arguments) if self.arguments else found

    def find(self) -> Any:
        """Run the file or import the module, and return what has the name there.

        Raises:
            RequestError: If there is no such file, module or name.
            CodeError: If the file or module cannot be run.
        """
        with redirect_stdout(sys.stderr):
            module = self._run_file() if self.is_file else self._import_module()
        return self._find(module)

    def load_error(self, error: BaseException) -> CodeError | RequestError:
        """Return the error that reports why the file or module cannot be loaded."""
        # A module that does not exist is a wrong word; one that fails is broken code.
        kind = RequestError if self._is_missing(error) else CodeError
        verb = "run" if self.is_file else "imported"
        return kind(f"`{self.words}`: '{self.location}' cannot be {verb}: {self.describe(error)}.")

    def describe(self, error: BaseException) -> str:
        """Return the error in one line, with the line of the user's file that raised it, if any."""
        message = " ".join(str(error).split())
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[:_LONGEST_MESSAGE]}..."
        # The message of a syntax error names the line already.
        place = None if isinstance(error, SyntaxError) else self._place(error)
        reported = f"{type(error).__name__}: {message}" if message else type(error).__name__
        return f"{reported} ({place})" if place else reported

    def _place(self, error: BaseException) -> str | None:
        known = traceback.extract_tb(error.__traceback__)
        frames = [frame for frame in known if not frame.filename.startswith("<")]
        own = [frame for frame in frames if self.is_file and frame.filename == str(self.path)]
        if not (own or frames):
            return None
        last = (own or frames)[-1]
        return f"{Path(last.filename).name}, line {last.lineno}"

    def _run_file(self) -> ModuleType:
        if not self.path.is_file():
            raise RequestError(f"`{self.words}`: there is no file '{self.location}'.")
        name = f"ditherlab_user_{self.path.stem}"
        loader = _FreshLoader(name, str(self.path))
        spec = spec_from_file_location(name, self.path, loader=loader)
        if spec is None:
            raise RequestError(f"`{self.words}`: '{self.location}' is not a Python file.")
        module = module_from_spec(spec)
        # Dataclasses look up their module in `sys.modules` while the file runs.
        sys.modules[name] = module
        with _also_importing_from(self.path.parent), self._explaining():
            loader.exec_module(module)
        return module

    def _import_module(self) -> ModuleType:
        with _also_importing_from(Path.cwd()), self._explaining():
            return importlib.import_module(self.location)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except (Exception, SystemExit) as error:
            raise self.load_error(error) from error

    def _is_missing(self, error: BaseException) -> bool:
        if self.is_file or not isinstance(error, ModuleNotFoundError) or error.name is None:
            return False
        return f"{self.location}.".startswith(f"{error.name}.")

    def _find(self, module: ModuleType) -> Any:
        found: Any = module
        for part in self.name.split("."):
            if not hasattr(found, part):
                names = [name for name, value in vars(module).items() if _is_offered(name, value)]
                hint = nearest_name(self.name, names) if names else "It has no functions."
                raise RequestError(
                    f"`{self.words}`: '{self.location}' has no `{self.name}`. {hint}"
                )
            found = getattr(found, part)
        return found


class _FreshLoader(SourceFileLoader):
    """A loader that always compiles the current file, and writes no bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _is_offered(name: str, value: object) -> bool:
    is_public = not name.startswith("_")
    return is_public and callable(value) and not isinstance(value, type)


@contextmanager
def _also_importing_from(folder: Path) -> Iterator[None]:
    """Let loaded code import modules in the folder, as a script can.

    The folder is first on the search path inside the block, and last after it.
    """
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
