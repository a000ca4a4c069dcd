"""The state of a run: everything that moves while stages work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from ditherlab.protocol import Kept
from ditherlab.protocol.categorical import Categorical, largest_color
from ditherlab.types import Colors, Logits, Probs

_PICTURES = ("indices", "logits", "probs", "drawn_from", "cell_choices")
_TENSORS = ("palette", "free_palette", *_PICTURES)


@dataclass(kw_only=True)
class State(Kept):
    """The palette, the pictures on their way, and the generator.

    Pictures are `indices`, or `probs`, or the `logits` that a descent starts from; the first of
    these that is there counts. A stage leaves a state from which a picture can be made whenever it
    yields.

    Attributes:
        palette: Display sRGB, `[1 k c]`, shared by all pictures.
        generator: Source of everything random.
        palette_is_free: Whether colors are still learned.
        free_palette: The learned palette before it is moved to the colors of the hardware; None
            unless these are limited.
        indices: Palette indices of every picture.
        logits: Log probabilities to start from.
        probs: Probability of every color at every pixel.
        drawn_from: Probabilities of which `indices` were drawn by the latest stage; None after any
            other stage.
        cell_choices: Number of the sub-palette of each pixel's cell.
        parameters: Parameters of a model by name, the pictures on the first axis.
        temperature: First and last temperature of the annealing, of the first picture.
    """

    palette: Colors
    generator: torch.Generator
    palette_is_free: bool = False
    free_palette: Colors | None = None
    indices: Int[Tensor, "b h w"] | None = None
    logits: Logits | None = None
    probs: Probs | None = None
    drawn_from: Probs | None = None
    cell_choices: Int[Tensor, "b h w"] | None = None
    parameters: Mapping[str, Tensor] = field(default_factory=dict)
    temperature: tuple[float, float] | None = None

    @property
    def has_picture(self) -> bool:
        """Return whether there is anything to make a picture of."""
        return not (self.indices is None and self.logits is None and self.probs is None)

    def picture(self) -> Int[Tensor, "b h w"]:
        """Return the palette indices of the pictures; of probabilities, the largest.

        Raises:
            ValueError: If no stage has made a picture yet.
        """
        if self.indices is not None:
            return self.indices
        values = self.logits if self.probs is None else self.probs
        if values is None:
            raise ValueError("There is no picture yet.")
        return largest_color(values)

    def show_indices(self, indices: Int[Tensor, "b h w"]) -> None:
        """Replace the pictures by index images."""
        self.indices, self.logits, self.probs, self.drawn_from = indices, None, None, None

    def show_probs(self, probs: Probs) -> None:
        """Replace the pictures by probabilities."""
        self.indices, self.logits, self.probs, self.drawn_from = None, None, probs, None

    def show_logits(self, logits: Logits) -> None:
        """Replace the pictures by the logits that a descent starts from."""
        self.indices, self.logits, self.probs, self.drawn_from = None, logits, None, None

    def show_inks(self, inks: Int[Tensor, "b h w"]) -> None:
        """Give pixels the color that they must have, where that is not -1."""
        is_ink = inks >= 0
        if self.indices is not None:
            self.indices = torch.where(is_ink, inks, self.indices)
        certain = torch.nn.functional.one_hot(inks.clamp_min(0), self.palette.shape[1])
        certain = certain.movedim(-1, 1).to(self.palette.dtype)
        for name in ("probs", "drawn_from"):
            probs = getattr(self, name)
            if probs is not None:
                setattr(self, name, torch.where(is_ink.unsqueeze(1), certain, probs))

    def only(self, number: int, generator: torch.Generator) -> "State":
        """Return the state of one of several pictures, with a generator of its own."""
        one = slice(number, number + 1)
        tensors = {
            name: None if getattr(self, name) is None else getattr(self, name)[one]
            for name in _PICTURES
        }
        return State(
            palette=self.palette,
            generator=generator,
            palette_is_free=self.palette_is_free,
            free_palette=self.free_palette,
            parameters={name: value[one] for name, value in self.parameters.items()},
            temperature=self.temperature,
            **tensors,
        )

    def join(self, states: "Sequence[State]") -> None:
        """Take the pictures of single states, which share the palette."""
        for name in _PICTURES:
            parts = [getattr(state, name) for state in states]
            is_whole = all(part is not None for part in parts)
            setattr(self, name, torch.cat(parts) if is_whole else None)
        if not self.has_picture and all(state.has_picture for state in states):
            # Some are probabilities, others are logits or indices.
            self.show_indices(torch.cat([state.picture() for state in states]))
        names = set.intersection(*(set(state.parameters) for state in states))
        self.parameters = {
            name: torch.cat([state.parameters[name] for state in states]) for name in sorted(names)
        }
        self.temperature = states[0].temperature

    def model(self) -> Categorical:
        """Return the distribution of drawn pictures.

        Raises:
            ValueError: If the state holds no probabilities.
        """
        if self.probs is None:
            raise ValueError("There are no probabilities to draw from.")
        return Categorical(self.probs, self.palette.expand(len(self.probs), -1, -1))

    def is_finite(self) -> bool:
        """Return whether the palette and the probabilities hold no infinity and no NaN."""
        sums = [self.palette.sum()]
        sums += [values.sum() for values in (self.logits, self.probs) if values is not None]
        return bool(torch.stack(sums).isfinite().all())

    def clone(self) -> "State":
        """Copy everything, the generator included."""
        return State.from_dict(self.to_dict(), self.palette.device)

    def restore(self, earlier: "State") -> None:
        """Go back to an earlier state; the generator goes on."""
        for name in (*_TENSORS, "parameters", "temperature"):
            setattr(self, name, getattr(earlier, name))

    def to_dict(self) -> dict[str, Any]:
        """Return tensors and plain values from which `from_dict` makes the same state.

        The tensors are copies; indices are uint8. `torch.save` writes it, and `torch.load` reads it
        with `weights_only=True`.
        """
        values: dict[str, Any] = {
            "palette_is_free": self.palette_is_free,
            "temperature": None if self.temperature is None else list(self.temperature),
            "generator": self.generator.get_state(),
            "parameters": {name: value.clone() for name, value in self.parameters.items()},
        }
        for name in _TENSORS:
            tensor = getattr(self, name)
            kind = torch.uint8 if name == "indices" else None
            values[name] = None if tensor is None else tensor.to(kind or tensor.dtype, copy=True)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], device: torch.device | str) -> "State":
        """Make a state on a device from the values of `to_dict`."""
        generator = torch.Generator(device=device)
        generator.set_state(values["generator"].cpu())
        tensors: dict[str, Any] = {
            name: None if values.get(name) is None else values[name].to(device) for name in _TENSORS
        }
        if tensors["indices"] is not None:
            tensors["indices"] = tensors["indices"].long()
        temperature = values["temperature"]
        return cls(
            generator=generator,
            palette_is_free=values["palette_is_free"],
            parameters={name: value.to(device) for name, value in values["parameters"].items()},
            temperature=None if temperature is None else (temperature[0], temperature[1]),
            **tensors,
        )
