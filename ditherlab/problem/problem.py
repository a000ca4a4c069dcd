"""A problem: pictures, their palette, and the objective that judges the result."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.choices import Fit, White
from ditherlab.devices import one_thread
from ditherlab.discrete.cells import CellRule
from ditherlab.errors import AbilityError, PictureError, RequestError
from ditherlab.images import Picture
from ditherlab.objectives import Perceptual
from ditherlab.palette import Color, Palette
from ditherlab.palette_learning.flat_colors import flat_colors
from ditherlab.palette_learning.hardware_colors import HardwareColors
from ditherlab.problem.learned_palette import LearnedPalette
from ditherlab.protocol import Objective, Target
from ditherlab.types import Colors, Images, Mask
from ditherlab.vision.color import srgb_to_gray
from ditherlab.vision.gamut import clip_images, compress_images, mean_distance
from ditherlab.vision.panel_view import PanelView

# Pictures whose mean distance from the palette's gamut is larger, in Delta E*ab, are clipped by
# default. Photos are 34 to 61 from the Game Boy's greens, 6 to 26 from inks as measured on panels,
# and below 1 from EGA and the nominal colors of six and seven inks.
_FAR = 10.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A source, its palette, and the objective: what is asked for, and nothing about how.

    Attributes:
        picture: The source, or several of one size, such as the frames of an animation. Several
            share the palette; with a fixed one, each gets the indices that it gets alone.
        palette: A fixed palette, or the description of one to learn.
        objective: The cost to minimize; parameters left open are set for the kind of palette.
        fit: How to bring the picture's colors into the gamut of a fixed palette: `clip`,
            `compress`, `none`, or `auto`, which clips if most of the picture is out of reach.
            Metrics always compare with the unchanged source.
        white: How a fixed palette with shown colors is seen: `relative` to the panel's white and
            black, as eyes adapt, where pixels that name an ink are that ink; or `absolute`, beside
            a display.
        cells: Which colors may stand together in a cell, for an old machine with this palette;
            None allows all. Needs a quadratic objective.
        strength: From 0, no dithering, to 1, full: how far the target of each pixel lies between
            its nearest palette color and its own color. Values below 1 need a quadratic objective.

    Raises:
        AbilityError: If the objective lacks an ability that a setting needs.
        RequestError: If a value is out of range, or two settings exclude each other.
        PictureError: If pictures differ in size, or are too small for the objective.
    """

    picture: Picture | Sequence[Picture]
    palette: Palette | LearnedPalette = field(default_factory=LearnedPalette)
    objective: Objective = field(default_factory=Perceptual)
    fit: Fit = "auto"
    white: White = "relative"
    cells: CellRule | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.palette, Palette | LearnedPalette):
            raise RequestError(
                f"The palette must be a `Palette` or a `LearnedPalette`, got {self.palette!r}. Use "
                "`LearnedPalette(16)` to learn 16 colors, or `resolve_palette('pico-8')`."
            )
        objective = self.objective.suited_to(
            learned_palette=self.learns_palette, has_gamut=self.hardware is not None
        )
        object.__setattr__(self, "objective", objective)
        self._check_pictures()
        object.__setattr__(self, "objective", objective.for_size(self.height, self.width))
        self._check_values()
        self._check_cells()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The sources, at least one."""
        return (self.picture,) if isinstance(self.picture, Picture) else tuple(self.picture)

    @property
    def height(self) -> int:
        """Rows of each picture."""
        return self.pictures[0].height

    @property
    def width(self) -> int:
        """Columns of each picture."""
        return self.pictures[0].width

    @property
    def num_pixels(self) -> int:
        """The number of pixels of all pictures."""
        return len(self.pictures) * self.height * self.width

    @property
    def has_opaque_pixels(self) -> bool:
        """Return whether there is anything to draw."""
        return any(bool(picture.opaque.any()) for picture in self.pictures)

    @property
    def learned(self) -> LearnedPalette | None:
        """The palette to learn; None if it is fixed."""
        return self.palette if isinstance(self.palette, LearnedPalette) else None

    @property
    def learns_palette(self) -> bool:
        """Return whether the colors are learned too."""
        return isinstance(self.palette, LearnedPalette)

    @property
    def num_colors(self) -> int:
        """The size of the palette."""
        learned = self.learned
        return len(self.fixed_palette) if learned is None else learned.num_colors

    @property
    def num_locked(self) -> int:
        """The number of learned colors, at the palette's beginning, that do not change."""
        return len(self.locked_colors)

    @cached_property
    def locked_colors(self) -> tuple[Color, ...]:
        """Colors at the palette's beginning that do not change: given ones, and those of flats."""
        learned = self.learned
        if learned is None:
            return ()
        if not learned.keeps_flats or learned.gamut is not None:
            return learned.locked
        flats = flat_colors(self.target(), learned.num_colors, learned.locked)
        return (*learned.locked, *flats)

    @property
    def fixed_palette(self) -> Palette:
        """The fixed palette.

        Raises:
            TypeError: If the palette is to be learned.
        """
        if isinstance(self.palette, LearnedPalette):
            raise TypeError("The palette of this problem is to be learned.")
        return self.palette

    def fixed_colors(self, device: torch.device | str = "cpu") -> Colors:
        """Return the fixed palette on a device, in the channels that count, `[1 k c]`.

        Raises:
            TypeError: If the palette is to be learned.
        """
        return self.fixed_palette.srgb(torch.device(device))[None, :, : self.num_channels]

    @property
    def num_channels(self) -> int:
        """1 where only luminance counts, else 3."""
        return 1 if self.is_gray else 3

    @property
    def is_gray(self) -> bool:
        """Return whether only luminance counts: gray palettes, or colors to learn for grays."""
        learned = self.learned
        if learned is None:
            return self.fixed_palette.is_gray
        return learned.may_be_gray and all(picture.is_gray for picture in self.pictures)

    @property
    def is_quadratic(self) -> bool:
        """Return whether the objective is a squared error."""
        return "quadratic" in self.objective.abilities

    @property
    def hardware(self) -> HardwareColors | None:
        """Colors that a learned palette may have, in the channels that count; None for all."""
        gamut = None if self.learned is None else self.learned.gamut
        return None if gamut is None else HardwareColors(gamut, self.num_channels)

    @property
    def notes(self) -> tuple[str, ...]:
        """Assumptions made about the sources or the palette, one sentence each."""
        notes = [note for picture in self.pictures for note in picture.notes]
        if isinstance(self.palette, Palette):
            notes += [f"Palette: {note}" for note in self.palette.all_notes]
        return tuple(dict.fromkeys(notes))

    def with_palette(self, palette: Palette) -> "Problem":
        """Return the same problem with the palette that was found for it."""
        return replace(self, palette=palette, fit="none", white="absolute")

    def source_target(self, device: torch.device | str = "cpu") -> Target:
        """Return the unchanged sources on a device, `[b c h w]`; metrics compare with these."""
        images = self._source_images(device)
        opaque = torch.stack([torch.tensor(picture.opaque) for picture in self.pictures])
        gray = srgb_to_gray(images, dim=1) if self.is_gray else images
        colors = None if self.learns_palette else self.fixed_colors(device)
        return Target(gray, opaque.unsqueeze(1).to(device), colors)

    def source_rows(self, rows: slice, number: int = 0) -> Images:
        """Return some rows of an unchanged source, `[1 c h w]`, on the CPU."""
        picture = self.pictures[number]
        images = replace(
            picture,
            pixels=picture.pixels[rows],
            opaque=picture.opaque[rows],
            alpha=None if picture.alpha is None else picture.alpha[rows],
        ).to_srgb()
        return srgb_to_gray(images, dim=1) if self.is_gray else images

    def target(self, device: torch.device | str = "cpu") -> Target:
        """Return the sources on a device, fitted to the palette's gamut: what drawing aims at."""
        return self._fitted(device).target

    def chosen_fit(self, device: torch.device | str = "cpu") -> Fit:
        """Return how the sources are fitted to the palette's gamut: `auto` only if they differ."""
        return self._fitted(device).fit

    def inks(self, device: torch.device | str = "cpu") -> Int[Tensor, "b h w"] | None:
        """Return the palette index that each pixel must show; -1 for any, None if all may be any.

        These are the pixels that name an ink of a panel seen relative to its white.
        """
        return self._fitted(device).inks

    @property
    def panel_view(self) -> PanelView | None:
        """The panel's view of colors, if it is relative to its white; else None."""
        if self.learns_palette or self.white == "absolute" or self.cells is not None:
            return None
        palette = self.fixed_palette
        return None if palette.shown is None else PanelView.of(palette.colors, palette.shown)

    def _source_images(self, device: torch.device | str) -> Images:
        return torch.cat([picture.to_srgb() for picture in self.pictures]).to(device)

    def _fitted(self, device: torch.device | str) -> "_Fitted":
        known: dict[str, _Fitted] = self.__dict__.setdefault("_fits", {})
        if str(device) not in known:
            with one_thread():
                known[str(device)] = self._fit_to_palette(self.source_target(device))
        return known[str(device)]

    def _fit_to_palette(self, source: Target) -> "_Fitted":
        """Fit each picture by itself; `auto` is left of the choice if they differ in it."""
        view, images, device = self.panel_view, source.images, source.images.device
        inks = None
        if view is not None:
            images = view.adapt(images)
            # Gray inks are named by colors that a gray target no longer has.
            named = self._source_images(device) if self.is_gray else source.images
            inks = view.find_inks(named, source.opaque)
        fits: set[Fit] = {"none"}
        if self.fit != "none" and not self.learns_palette:
            colors = self.fixed_colors(device)[0]
            pairs = zip(images.split(1), source.opaque.split(1), strict=True)
            fitted = [_fit_images(*pair, colors, self.fit) for pair in pairs]
            fits = {fit for fit, _ in fitted}
            images = torch.cat([images for _, images in fitted])
        if view is not None and inks is not None:
            images = view.show_inks(images, inks)
        return _Fitted(
            fits.pop() if len(fits) == 1 else "auto", replace(source, images=images), inks
        )

    def _check_pictures(self) -> None:
        if not self.pictures:
            raise PictureError("A problem must have at least one picture, got none. Name one.")
        sizes = sorted({(picture.width, picture.height) for picture in self.pictures})
        if len(sizes) > 1:
            (width, height), (other_width, other_height) = sizes[:2]
            raise PictureError(
                f"The pictures of a problem must have one size, got {width} x {height} and "
                f"{other_width} x {other_height}. Give each size a problem of its own."
            )
        smallest = self.objective.min_size_px
        if min(self.height, self.width) < smallest:
            raise PictureError(
                f"A picture for `{self.objective}` must be at least {smallest} pixels high and "
                f"wide, got {self.width} x {self.height}. Use `viewed-error`, which needs no "
                "window."
            )

    def _check_values(self) -> None:
        if self.fit not in get_args(Fit):
            raise RequestError(f"The fit must be auto, none, clip or compress, got '{self.fit}'.")
        if self.white not in get_args(White):
            raise RequestError(f"The white must be relative or absolute, got '{self.white}'.")
        if self.fit in ("clip", "compress") and self.learns_palette:
            raise RequestError(
                f"The fit of colors to learn must be none, got '{self.fit}': they follow the "
                "picture. Leave it out, or give a fixed palette."
            )
        if not 0 <= self.strength <= 1:
            raise RequestError(
                f"The strength must be from 0 (no dithering) to 1 (full), got {self.strength:g}."
            )
        if self.strength != 1 and not self.is_quadratic:
            raise quadratic_error(f"strength={self.strength:g}", self.objective)

    def _check_cells(self) -> None:
        if self.cells is None:
            return
        name, palette = f"cells={self.cells.name}", self.cells.palette
        if not isinstance(self.palette, Palette) or self.palette.colors != palette.colors:
            got = self.palette.name or "another" if isinstance(self.palette, Palette) else "none"
            raise RequestError(
                f"`{name}` must stand beside its palette, `{palette.name}`, got {got}. Use "
                "`palette=cells.palette`."
            )
        if not self.is_quadratic:
            raise quadratic_error(name, self.objective)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """The sources as they shall look, how they were fitted, and the inks that pixels must show."""

    fit: Fit
    target: Target
    inks: Int[Tensor, "b h w"] | None


def _fit_images(
    images: Images, opaque: Mask, colors: Float[Tensor, "k c"], fit: Fit
) -> tuple[Fit, Images]:
    if fit == "compress":
        return "compress", compress_images(images, opaque, colors)
    if fit == "auto" and mean_distance(images, opaque, colors) <= _FAR:
        return "none", images
    return "clip", clip_images(images, colors)


def quadratic_error(setting: str, objective: Objective) -> AbilityError:
    """Return the error of a setting that needs a squared error."""
    return AbilityError(
        f"`{setting}` needs an objective that is a squared error, got `{objective}`. Use "
        "`perceptual` or `viewed-error`."
    )
