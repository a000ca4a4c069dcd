"""The file size of a drawn picture as PNG, to find pictures that compress well."""

from dataclasses import dataclass

from ditherlab.black_box import FunctionSource
from ditherlab.objectives.black_box_objective import BlackBoxObjective


@dataclass(frozen=True)
class PngBytes(BlackBoxObjective):
    """The size of the drawn picture's indexed PNG in bytes, without text and unused colors.

    The size does not depend on the target. Add it to an objective that does, with a small weight.
    """

    @property
    def source(self) -> FunctionSource:
        return FunctionSource(str(self), "ditherlab.images", "drawn_png_bytes")
