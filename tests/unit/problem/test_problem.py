from dataclasses import replace

import numpy as np
import pytest
import torch

from ditherlab.discrete.cells import cell_rule
from ditherlab.errors import AbilityError, PaletteRequestError, PictureError, RequestError
from ditherlab.images import Picture
from ditherlab.objectives import SSIM, Perceptual, Variance, parse_objective
from ditherlab.palette import named_palette
from ditherlab.palette.hardware_gamut import parse_gamut
from ditherlab.problem import LearnedPalette, Limits, Problem

BLACK_AND_WHITE = named_palette("black-and-white")
PICO_8 = named_palette("pico-8")
BLACK = (0, 0, 0)
ZX = cell_rule("zx-spectrum")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"num_colors": 1}, RequestError, "number of colors must be from 2 to 256, got 1"),
        ({"num_colors": 257}, RequestError, "from 2 to 256, got 257"),
        (
            {"num_colors": 2, "locked": (BLACK, (255, 255, 255))},
            RequestError,
            r"fewer than the 2 colors of the palette, got 2\. Ask",
        ),
        (
            {"num_colors": 3, "locked": ((0, 0, 256),)},
            PaletteRequestError,
            r"^`locked\[0\]` must be three whole numbers",
        ),
    ],
)
def test_impossible_palettes_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        LearnedPalette(**arguments)


def test_locked_colors_are_merged():
    assert LearnedPalette(3, (BLACK, BLACK)).locked == (BLACK,)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"seconds": -1.0}, "above 0 seconds, got -1"),
        ({"seconds": float("nan")}, "above 0 seconds, got nan"),
        ({"evaluations": 0}, "evaluations must be at least 1, got 0"),
        ({"memory_bytes": 0}, "memory must be at least 1 byte, got 0"),
    ],
)
def test_impossible_limits_are_refused(limits, message):
    with pytest.raises(RequestError, match=message):
        Limits(**limits)


def test_a_picture_smaller_than_the_window_is_refused(photo):
    small = photo.crop(left=0, top=0, width=5, height=5)
    with pytest.raises(PictureError, match="`ssim` must be at least 11 pixels"):
        Problem(picture=small, objective=SSIM())
    assert Problem(picture=small).height == 5


def test_pictures_of_different_sizes_are_refused(photo):
    small = photo.crop(left=0, top=0, width=9, height=8)
    with pytest.raises(PictureError, match="must have one size, got 9 x 8 and 48 x 32"):
        Problem(picture=[photo, small])
    with pytest.raises(PictureError, match="at least one picture, got none"):
        Problem(picture=[])


def test_a_gray_palette_is_matched_on_luminance(photo):
    assert Problem(picture=photo, palette=BLACK_AND_WHITE).target().images.shape == (1, 1, 32, 48)


def test_a_picture_out_of_reach_is_clipped(photo):
    problem = Problem(picture=photo, palette=named_palette("game-boy"))
    assert problem.chosen_fit() == "clip"
    assert not torch.equal(problem.target().images, problem.source_target().images)
    plain = replace(problem, fit="none")
    assert plain.chosen_fit() == "none"
    assert torch.equal(plain.target().images, plain.source_target().images)
    compressed = replace(problem, fit="compress")
    assert compressed.chosen_fit() == "compress"
    assert not torch.equal(compressed.target().images, problem.target().images)


@pytest.mark.parametrize(
    "palette", [BLACK_AND_WHITE, PICO_8, named_palette("e-ink-7"), LearnedPalette(4)]
)
def test_a_picture_within_reach_stays_as_it_is(palette, photo):
    problem = Problem(picture=photo, palette=palette)
    assert problem.chosen_fit() == "none"
    assert torch.equal(problem.target().images, problem.source_target().images)


def test_several_pictures_are_fitted_each_by_itself(photo):
    dark = replace(photo, pixels=photo.pixels // 3)
    palette = named_palette("game-boy")
    both = Problem(picture=[photo, dark], palette=palette, fit="compress").target().images
    for number, picture in enumerate((photo, dark)):
        alone = Problem(picture=picture, palette=palette, fit="compress").target().images
        assert torch.equal(both[number : number + 1], alone)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"fit": "tight"}, RequestError, r"^The fit must be auto, .* or compress, got 't"),
        ({"palette": LearnedPalette(4), "fit": "clip"}, RequestError, "fit of colors to learn"),
        ({"strength": 1.01}, RequestError, r"^The strength must be from 0 .* got 1\.01\.$"),
        ({"strength": -0.1}, RequestError, r"^The strength must be from 0 "),
        ({"strength": 0.5, "objective": SSIM()}, AbilityError, "`strength=0.5` needs an objective"),
    ],
)
def test_values_out_of_range_are_refused(changes, error, message, photo):
    with pytest.raises(error, match=message):
        Problem(**{"picture": photo, "palette": PICO_8, **changes})


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"palette": LearnedPalette(16)}, RequestError, "its palette, `zx-spectrum`, got none"),
        ({"palette": PICO_8}, RequestError, "beside its palette, `zx-spectrum`, got pico-8"),
        ({"objective": SSIM()}, AbilityError, "needs an objective that is a squared error"),
    ],
)
def test_settings_that_cells_exclude_are_refused(changes, error, message, photo):
    with pytest.raises(error, match=message):
        Problem(**{"picture": photo, "palette": ZX.palette, "cells": ZX, **changes})


@pytest.mark.parametrize(
    ("palette", "kind"),
    [
        (LearnedPalette(4), "learned"),
        (LearnedPalette(4, gamut=parse_gamut("rgb444")), "hardware"),
        (PICO_8, "fixed"),
    ],
)
def test_the_objective_suits_the_kind_of_palette(palette, kind, photo):
    problem = Problem(picture=photo, palette=palette)
    assert problem.objective.palette == kind
    given = Problem(picture=photo, palette=palette, objective=Perceptual(35.0, crisp=0.2))
    assert given.objective == Perceptual(35.0, crisp=0.2, palette=kind)
    assert problem.with_palette(PICO_8).objective == problem.objective


def test_far_viewers_see_what_a_nearer_one_does(photo):
    def price(pixels_per_degree):
        target = Problem(picture=photo, palette=PICO_8).target()
        cost = Perceptual(pixels_per_degree).bind(target)
        return cost.cost(1 - target.images.unsqueeze(0)).item()

    assert price(100.0) == price(82.0) != price(67.0)


def test_a_picture_without_opaque_pixels_has_nothing_to_draw(photo):
    nothing = replace(photo, opaque=np.zeros((32, 48), dtype=bool))
    assert not Problem(picture=nothing).has_opaque_pixels
    assert Problem(picture=[nothing, photo]).has_opaque_pixels


def test_notes_of_several_pictures_are_told_once(photo):
    noted = Picture(pixels=photo.pixels, opaque=photo.opaque, notes=("Assumed sRGB.",))
    assert Problem(picture=[noted, noted]).notes == ("Assumed sRGB.",)


def test_objectives_that_are_no_squared_error_say_so(photo):
    assert Problem(picture=photo).is_quadratic
    for objective in (SSIM(), Variance(), parse_objective("ssim+viewed-error")):
        assert not Problem(picture=photo, objective=objective).is_quadratic
