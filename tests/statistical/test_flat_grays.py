"""Flat grays get blue noise without a direction: no worms, no lattice, no trace of the raster."""

import numpy as np
import pytest

import ditherlab as dl
from benchmarks.quality.spectrum import radial_spectrum
from ditherlab.images import Picture
from ditherlab.objectives import Perceptual
from ditherlab.palette import named_palette

SIZE_PX = 96


def spectrum_of(linear):
    level = round(255 * (1.055 * linear ** (1 / 2.4) - 0.055))
    pixels = np.full((2 * SIZE_PX, 5 * SIZE_PX, 3), level, dtype=np.uint8)
    picture = Picture(pixels=pixels, opaque=np.ones(pixels.shape[:2], dtype=bool), name="gray")
    palette = named_palette("black-and-white")
    problem = dl.Problem(picture=picture, palette=palette, objective=Perceptual(67.0))
    indices = dl.optimize(problem, device="cpu").indices
    squares = [s for row in np.vsplit(indices, 2) for s in np.hsplit(row, 5)]
    return radial_spectrum([square.astype(np.int64) for square in squares])


@pytest.mark.parametrize("linear", [1 / 16, 1 / 8, 1 / 5])
def test_flat_grays_are_blue_and_alike_in_all_directions(linear):
    spectrum = spectrum_of(linear)
    assert spectrum.share == pytest.approx(linear, rel=0.05)
    assert spectrum.low_power < 0.03
    # Ten patterns that are alike in all directions have -10 dB in the mean.
    assert spectrum.mean_anisotropy_db < -6


def test_error_diffusion_in_fixed_parts_shows_its_direction(monkeypatch):
    monkeypatch.setattr("ditherlab.stages.error_diffusion._MOST_SHIFTED", 0.0)
    monkeypatch.setattr("ditherlab.stages.error_diffusion._NOISE", 0.0)
    assert spectrum_of(1 / 8).mean_anisotropy_db > -7
