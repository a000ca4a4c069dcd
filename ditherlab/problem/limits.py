"""Limits: how long a run may take."""

from dataclasses import dataclass

from ditherlab.errors import RequestError


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Resources that a run may use; None for no limit.

    A run that reaches a limit ends with the best picture so far.

    Attributes:
        seconds: Time by the clock of the run.
        evaluations: Pictures that may be priced, the one that prices the result included. A first
            step is always priced.
        memory_bytes: Peak memory on top of what the program holds before; by default, three
            quarters of the device's free memory.

    Raises:
        RequestError: If a limit is not above 0.
    """

    seconds: float | None = None
    evaluations: int | None = None
    memory_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None and not self.seconds > 0:
            raise RequestError(f"The time must be above 0 seconds, got {self.seconds:g}.")
        if self.evaluations is not None and self.evaluations < 1:
            raise RequestError(
                f"The number of evaluations must be at least 1, got {self.evaluations}."
            )
        if self.memory_bytes is not None and self.memory_bytes < 1:
            raise RequestError(f"The memory must be at least 1 byte, got {self.memory_bytes}.")
