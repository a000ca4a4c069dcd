"""The interface of a published experiment."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from ditherlab.experiments.published.findings import Findings

OnProgress = Callable[[str, float], None]
"""Called with the current measurement and the finished part of the work."""


class Experiment(ABC):
    """A small experiment with published results."""

    title: str
    """The title in one line."""

    source: str
    """The publication: authors, title, venue and year."""

    @abstractmethod
    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        """Run the experiment.

        Args:
            is_quick: Whether to use fewer draws and steps.
            seed: The random seed; results are reproducible on the same machine.
            on_progress: Called with the progress; may raise an exception to end the run.
        """
