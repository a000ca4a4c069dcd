import itertools

import numpy as np
import pytest

from ditherlab.errors import PaletteRequestError
from ditherlab.palette.extraction import EXTRACTIONS, extract_palette
from ditherlab.palette.wu import wu_colors

CHANCE = np.random.default_rng(0)
PIXELS = CHANCE.integers(0, 256, (4000, 3), dtype=np.uint8)
CENTERS = np.array([[20, 20, 20], [220, 40, 40], [40, 200, 60], [240, 240, 200]])
CLUSTERS = (CENTERS.repeat(500, axis=0) + CHANCE.integers(-6, 7, (2000, 3))).astype(np.uint8)


def squared_error(pixels: np.ndarray, colors: object) -> float:
    apart = pixels[:, None].astype(float) - np.array(colors, dtype=float)
    return float((apart**2).sum(axis=2).min(axis=1).sum())


@pytest.mark.parametrize("method", EXTRACTIONS)
def test_far_clusters_are_found(method: str) -> None:
    found = extract_palette(CLUSTERS, 4, method, name="clusters")
    assert (found.name, found.source) == ("clusters", f"{method}, 4 colors")
    for center in CENTERS:
        # Pillow's median cut averages a box that holds a few pixels of another cluster.
        assert min(np.abs(np.array(found.colors) - center).max(axis=1)) <= 20


@pytest.mark.parametrize("method", EXTRACTIONS)
@pytest.mark.parametrize("num_colors", [2, 7, 256])
def test_no_more_colors_than_asked_for(method: str, num_colors: int) -> None:
    assert 2 <= len(extract_palette(PIXELS, num_colors, method)) <= num_colors


@pytest.mark.parametrize("method", EXTRACTIONS)
def test_few_colors_are_taken_as_they_are(method: str) -> None:
    pixels = np.array([[9, 8, 7], [1, 2, 3], [9, 8, 7]], dtype=np.uint8)
    assert extract_palette(pixels, 3, method).colors == ((9, 8, 7), (1, 2, 3))


def test_what_makes_no_palette() -> None:
    with pytest.raises(PaletteRequestError, match=r"must be 2 to 256 different colors, got 1\."):
        extract_palette(PIXELS[:1], 4, "wu")
    with pytest.raises(PaletteRequestError, match=r"must be 2 to 256 different colors, got 0\."):
        extract_palette(PIXELS[:0], 4, "wu")
    for num_colors in (1, 257):
        with pytest.raises(PaletteRequestError, match=rf"^`--colors` must be .* got {num_colors}"):
            extract_palette(PIXELS, num_colors, "wu")


def test_only_k_means_depends_on_the_seed() -> None:
    for method in EXTRACTIONS:
        one, two = (extract_palette(PIXELS, 9, method, seed=seed).colors for seed in (0, 1))
        assert (one != two) == (method == "k-means")
        assert extract_palette(PIXELS, 9, method, seed=1).colors == two


def test_wu_cuts_where_the_least_variance_is_left() -> None:
    pixels = np.concatenate([PIXELS[:60], PIXELS[60:90] // 3])
    cuts = [
        (pixels[is_below].astype(float), pixels[~is_below].astype(float))
        for axis, place in itertools.product(range(3), range(8, 256, 8))
        if 0 < (is_below := pixels[:, axis] < place).sum() < len(pixels)
    ]
    best = min(
        cuts, key=lambda parts: sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts)
    )
    for color, part in zip(wu_colors(pixels, 2), best, strict=True):
        assert np.abs(color - part.mean(axis=0)).max() <= 0.5


def test_wu_has_less_variance_than_median_cut_and_the_less_the_more_colors() -> None:
    errors = []
    for num_colors in (2, 4, 8, 16, 32, 64):
        wu, median_cut = (
            squared_error(PIXELS, extract_palette(PIXELS, num_colors, method).colors)
            for method in ("wu", "median-cut")
        )
        assert wu < median_cut
        errors.append(wu)
    assert errors == sorted(errors, reverse=True)


def test_wu_stops_where_no_box_can_be_cut() -> None:
    # Colors that share a bin of 5 bits a channel stay together.
    pixels = np.array([[0, 0, 0], [7, 7, 7], [200, 0, 0]], dtype=np.uint8)
    assert wu_colors(pixels, 3) == [(4, 4, 4), (200, 0, 0)]


@pytest.mark.parametrize("method", ["max-coverage", "k-means", "wu"])
def test_channels_keep_their_places(method: str) -> None:
    """Three colors, each with a little noise, so that there are more colors than asked for."""
    centers = np.array([(250, 20, 120), (10, 200, 60), (90, 40, 230)])
    noise = np.random.default_rng(5).integers(-1, 2, (300, 3))
    pixels = (centers.repeat(100, axis=0) + noise).astype(np.uint8)
    found = np.array(sorted(extract_palette(pixels, 3, method).colors))
    assert abs(found - np.array(sorted(map(tuple, centers.tolist())))).max() <= 2
