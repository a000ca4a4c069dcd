"""Everything that can stand for a picture, or for several, as pictures."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from ditherlab.errors import PictureError
from ditherlab.images import Picture, ReadingOptions, picture_of_image, read_picture
from ditherlab.images.source_bytes import ByteStream
from ditherlab.request.arrays import array_to_pictures, tensor_to_pictures

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

    PictureSource: TypeAlias = (
        str
        | os.PathLike[str]
        | ByteStream
        | Image.Image
        | Picture
        | npt.NDArray[Any]
        | Tensor
        | Sequence["PictureSource"]
    )

_DEFAULT_READING = ReadingOptions()


def as_pictures(
    value: "PictureSource", reading: ReadingOptions = _DEFAULT_READING
) -> Picture | tuple[Picture, ...]:
    """Return the picture, or the pictures, that a value stands for.

    Args:
        value: A path, an open binary file, a Pillow image, an array `[h w]` or `[h w c]` (uint8, or
            floats from 0 to 1), a tensor `[h w]` or `[c h w]` (the same), a `Picture`, or several
            of these in a list, an array `[n h w c]` or a tensor `[n c h w]`.
        reading: Choices about files, and about the alpha of images, arrays and tensors.

    Raises:
        PictureError: If it stands for no picture; the message says what would.

    Example:
        >>> as_pictures(np.full((2, 3), 0.5)).pixels[0, 0].tolist()
        [128, 128, 128]
    """
    pictures = _pictures(value, reading)
    is_one = len(pictures) == 1 and not isinstance(value, list | tuple)
    return pictures[0] if is_one else pictures


def _pictures(value: Any, reading: ReadingOptions) -> tuple[Picture, ...]:
    if isinstance(value, Picture):
        return (value,)
    if isinstance(value, str | os.PathLike) or callable(getattr(value, "read", None)):
        return (read_picture(value, reading),)
    if isinstance(value, Image.Image):
        return (picture_of_image(value, reading),)
    if _is_tensor(value):
        return tensor_to_pictures(value, reading)
    if isinstance(value, list | tuple):
        return _listed(value, reading)
    if hasattr(value, "__array__"):
        return array_to_pictures(np.asarray(value), reading)
    raise PictureError(
        "A picture must be a path, a Pillow image, an array [h w c], a tensor [c h w], a `Picture` "
        f"or a list of these, got {_spell(value)}."
    )


def _listed(values: Sequence[Any], reading: ReadingOptions) -> tuple[Picture, ...]:
    if not values:
        raise PictureError("A list of pictures must have at least one, got an empty list.")
    for number, value in enumerate(values):
        if isinstance(value, list | tuple | int | float):
            raise PictureError(
                f"A list of pictures must hold pictures, got {_spell(value)} at place {number}. "
                "Make an array of a list of numbers: `numpy.array(...)`."
            )
    return tuple(picture for value in values for picture in _pictures(value, reading))


def _is_tensor(value: object) -> bool:
    # A tensor exists only if torch was imported.
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _spell(value: object) -> str:
    if value is None:
        return "None"
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
