"""A job: a problem, a recipe and limits, ready to be solved."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from ditherlab.problem import Limits, Problem, find_device
from ditherlab.recipe import Recipe
from ditherlab.recipe.settings import Settings, settings_of
from ditherlab.solver.budget import Clock
from ditherlab.solver.memory import MemoryNeed, allowed_memory_bytes
from ditherlab.solver.memory_need import check_metrics, memory_need
from ditherlab.solver.solution import Solution
from ditherlab.solver.solver import check_seed, optimize
from ditherlab.vision.image_metrics import ImageMetric


@dataclass(frozen=True)
class Job:
    """Everything that a call of `optimize` needs.

    Attributes:
        problem: What is asked for.
        recipe: How, with all parameters set.
        limits: How long.
        seed: Of everything random.
        device: `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        RequestError: If the seed is out of range.
    """

    problem: Problem
    recipe: Recipe
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        check_seed(self.seed)

    @property
    def chosen_device(self) -> torch.device:
        """The device to compute on."""
        return find_device(self.device)

    @property
    def settings(self) -> Settings:
        """Everything that decides the picture."""
        return settings_of(
            self.problem,
            self.recipe,
            limits=self.limits,
            seed=self.seed,
            device=self.chosen_device,
        )

    @cached_property
    def memory_need(self) -> MemoryNeed:
        """The memory that the run takes at its peak."""
        return memory_need(self.problem, self.recipe, self.chosen_device)

    @property
    def allowed_memory_bytes(self) -> int | None:
        """The memory that the run may take; None where nobody tells."""
        return allowed_memory_bytes(self.limits, self.chosen_device)

    def check_metrics(self, metrics: Sequence[ImageMetric]) -> None:
        """Refuse metrics that need more memory than the run may take.

        Raises:
            PictureError: If one does.
        """
        # They are measured on the CPU.
        allowed_bytes = allowed_memory_bytes(self.limits, torch.device("cpu"))
        check_metrics(metrics, self.problem, allowed_bytes)

    def run(self, *, clock: Clock = time.monotonic, **callbacks: Any) -> Solution:
        """Solve the problem.

        Args:
            clock: Returns seconds.
            callbacks: `on_progress`, `should_stop` and `checkpoint` of `optimize`.
        """
        return optimize(
            self.problem,
            self.recipe,
            limits=self.limits,
            seed=self.seed,
            device=self.device,
            clock=clock,
            **callbacks,
        )
