"""The size of the file: pictures that compress well."""

from dataclasses import dataclass

from ditherlab.black_box import FunctionSource
from ditherlab.objectives.black_box_cost import BlackBoxCost
from ditherlab.protocol import Ability, Cost, Objective, Target


@dataclass(frozen=True)
class PngBytes(Objective):
    """The size of the drawn picture's indexed PNG in bytes, without text and unused colors.

    It knows nothing of the source: add it to an objective that does, with a small weight.
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value"})

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        source = FunctionSource(str(self), "ditherlab.images", "drawn_png_bytes")
        return BlackBoxCost.of(source, target, "picture")
