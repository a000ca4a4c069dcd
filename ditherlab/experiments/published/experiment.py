"""A published experiment that can be run again."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from ditherlab.experiments.published.findings import Findings

OnProgress = Callable[[str, float], None]
"""Told what is measured now, and which part of everything is done."""


class Experiment(ABC):
    """A small experiment whose outcome is known from its source."""

    title: str
    """A line."""

    source: str
    """Who published it, where."""

    @abstractmethod
    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        """Run it.

        Args:
            is_quick: Whether fewer draws and steps shall do.
            seed: Same seed, same findings, on the same machine.
            on_progress: Told where it is; may raise to end the run.
        """
