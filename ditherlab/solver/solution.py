"""A solution: the indexed picture that a problem led to, and how it got there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import (
    Picture,
    encode_indexed_png,
    pack_indices,
    packed_bits,
    write_atomically,
)
from ditherlab.palette import MAX_NUM_COLORS, Palette
from ditherlab.problem.problem import Problem
from ditherlab.protocol import Target
from ditherlab.types import Images

Stage = Literal["step", "cells", "method", "polish"]

Outcome = Literal[
    "finished",
    "out-of-time",
    "out-of-evaluations",
    "interrupted",
    "not-finite",
    "cost-failed",
    "nothing-to-draw",
]


@dataclass(frozen=True)
class Look:
    """One look at a run that goes on.

    Attributes:
        stage: What goes on: `step` of an estimator, choices of `cells`, moves of a `method`, or
            `polish`.
        step: Steps of that stage taken so far.
        seconds: Since the start.
        cost: The expected cost, on hard draws.
        entropy: Mean entropy of a pixel in nats.
        progress: From 0 to 1, by the budget (steps, time, evaluations) that is spent furthest.
        num_evaluations: Pictures priced so far to find gradients.
        num_backward_passes: Those of them that were also differentiated.
    """

    step: int
    seconds: float
    cost: float
    entropy: float
    progress: float
    num_evaluations: int
    num_backward_passes: int
    stage: Stage = "step"


@dataclass(frozen=True)
class History:
    """What happened on the way.

    Attributes:
        costs: The expected cost at every step, before it was taken, those of the polish included.
        looks: What was seen at the start, now and then, and at the end.
        num_steps: Steps that the estimator took, those that learned the palette included.
        num_evaluations: Pictures priced.
        num_backward_passes: Pictures priced and differentiated.
        temperature: Start and end of the annealing that was used; None without.
    """

    costs: tuple[float, ...] = ()
    looks: tuple[Look, ...] = ()
    num_steps: int = 0
    num_evaluations: int = 0
    num_backward_passes: int = 0
    temperature: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Solution:
    """An indexed picture and its history; shows itself in a notebook.

    Attributes:
        problem: What was asked for.
        indices: Palette indices, uint8.
        palette: The palette as it is written, 8 bits a channel; learned colors are rounded.
        history: Costs and entropies on the way.
        outcome: Why the loop ended.
        seconds: How long it took.
        notes: What the user should know.
        failure: What went wrong with the objective, a sentence; None if nothing did.
        parameters: Of the problem's model, by name, as they ended; empty without one.
    """

    problem: Problem
    indices: npt.NDArray[np.uint8]
    palette: Palette
    outcome: Outcome
    history: History = field(default_factory=History)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    failure: str | None = None
    parameters: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @property
    def num_steps(self) -> int:
        """Steps that the estimator took; the polish takes none."""
        return self.history.num_steps

    @property
    def num_colors_used(self) -> int:
        """Palette colors that opaque pixels show."""
        return len(np.unique(self.indices[self.problem.picture.opaque]))

    def show(self, indices: npt.NDArray[np.uint8], target: Target) -> Images:
        """Show an index image as it will be seen, on the device and in the channels of a target."""
        colors = self.palette.srgb(target.images.device)[:, : target.images.shape[1]]
        places = torch.from_numpy(indices.astype(np.int64)).to(target.images.device)
        return colors.T[:, places].unsqueeze(0)

    @cached_property
    def picture(self) -> Picture:
        """The picture as it will be seen, transparency as in the source."""
        source = self.problem.picture
        colors = np.array(self.palette.seen, dtype=np.uint8)
        return Picture(pixels=colors[self.indices], opaque=source.opaque, name=source.name)

    @property
    def settings(self) -> Mapping[str, object]:
        """What reproduces the picture, with the temperature that was used."""
        temperature = self.history.temperature
        used = None if temperature is None else list(temperature)
        return {**self.problem.settings, "temperature": used}

    def to_png(self) -> bytes:
        """Encode a truly indexed PNG, with the settings in its text chunks.

        Its colors are those that a driver wants, which a panel may show as others.

        Raises:
            PictureError: If there are 256 colors and transparent pixels; `check_encodable` refuses
                that before a picture is made.
        """
        settings = {**self.settings, "objective": self.problem.objective.public_words}
        text = {"Software": "ditherlab", "ditherlab": json.dumps(settings)}
        return encode_indexed_png(
            self.indices, self.palette.colors, self.problem.picture.opaque, text
        )

    @property
    def packed_bits(self) -> int:
        """Bits that a pixel takes in `to_packed`: 1, 2, 4 or 8, as few as the palette allows."""
        codes = self.palette.codes
        return packed_bits(len(self.palette) - 1 if codes is None else max(codes))

    def to_packed(self) -> bytes:
        """Pack the bare indices, or the codes by which a panel's driver knows the colors.

        Rows from the top, pixels from the left into the highest bits first, each row padded to
        whole bytes.

        Raises:
            PictureError: If a pixel is transparent.
        """
        check_packable(self.problem.picture)
        codes = np.array(self.palette.codes or range(len(self.palette)), dtype=np.uint8)
        return pack_indices(codes[self.indices], self.packed_bits)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the PNG.

        Raises:
            OutputError: If it cannot be written, or exists and `overwrite` is false.
        """
        write_atomically(path, self.to_png(), overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        return encode_indexed_png(self.indices, self.palette.seen, self.problem.picture.opaque, {})


def check_encodable(problem: Problem) -> None:
    """Make sure that a picture's colors have room in an indexed PNG.

    Raises:
        RequestError: If they are too many beside the entry of transparent pixels.
    """
    if problem.picture.has_transparency and problem.num_colors >= MAX_NUM_COLORS:
        raise RequestError(
            f"A palette beside transparency must have at most {MAX_NUM_COLORS - 1} colors, got "
            f"{problem.num_colors}: transparent pixels need an entry of their own."
        )


def check_packable(picture: Picture) -> None:
    """Make sure that every pixel has a color.

    Raises:
        PictureError: If one is transparent.
    """
    if picture.has_transparency:
        raise PictureError(
            "A packed picture must have no transparent pixels, got some. Put it on a background "
            "first."
        )
