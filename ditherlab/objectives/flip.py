"""FLIP: visibility of the differences when flipping between two pictures."""

from dataclasses import dataclass

from ditherlab.black_box import FunctionSource
from ditherlab.errors import RequestError
from ditherlab.objectives.black_box_objective import BlackBoxObjective
from ditherlab.vision.packaged_metrics import require_package


@dataclass(frozen=True)
class FLIP(BlackBoxObjective):
    """The mean FLIP error against the target, 0 to 1; needs the package flip-evaluator.

    Source: Pontus Andersson et al., "FLIP: A Difference Evaluator for Alternating Images",
    HPG 2020.

    Attributes:
        pixels_per_degree: Pixels per degree of visual angle, at the distance of the viewer: 67 is a
            4K monitor at 70 cm.

    Raises:
        RequestError: If the package is missing, or the number is not above 0.
    """

    pixels_per_degree: float = 67.0

    def __post_init__(self) -> None:
        if not 0 < self.pixels_per_degree < float("inf"):
            raise RequestError(
                "`flip(pixels_per_degree=...)` must be above 0, got "
                f"{self.pixels_per_degree:g}. Try 67."
            )
        require_package("flip-evaluator", "flip")

    @property
    def source(self) -> FunctionSource:
        arguments = {"pixels_per_degree": self.pixels_per_degree}
        return FunctionSource(
            str(self), "ditherlab.vision.packaged_metrics", "flip_error", arguments
        )
