"""PIQE: distortion of a picture, measured without a reference."""

from dataclasses import dataclass

from ditherlab.black_box import FunctionSource
from ditherlab.objectives.black_box_objective import BlackBoxObjective
from ditherlab.vision.packaged_metrics import require_package

# The score is computed over blocks of 16 x 16 pixels.
_BLOCK_PX = 16


@dataclass(frozen=True)
class PIQE(BlackBoxObjective):
    """The PIQE score, 0 to 100; needs the package pypiqe.

    The score does not depend on the target. Add it to an objective that does; alone, its optimum
    is any picture without distortions.

    Source: N. Venkatanath et al., "Blind Image Quality Evaluation Using Perception Based Features",
    NCC 2015.

    Raises:
        RequestError: If the package is missing.
    """

    def __post_init__(self) -> None:
        require_package("pypiqe", "piqe")

    @property
    def min_size_px(self) -> int:
        return _BLOCK_PX

    @property
    def source(self) -> FunctionSource:
        return FunctionSource(str(self), "ditherlab.vision.packaged_metrics", "piqe_score", {})
