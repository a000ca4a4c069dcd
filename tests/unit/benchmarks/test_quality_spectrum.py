"""The spectra of patterns whose spectra are known."""

import warnings

import numpy as np
import pytest

from benchmarks.quality.flat_grays import (
    cut_squares,
    flat_gray,
    measure_missing_spectra,
    read_spectra,
)
from benchmarks.quality.spectrum import PatternError, radial_spectrum
from benchmarks.quality.task import ONLY_FIXED, Outcome, Tool

SIZE_PX = 256
NUM_PATTERNS = 10


@pytest.fixture
def generator():
    return np.random.default_rng(7)


def white_noise(generator, share):
    return list((generator.random((NUM_PATTERNS, SIZE_PX, SIZE_PX)) < share).astype(int))


@pytest.mark.parametrize("share", [1 / 16, 1 / 8, 1 / 2])
def test_white_noise_is_flat_and_alike_in_all_directions(generator, share):
    spectrum = radial_spectrum(white_noise(generator, share))
    assert spectrum.share == pytest.approx(share, abs=0.005)
    # Standard errors: 1 / sqrt(10 times the samples below a quarter of the principal frequency).
    num_low = spectrum.num_samples[spectrum.frequencies < spectrum.principal_frequency / 4].sum()
    assert spectrum.low_power == pytest.approx(1, abs=5 / np.sqrt(NUM_PATTERNS * num_low))
    assert np.average(spectrum.power, weights=spectrum.num_samples) == pytest.approx(1, abs=0.02)
    assert spectrum.mean_anisotropy_db == pytest.approx(-10, abs=0.5)
    assert spectrum.worst_anisotropy_db < 0


def test_fewer_periodograms_are_less_alike(generator):
    spectrum = radial_spectrum(white_noise(generator, 0.5)[:1])
    assert spectrum.mean_anisotropy_db == pytest.approx(0, abs=0.7)


def test_samples_fill_half_a_disk(generator):
    spectrum = radial_spectrum(white_noise(generator, 0.5))
    assert spectrum.num_samples.sum() == pytest.approx(np.pi / 2 * (SIZE_PX / 2) ** 2, rel=0.02)


def test_a_bayer_pattern_has_directions():
    corner = np.zeros((8, 8), dtype=int)
    # One eighth: the eight lowest thresholds of the 8 x 8 matrix, a lattice of step (4, 2).
    corner[::4, ::4] = 1
    corner[2::4, 2::4] = 1
    patterns = [np.tile(np.roll(corner, n, axis=1), (32, 32)) for n in range(NUM_PATTERNS)]
    spectrum = radial_spectrum(patterns)
    assert spectrum.share == 1 / 8
    assert spectrum.worst_anisotropy_db > 10


def test_worms_have_directions_and_low_power(generator):
    white = white_noise(generator, 0.2)
    worms = [np.repeat(pattern[:, ::8], 8, axis=1) for pattern in white]
    spectrum = radial_spectrum(worms)
    assert spectrum.worst_anisotropy_db > 0
    assert spectrum.low_power > 2


def test_dots_that_avoid_each_other_have_little_low_power(generator):
    patterns = []
    for _ in range(NUM_PATTERNS):
        # One dot somewhere in each cell of 4 x 4.
        dots = np.eye(16, dtype=int)[generator.integers(16, size=(64, 64))].reshape(64, 64, 4, 4)
        patterns.append(dots.transpose(0, 2, 1, 3).reshape(SIZE_PX, SIZE_PX))
    spectrum = radial_spectrum(patterns)
    assert spectrum.principal_frequency == 0.25
    assert spectrum.low_power < 0.1


def test_inverting_a_pattern_changes_nothing(generator):
    patterns = white_noise(generator, 0.2)
    spectrum = radial_spectrum(patterns)
    inverted = radial_spectrum([1 - pattern for pattern in patterns])
    np.testing.assert_allclose(inverted.power, spectrum.power)
    assert inverted.principal_frequency == pytest.approx(spectrum.principal_frequency)
    assert inverted.low_power == pytest.approx(spectrum.low_power)


@pytest.mark.parametrize(
    "patterns, message",
    [
        ([], "must be patterns"),
        ([np.zeros((4, 4)), np.zeros((8, 8))], "all of one size"),
        ([np.eye(4, 8)], "must be squares, not 4 x 8"),
        ([np.ones((8, 8))], "one color only"),
    ],
)
def test_what_has_no_spectrum_is_refused(patterns, message):
    with pytest.raises(PatternError, match=message):
        radial_spectrum(patterns)


def test_a_flat_gray_gives_ten_squares():
    gray = flat_gray(1 / 5)
    assert ((int(gray[0, 0, 0]) / 255 + 0.055) / 1.055) ** 2.4 == pytest.approx(1 / 5, abs=0.003)
    squares = cut_squares(gray)
    assert len(squares) == NUM_PATTERNS
    assert {square.shape for square in squares} == {(SIZE_PX, SIZE_PX)}


def test_a_pattern_without_noise_is_told_and_no_figure(tmp_path):
    def dither(task):
        pixels = np.zeros_like(task.pixels)
        pixels[::2, ::2] = pixels[1::2, 1::2] = 255
        return Outcome(pixels, 0.0, "1")

    told = []
    checkerboard = Tool("checkerboard", ONLY_FIXED, dither)
    with warnings.catch_warnings(action="ignore"):
        measure_missing_spectra((checkerboard,), tmp_path / "spectra.jsonl", told.append)
    rows = read_spectra(tmp_path / "spectra.jsonl")
    assert len(rows) == len(told) == 3
    assert {row.failure for row in rows} == {
        "The patterns have no noise whose direction could be told."
    }
