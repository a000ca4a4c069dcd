"""Any Python function as an objective: `python:metric.py:cost`."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ditherlab.black_box import CallingConvention, FunctionSource
from ditherlab.black_box.loading import digest, read_convention
from ditherlab.errors import RequestError
from ditherlab.objectives.black_box_objective import BlackBoxCost
from ditherlab.objectives.differentiable_cost import DifferentiableCost
from ditherlab.objectives.python_words import PYTHON_WORDS
from ditherlab.protocol import Ability, Cost, Objective, Target


@dataclass(frozen=True)
class PythonFunction(Objective):
    """A Python function that returns the cost of pictures.

    The objective offers `value`, and also `gradient` if the function is marked as differentiable:
    see `ditherlab.cost_function`. The function's code runs in other processes only: in one when the
    objective is made, and in one or more for each bound cost.

    Attributes:
        location: A file that ends in `.py`, or the name of a module.
        name: The function's name there.

    Raises:
        RequestError: If the function does not exist or cannot be called as a cost.
        CodeError: If its file or module cannot be loaded, or not before the deadline.
    """

    location: str
    name: str

    def __post_init__(self) -> None:
        _ = self._convention

    @classmethod
    def parse(cls, words: str) -> "PythonFunction":
        """Parse `python:FILE.py:function` or `python:module:function`.

        Raises:
            RequestError: If the text has another form, or the function does not exist.
            CodeError: If its file or module cannot be loaded.
        """
        match = PYTHON_WORDS.fullmatch(words)
        if match is None:
            raise RequestError(
                "A Python objective must be `python:FILE.py:function` or "
                f"`python:module:function`, got '{words}'."
            )
        return cls(match["location"], match["name"])

    @property
    def abilities(self) -> frozenset[Ability]:
        if self._convention.differentiable:
            return frozenset({"value", "gradient"})
        return frozenset({"value"})

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        if self._convention.differentiable:
            return DifferentiableCost.of(self._source, target)
        return BlackBoxCost.of(self._source, target, self._convention.takes)

    def __str__(self) -> str:
        return f"python:{self.location}:{self.name}"

    @property
    def public_words(self) -> str:
        return f"python:{Path(self.location).name}:{self.name}"

    @property
    def code_words(self) -> str:
        """A text that identifies the function: for a file, by a hash of its code, not its path."""
        source = self._source
        return f"python:{digest(source)}:{self.name}" if source.is_file else str(self)

    @property
    def _source(self) -> FunctionSource:
        return FunctionSource(str(self), self.location, self.name)

    @cached_property
    def _convention(self) -> CallingConvention:
        return read_convention(self._source)
