"""A stage of the user's own: `python:FILE.py:Name(parameter=value)`."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ditherlab.black_box import FunctionSource
from ditherlab.black_box.deadline import DeadlineError
from ditherlab.errors import DitherlabError, ObjectiveError, RequestError
from ditherlab.naming import kebab_case
from ditherlab.problem import Problem
from ditherlab.protocol import Ability
from ditherlab.specs import Registry, spell_out
from ditherlab.stages.stage import Progress, Stage, StageContext, StageMemory
from ditherlab.stages.state import State

_WORDS = re.compile(
    r"python:(?P<location>[\w.]+|.+?\.py):(?P<name>[A-Za-z_][\w.]*)"
    r"\s*(?:\((?P<arguments>.*)\))?\s*",
    re.DOTALL,
)

# Attributes of the class of a stage, which the wrapper copies.
_COPIED = tuple(Stage.__annotations__)


@dataclass(frozen=True)
class PythonStage(Stage):
    """A stage whose class stands in a Python file or module; its code is run when it is parsed.

    Attributes:
        location: A file that ends in `.py`, or the name of a module.
        class_name: Name of the class there.
        stage: An instance of the class.
    """

    location: str
    class_name: str
    stage: Stage

    def __post_init__(self) -> None:
        for name in _COPIED:
            object.__setattr__(self, name, getattr(self.stage, name))

    @classmethod
    def parse(cls, words: str, parts: Mapping[Any, Callable[[str], Any]]) -> "PythonStage":
        """Load the class and make a stage with the parameters.

        Args:
            words: `python:FILE.py:Name(parameter=value, ...)` or `python:module:Name(...)`.
            parts: Parsers of parameters that are not numbers or choices, by their type.

        Raises:
            RequestError: If the words are others, or do not name a stage.
        """
        match = _WORDS.fullmatch(words)
        if match is None:
            raise RequestError(
                "A Python stage must be `python:FILE.py:Name(...)` or `python:module:Name(...)`, "
                f"got '{words}'."
            )
        location, name = match["location"], match["name"]
        source = FunctionSource(f"python:{location}:{name}", location, name)
        found = source.find()
        if not (isinstance(found, type) and issubclass(found, Stage) and is_dataclass(found)):
            raise RequestError(
                f"`{source.words}` must be a frozen dataclass that extends "
                f"`ditherlab.stages.Stage`, got {_describe(found)}."
            )
        registry = Registry.of("stage", [found], parts=parts)
        stage = registry.parse(f"{kebab_case(found.__name__)}({match['arguments'] or ''})")
        return cls(location, name, stage)

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        steps = iter(self.stage.run(context, state))
        while True:
            try:
                progress = next(steps, None)
            except (DitherlabError, DeadlineError):
                raise
            except Exception as error:
                reason = self._source.describe(error)
                raise ObjectiveError(f"`{self._source.words}` failed: {reason}.") from error
            if progress is None:
                return
            if not isinstance(progress, Progress):
                raise ObjectiveError(
                    f"`{self._source.words}` must yield `Progress`, got {_describe(progress)}."
                )
            yield progress

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return self.stage.needs(problem)

    def check(self, problem: Problem) -> None:
        self.stage.check(problem)

    def resolved(self, problem: Problem) -> "PythonStage":
        return replace(self, stage=self.stage.resolved(problem))

    def is_needed(self, state: State) -> bool:
        return self.stage.is_needed(state)

    def memory(self, problem: Problem) -> StageMemory:
        return self.stage.memory(problem)

    def work(self, problem: Problem) -> float:
        return self.stage.work(problem)

    @property
    def name(self) -> str:
        return self.stage.name

    @property
    def public_words(self) -> str:
        return self._words(Path(self.location).name)

    @property
    def code_words(self) -> str:
        source = self._source
        if not source.is_file:
            return str(self)
        return self._words(sha256(source.path.read_bytes()).hexdigest())

    def __str__(self) -> str:
        return self._words(self.location)

    def _words(self, location: str) -> str:
        _, bracket, arguments = spell_out(self.stage).partition("(")
        return f"python:{location}:{self.class_name}{bracket}{arguments}"

    @property
    def _source(self) -> FunctionSource:
        words = f"python:{self.location}:{self.class_name}"
        return FunctionSource(words, self.location, self.class_name)


def _describe(found: object) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else type(found).__name__
