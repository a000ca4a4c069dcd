"""Messages between a run and the worker processes that call its Python functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ditherlab.black_box.calling_convention import CallingConvention
from ditherlab.black_box.function_source import FunctionSource
from ditherlab.errors import CodeError, DitherlabError, ObjectiveError, RequestError

if TYPE_CHECKING:
    from ditherlab.black_box.arrays import Floats, Masks, Planes

Use = Literal["cost", "stage"]

_KINDS = {kind.__name__: kind for kind in (RequestError, CodeError, ObjectiveError)}


@dataclass(frozen=True)
class Load:
    """The first message to a worker: the code to load.

    Attributes:
        source: The function, or the class of a stage.
        use: A cost must be a function that takes pictures; a stage only has to be there.
    """

    source: FunctionSource
    use: Use = "cost"


@dataclass(frozen=True)
class PixelTargets:
    """The second message to a worker of a black box.

    Attributes:
        planes: The target pictures.
        opaque: True at opaque pixels of each target.
    """

    planes: Planes
    opaque: Masks


@dataclass(frozen=True)
class Part:
    """Pictures that are priced together.

    Attributes:
        pictures: Pictures in 8 bits a channel.
        places: The index of each picture's target.
    """

    pictures: Planes
    places: list[int]


@dataclass(frozen=True)
class TensorTargets:
    """The second message to a worker of a function that torch differentiates.

    Attributes:
        images: The target pictures `[b 3 h w]`, in display sRGB.
        opaque: True at opaque pixels, `[b 1 h w]`.
        device: The device to compute on.
    """

    images: Floats
    opaque: Masks
    device: str


@dataclass(frozen=True)
class Tensors:
    """Drawn pictures to price.

    Attributes:
        images: `[n 3 h w]`, in display sRGB; `n` is a multiple of the number of targets.
        has_gradient: Whether to differentiate the costs.
    """

    images: Floats
    has_gradient: bool


@dataclass(frozen=True)
class Started:
    """The process runs and waits for `Load`."""


@dataclass(frozen=True)
class Ready:
    """The code is loaded.

    Attributes:
        convention: The calling convention of a cost; None for a stage.
    """

    convention: CallingConvention | None


@dataclass(frozen=True)
class Costs:
    """The costs of the pictures, in their order."""

    costs: list[float]


@dataclass(frozen=True)
class TensorCosts:
    """The costs `[n]`, and the gradient of each in its own picture `[n 3 h w]`."""

    costs: Floats
    gradient: Floats | None


@dataclass(frozen=True)
class Failure:
    """An error; after one of a function, the worker keeps running.

    Attributes:
        kind: The name of the error's class. The class itself may be one of the user's code.
        message: The error's message.
    """

    kind: str
    message: str

    @classmethod
    def of(cls, error: DitherlabError) -> Failure:
        """Describe an error."""
        kinds = [name for name, kind in _KINDS.items() if isinstance(error, kind)]
        return cls(kinds[0] if kinds else ObjectiveError.__name__, str(error))

    def error(self) -> DitherlabError:
        """Make the error again."""
        return _KINDS[self.kind](self.message)


Reply = Started | Ready | Costs | TensorCosts | Failure
