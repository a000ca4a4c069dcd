"""A stage of the user's own: `python:FILE.py:Name(parameter=value)`."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ditherlab.black_box import FunctionSource
from ditherlab.black_box.deadline import DeadlineError
from ditherlab.black_box.loading import digest, try_to_load
from ditherlab.black_box.standard_output import nothing_on_stdout
from ditherlab.errors import DitherlabError, ObjectiveError, RequestError, StageError
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
            CodeError: If the file or module cannot be loaded, or not before the deadline.
        """
        match = _WORDS.fullmatch(words)
        if match is None:
            raise RequestError(
                "A Python stage must be `python:FILE.py:Name(...)` or `python:module:Name(...)`, "
                f"got '{words}'."
            )
        location, name = match["location"], match["name"]
        source = FunctionSource(f"python:{location}:{name}", location, name)
        found = _load(location, name, digest(source))
        if not (isinstance(found, type) and issubclass(found, Stage) and is_dataclass(found)):
            raise RequestError(
                f"`{source.words}` must be a frozen dataclass that extends "
                f"`ditherlab.stages.Stage`, got {_describe(found)}."
            )
        registry = Registry.of("stage", [found], parts=parts)
        with _explaining(source, RequestError):
            stage = registry.parse(f"{kebab_case(found.__name__)}({match['arguments'] or ''})")
        return cls(location, name, stage)

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        """Run the user's stage; check what it yields, and the state that it leaves.

        Raises:
            StageError: If it fails, or if one of these is not valid; the state is then that of the
                last step that was.
        """
        valid = state.clone()
        size = context.problem.pictures[0].pixels.shape[:2]
        try:
            with _explaining(self._source, StageError):
                steps = iter(self.stage.run(context, state))
            while True:
                with _explaining(self._source, StageError):
                    progress = next(steps, None)
                fault = _fault_of_state(state, size, has_picture=valid.has_picture)
                if progress is not None:
                    fault = fault or _fault_of_progress(progress)
                if fault is not None:
                    raise StageError(f"`{self._source.words}` {fault}.")
                if progress is None:
                    return
                valid = state.clone()
                yield progress
        except StageError:
            state.restore(valid)
            raise

    def needs(self, problem: Problem) -> frozenset[Ability]:
        with _explaining(self._source, RequestError):
            return self.stage.needs(problem)

    def check(self, problem: Problem) -> None:
        with _explaining(self._source, RequestError):
            self.stage.check(problem)

    def resolved(self, problem: Problem) -> "PythonStage":
        with _explaining(self._source, RequestError):
            return replace(self, stage=self.stage.resolved(problem))

    def is_needed(self, state: State) -> bool:
        with _explaining(self._source, StageError):
            return self.stage.is_needed(state)

    def memory(self, problem: Problem) -> StageMemory:
        with _explaining(self._source, StageError):
            return self.stage.memory(problem)

    def work(self, problem: Problem) -> float:
        with _explaining(self._source, StageError):
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
        return self._words(digest(source)) if source.is_file else str(self)

    def __str__(self) -> str:
        return self._words(self.location)

    def _words(self, location: str) -> str:
        _, bracket, arguments = spell_out(self.stage).partition("(")
        return f"python:{location}:{self.class_name}{bracket}{arguments}"

    @property
    def _source(self) -> FunctionSource:
        words = f"python:{self.location}:{self.class_name}"
        return FunctionSource(words, self.location, self.class_name)


@contextmanager
def _explaining(
    source: FunctionSource, kind: type[RequestError] | type[StageError]
) -> Iterator[None]:
    """Turn what the user's code raises into an error of one line; keep it off standard output."""
    try:
        with nothing_on_stdout():
            yield
    except (DeadlineError, ObjectiveError):
        raise
    except DitherlabError as error:
        raise kind(str(error)) from error
    except (Exception, SystemExit) as error:
        raise kind(f"`{source.words}` failed: {source.describe(error)}.") from error


def _fault_of_progress(progress: object) -> str | None:
    """Return what is wrong with a yielded value; None if nothing is."""
    if not isinstance(progress, Progress):
        return f"must yield `Progress`, got {_describe(progress)}"
    if not 0 <= progress.share <= 1:
        return f"must yield a share from 0 to 1, got {progress.share:g}"
    cost: object = progress.cost
    is_cost = isinstance(cost, Tensor) and cost.is_floating_point() and cost.dim() == 1
    if cost is not None and not is_cost:
        return f"must yield costs as a float tensor `[b]`, got {cost!r}"
    return None


def _fault_of_state(state: State, size: tuple[int, int], *, has_picture: bool) -> str | None:
    """Return what is wrong with a state of pictures of a size; None if nothing is."""
    palette, indices, probs = state.palette, state.indices, state.probs
    if palette.dim() != 3 or len(palette) != 1:
        return f"must leave a palette `[1 k c]`, got {list(palette.shape)}"
    if has_picture and not state.has_picture:
        return "must leave a picture, got none"
    num_colors = palette.shape[1]
    if probs is not None and (probs.dim() != 4 or probs.shape[1:] != (num_colors, *size)):
        return (
            f"must leave probabilities `[b {num_colors} {size[0]} {size[1]}]`, "
            f"got {list(probs.shape)}"
        )
    return None if indices is None else _fault_of_indices(indices, num_colors, size)


def _fault_of_indices(indices: Tensor, num_colors: int, size: tuple[int, int]) -> str | None:
    if indices.dtype != torch.int64 or indices.dim() != 3 or indices.shape[1:] != size:
        return (
            f"must leave int64 indices `[b {size[0]} {size[1]}]`, got {indices.dtype} "
            f"{list(indices.shape)}"
        )
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or high >= num_colors:
        return f"must leave indices from 0 to {num_colors - 1}, got {low} to {high}"
    return None


@cache
def _load(location: str, name: str, code: str) -> Any:
    """Run a file once, so that equal words give equal stages, until the file changes.

    A stage runs in this process, because it changes the state of the run. A trial load in another
    process first makes sure that its code can be loaded.
    """
    del code
    source = FunctionSource(f"python:{location}:{name}", location, name)
    try_to_load(source)
    with nothing_on_stdout():
        return source.find()


def _describe(found: object) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else type(found).__name__
