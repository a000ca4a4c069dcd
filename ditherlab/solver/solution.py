"""A solution: the indexed pictures of a run, and its history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import (
    PNG,
    Encoder,
    IndexedImage,
    Picture,
    encoder_for,
    pack_indices,
    packed_bits,
    write_atomically,
)
from ditherlab.naming import without_controls
from ditherlab.palette import MAX_NUM_COLORS, ColorTable, Palette, written_for
from ditherlab.problem import Limits, Problem
from ditherlab.protocol import Target
from ditherlab.recipe import Recipe, settings_of
from ditherlab.recipe.settings import Settings
from ditherlab.solver.snapshot import History, Outcome
from ditherlab.stages import State
from ditherlab.types import Images, Probs

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """The indexed pictures and the history of a run; shows itself in a notebook.

    Attributes:
        problem: What was asked for.
        recipe: The stages, with all parameters set.
        index_images: Palette indices of every picture, uint8 `[b h w]`.
        palette: The palette as it is written, 8 bits a channel; learned colors are rounded.
        outcome: Why the run ended.
        limits: Of the run.
        seed: Of everything random.
        device: Where the run was computed.
        history: Costs and entropies on the way.
        seconds: Duration, by the clock of the run.
        notes: Sentences that the user should know; those about the source are in the problem, and
            in the result of `ditherlab.optimize` here too.
        failure: What went wrong with the objective or a stage; None if nothing did.
        parameters: Of a learned model by name, the pictures on the first axis; empty without one.
        drawn_from: Probabilities of the colors of the run, if it ended with some; see `probs`.
        color_places: The place in `palette` of each color of the run; equal colors share one.
    """

    problem: Problem
    recipe: Recipe
    index_images: npt.NDArray[np.uint8]
    palette: Palette
    outcome: Outcome
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    history: History = field(default_factory=History)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    failure: str | None = None
    parameters: Mapping[str, torch.Tensor] = field(default_factory=dict)
    drawn_from: Probs | None = field(default=None, repr=False)
    color_places: tuple[int, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, state: State, problem: Problem, **facts: Any) -> "Solution":
        """Make a solution of the last state of a run.

        Args:
            state: Its learned colors are rounded; those that become equal share one entry.
            problem: What was asked for.
            facts: The other attributes.
        """
        shape = (len(problem.pictures), problem.height, problem.width)
        drawn = state.picture() if state.has_picture else torch.zeros(shape, dtype=torch.int64)
        palette, places = _written_palette(problem, state)
        return cls(
            problem=problem,
            index_images=places[drawn.cpu().numpy()],
            palette=palette,
            parameters=state.parameters,
            drawn_from=state.drawn_from if state.probs is None else state.probs,
            color_places=tuple(places.tolist()),
            **facts,
        )

    @property
    def indices(self) -> npt.NDArray[np.uint8]:
        """Palette indices of the only picture, uint8 `[h w]`.

        Raises:
            RequestError: If there are several; `index_images` has them all.
        """
        return _only(tuple(self.index_images), "indices", "index_images")

    @property
    def source(self) -> Picture:
        """The only source.

        Raises:
            RequestError: If there are several; `problem.pictures` has them all.
        """
        return _only(self.problem.pictures, "source", "problem.pictures")

    @property
    def probs(self) -> Probs:
        """The final probability of each palette color at each pixel, `[b k h w]`.

        These are the probabilities from which the pictures were drawn, on the device of the run;
        they are not to be changed in place. The solution holds them: 4 bytes for each color and
        pixel, which the memory of the run accounts for. If the run ended with a search for single
        pixels, such as a polish, they are 1 for the color of each pixel and 0 for all others, and
        are made when they are asked for. At transparent pixels, they mean nothing.
        """
        num_colors = len(self.palette)
        if self.drawn_from is None:
            indices = torch.from_numpy(self.index_images.astype(np.int64)).unsqueeze(1)
            b, _, h, w = indices.shape
            return torch.zeros((b, num_colors, h, w)).scatter_(1, indices, 1.0)
        if self.color_places == tuple(range(num_colors)):
            return self.drawn_from
        b, _, h, w = self.drawn_from.shape
        places = torch.tensor(self.color_places, device=self.drawn_from.device)
        merged = self.drawn_from.new_zeros((b, num_colors, h, w))
        return merged.index_add_(1, places, self.drawn_from)

    @property
    def num_steps(self) -> int:
        """Steps of the stages that descend; a polish takes none."""
        return self.history.num_steps

    @property
    def num_colors_used(self) -> int:
        """Palette colors that opaque pixels show."""
        opaque = np.stack([picture.opaque for picture in self.problem.pictures])
        return int(np.count_nonzero(np.bincount(self.index_images[opaque])))

    def show(self, indices: npt.NDArray[np.uint8], target: Target) -> Images:
        """Show an index image as it will be seen, on the device and in the channels of a target."""
        colors = self.palette.srgb(target.images.device)[:, : target.images.shape[1]]
        places = torch.from_numpy(indices.astype(np.int64)).to(target.images.device)
        return colors.T[:, places].unsqueeze(0)

    def show_rows(self, indices: npt.NDArray[np.uint8], rows: slice) -> Images:
        """Show some rows of an index image, on the CPU and in the channels that count."""
        colors = self.palette.srgb("cpu")[:, : self.problem.num_channels]
        return colors.T[:, torch.from_numpy(indices[rows].astype(np.int64))].unsqueeze(0)

    @cached_property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures as they will be seen, transparency as in the sources."""
        colors = np.array(self.palette.seen, dtype=np.uint8)
        pairs = zip(self.index_images, self.problem.pictures, strict=True)
        return tuple(
            Picture(pixels=colors[indices], opaque=source.opaque, name=source.name)
            for indices, source in pairs
        )

    @property
    def picture(self) -> Picture:
        """The only picture as it will be seen.

        Raises:
            RequestError: If there are several; `pictures` has them all.
        """
        return _only(self.pictures, "picture", "pictures")

    @cached_property
    def images(self) -> tuple[Image.Image, ...]:
        """The pictures as indexed Pillow images (mode P), as they will be seen.

        Indices are those of `index_images`, but for pixels that are transparent in the source.
        """
        return tuple(self._seen(number).to_pillow_with_alpha() for number in self._numbers)

    @property
    def image(self) -> Image.Image:
        """The only picture as an indexed Pillow image, as it will be seen.

        Raises:
            RequestError: If there are several; `images` has them all.
        """
        _only(self.problem.pictures, "image", "images")
        return self.images[0]

    @property
    def settings(self) -> Settings:
        """Everything that reproduces the pictures, with the temperature that was used."""
        temperature = self.history.temperature
        settings = settings_of(
            self.problem, self.recipe, limits=self.limits, seed=self.seed, device=self.device
        )
        used = {"temperature": None if temperature is None else list(temperature)}
        return {**settings, **(used if "temperature" in settings or temperature else {})}

    def indexed(
        self, number: int = 0, indices: npt.NDArray[np.uint8] | None = None
    ) -> IndexedImage:
        """Return one picture as places in the color table of its file.

        Its colors are those that a driver wants, which a panel may show as others.

        Args:
            number: Of the picture, from 0.
            indices: Other palette indices for the picture, such as those of a baseline.

        Raises:
            PictureError: If there are 256 entries and transparent pixels; `check_encodable` refuses
                that before a picture is made.
        """
        source, palette = self.problem.pictures[number], self.palette
        drawn = self.index_images[number] if indices is None else indices
        return IndexedImage.of(
            np.array(palette.places, dtype=np.uint8)[drawn],
            palette.entries,
            source.opaque,
            transparent=_transparent_place(palette, source),
            alpha=source.alpha,
            dpi=source.dpi,
        )

    def encode(self, encoder: Encoder = PNG, number: int = 0) -> bytes:
        """Encode one picture as a file; a PNG holds the settings in its text chunks.

        Args:
            encoder: The file format.
            number: Of the picture, from 0.
        """
        settings = {
            **self.settings,
            "objective": self.problem.objective.public_words,
            "recipe": self.recipe.public_words,
        }
        text = {"Software": "ditherlab", "ditherlab": json.dumps(without_controls(settings))}
        return encoder.encode(self.indexed(number), text)

    def to_png(self, number: int = 0) -> bytes:
        """Encode a truly indexed PNG of one picture, with the settings in its text chunks.

        Args:
            number: Of the picture, from 0.
        """
        return self.encode(PNG, number)

    @property
    def packed_bits(self) -> int:
        """Bits that a pixel takes in `to_packed`: 1, 2, 4 or 8, as few as the entries allow."""
        codes = self.palette.codes
        return packed_bits(len(self.palette.entries) - 1 if codes is None else max(codes))

    def to_packed(self, number: int = 0) -> bytes:
        """Pack the places in the palette, or the codes by which a panel's driver knows the colors.

        Rows from the top, pixels from the left into the highest bits first, each row padded to
        whole bytes.

        Args:
            number: Of the picture, from 0.

        Raises:
            PictureError: If a pixel is transparent.
        """
        check_packable(self.problem.pictures[number])
        codes = np.array(self.palette.codes or self.palette.places, dtype=np.uint8)
        return pack_indices(codes[self.index_images[number]], self.packed_bits)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the only picture, in the format of the file's suffix.

        Raises:
            OutputError: If it cannot be written, or exists and `overwrite` is false.
            RequestError: If there are several pictures, which `encode` encodes, or the suffix is
                that of no format.
            PictureError: If the format cannot hold the picture.
        """
        _only(self.pictures, "save", "encode")
        encoder = encoder_for(path, "path")
        check_encodable(self.problem, encoder)
        write_atomically(path, self.encode(encoder), overwrite=overwrite)

    @property
    def _numbers(self) -> range:
        return range(len(self.problem.pictures))

    def _seen(self, number: int) -> IndexedImage:
        source = self.problem.pictures[number]
        return IndexedImage.of(
            self.index_images[number],
            self.palette.seen,
            source.opaque,
            alpha=source.alpha,
            dpi=source.dpi,
        )

    def __repr__(self) -> str:
        problem, number = self.problem, len(self.index_images)
        pictures = "" if number == 1 else f"{number} pictures of "
        return (
            f"<Solution: {pictures}{problem.width} x {problem.height} pixels in "
            f"{len(self.palette)} colors, {self.outcome} after {self.seconds:.1f} s"
            f"{'; see its notes' if self.notes else ''}>"
        )

    def _repr_png_(self) -> bytes:
        return PNG.encode(self._seen(0), {})


def _only(values: Sequence[Value], name: str, instead: str) -> Value:
    """Return the value of the only picture.

    Raises:
        RequestError: If there are several pictures.
    """
    if len(values) != 1:
        raise RequestError(f"`{name}` needs a single picture, got {len(values)}. Use `{instead}`.")
    return values[0]


def _written_palette(problem: Problem, state: State) -> tuple[Palette, npt.NDArray[np.uint8]]:
    """Return the palette to write, and the place in it of each color of the state."""
    learned = problem.learned
    if learned is None:
        palette = problem.fixed_palette
        return palette, np.arange(len(palette), dtype=np.uint8)
    levels = (state.palette[0].expand(-1, 3) * 255).round().long().tolist()
    colors = [(red, green, blue) for red, green, blue in levels]
    palette = written_for(learned.panels, Palette(tuple(dict.fromkeys(colors))))
    if learned.transparent_index is not None:
        table = ColorTable.of(palette.colors).make_room(learned.transparent_index)
        palette = replace(palette, table=table)
    return palette, np.array([palette.seen.index(color) for color in colors], dtype=np.uint8)


def _transparent_place(palette: Palette, source: Picture) -> int | None:
    """Return the entry of transparent pixels; None to append one where it is needed."""
    is_full = len(palette.entries) == MAX_NUM_COLORS
    if palette.transparent is not None or not (source.has_transparency and is_full):
        return palette.transparent
    hidden = palette.table.hidden if palette.table else ()
    return min(hidden, default=None)


def check_encodable(problem: Problem, encoder: Encoder = PNG) -> None:
    """Make sure that a picture fits into a file format.

    Raises:
        RequestError: If the colors are too many beside the entry of transparent pixels.
        PictureError: If the format cannot hold the picture.
    """
    learned = problem.learned
    reserves = learned is not None and learned.transparent_index is not None
    num_entries = problem.num_colors if learned else len(problem.fixed_palette.entries)
    for picture in problem.pictures:
        # A transparent entry, and another alpha for each color.
        room = MAX_NUM_COLORS - num_entries - 1
        if picture.alpha is not None and room < problem.num_colors:
            raise RequestError(
                f"A palette beside partly transparent pixels must have at most "
                f"{(MAX_NUM_COLORS - 1) // 2} colors, got {problem.num_colors}: each needs entries "
                "of several alphas. Use fewer, or `--alpha blend`."
            )
        is_full = problem.num_colors >= MAX_NUM_COLORS
        if (picture.has_transparency or reserves) and is_full:
            raise RequestError(
                f"A palette beside transparency must have at most {MAX_NUM_COLORS - 1} colors, got "
                f"{problem.num_colors}: transparent pixels need an entry of their own."
            )
        encoder.check(
            picture.width,
            picture.height,
            is_opaque=not picture.has_transparency,
            is_soft=picture.alpha is not None,
        )


def check_packable(picture: Picture) -> None:
    """Make sure that every pixel has a color.

    Raises:
        PictureError: If one is transparent, or partly so.
    """
    if picture.has_transparency or picture.alpha is not None:
        raise PictureError(
            "A packed picture must have no transparent pixels, got some. Put it on a background by "
            "`--alpha blend`."
        )
