"""Palettes of colors that hardware can show."""

from dataclasses import replace
from io import BytesIO
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab.errors import RequestError
from ditherlab.experiments import PaletteTrial, try_palette
from ditherlab.images import Picture, read_picture
from ditherlab.palette import Palette, named_palette, parse_gamut
from ditherlab.palette_learning.hardware_colors import HardwareColors
from ditherlab.palette_learning.palette_fit import fit_palette
from ditherlab.protocol import PaletteEquations
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.vision.color import srgb_to_linear

IMAGES = Path(__file__).parents[3] / "images"


def random_equations(seed, num_colors, num_channels=3):
    generator = torch.Generator().manual_seed(seed)
    size = num_colors * num_channels
    factor = torch.randn((size, size), generator=generator, dtype=torch.float64)
    matrix = factor @ factor.T + 0.2 * torch.eye(size, dtype=torch.float64)
    wanted = torch.rand(size, generator=generator, dtype=torch.float64)
    palette = torch.rand((1, num_colors, num_channels), generator=generator, dtype=torch.float64)
    return PaletteEquations(matrix, matrix @ wanted), palette


def price(equations, palette):
    light = srgb_to_linear(palette[0]).T.reshape(-1)
    return float(light @ equations.matrix @ light - 2 * light @ equations.right)


def levels_of(palette):
    return [tuple(color) for color in (palette[0] * 255).round().int().tolist()]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("num_fixed", [0, 1])
def test_the_fit_among_few_colors_is_nearly_the_best_there_is(seed, num_fixed):
    equations, palette = random_equations(seed, 3)
    gamut = parse_gamut("bits=1")
    palette[0, :num_fixed] = 1.0
    fitted = fit_palette(equations, palette, num_fixed, HardwareColors(gamut, 3))
    assert all(gamut.holds(color) for color in levels_of(fitted))
    assert len(set(levels_of(fitted))) == 3
    assert torch.equal(fitted[:, :num_fixed], palette[:, :num_fixed])
    points = torch.tensor(gamut.colors, dtype=torch.float64) / 255
    every = [
        price(equations, points[list(places)].unsqueeze(0))
        for places in permutations(range(8), 3)
        if (points[list(places[:num_fixed])] == palette[0, :num_fixed]).all()
    ]
    ahead = sum(other < price(equations, fitted) - 1e-9 for other in every)
    assert ahead <= 0.04 * len(every)


@pytest.mark.parametrize("words", ["rgb332", "rgb565", "bits=7"])
def test_the_fit_beats_rounding(words):
    gamut = parse_gamut(words)
    for seed in range(5):
        equations, palette = random_equations(seed, 4)
        free = fit_palette(equations, palette)
        rounded = HardwareColors(gamut, 3).snap(free)
        fitted = fit_palette(equations, palette, 0, HardwareColors(gamut, 3))
        assert all(gamut.holds(color) for color in levels_of(fitted))
        assert price(equations, fitted) <= price(equations, rounded) + 1e-9


def test_a_part_of_the_colors_lands_and_the_rest_makes_up_for_it():
    equations, palette = random_equations(1, 4)
    gamut = parse_gamut("bits=1")
    half = fit_palette(equations, palette, 0, HardwareColors(gamut, 3), 0.5)
    whole = fit_palette(equations, palette, 0, HardwareColors(gamut, 3))
    assert sum(gamut.holds(color) for color in levels_of(half)) == 2
    assert price(equations, half) < price(equations, whole)


def test_snapping_takes_no_color_twice_and_leaves_the_fixed():
    palette = torch.full((1, 5, 3), 0.5, dtype=torch.float64)
    palette[0, 0] = 1.0
    snapped = HardwareColors(parse_gamut("bits=1"), 3).snap(palette, 1)
    assert len(set(levels_of(snapped))) == 5
    assert levels_of(snapped)[0] == (255, 255, 255)


def test_gray_pictures_get_gray_levels():
    snapped = HardwareColors(parse_gamut("bits=2"), 1).snap(torch.tensor([[[0.3], [0.31], [0.9]]]))
    assert sorted(int(level) for (level,) in levels_of(snapped)) == [0, 85, 255] or sorted(
        int(level) for (level,) in levels_of(snapped)
    ) == [85, 170, 255]


@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_learning_within_a_gamut_beats_rounding_at_the_end(name):
    picture = read_picture(IMAGES / f"{name}.png").shrink(2_500)
    gamut = parse_gamut("rgb332")
    request = OptimizeRequest(colors=16, preset="fast")
    free = request.job(picture).run()
    within = replace(request, gamut="rgb332").job(picture).run().palette
    assert all(gamut.holds(color) for color in within.colors)
    rounded = Palette(tuple(gamut.nearest(color) for color in free.palette.colors))
    learned, afterwards = (
        try_palette(PaletteTrial(picture, palette, free.problem.objective, "none")).cost
        for palette in (within, rounded)
    )
    assert learned < afterwards


def tiny(value=(90, 140, 60), size=12):
    ramp = np.linspace(0, 60, size).astype(np.uint8)
    pixels = np.broadcast_to(np.array(value, np.uint8), (size, size, 3)) + ramp[:, None, None]
    return Picture(pixels.astype(np.uint8), opaque=np.ones((size, size), dtype=bool))


@pytest.mark.parametrize(
    ("objective", "estimator"), [("perceptual", None), ("ssim", None), ("perceptual", "st")]
)
@pytest.mark.parametrize("steps", [1, 4])
def test_every_way_ends_within_the_gamut(objective, estimator, steps):
    request = OptimizeRequest(
        colors=4, gamut="rgb332", lock="#fff", steps=steps, objective=objective, estimator=estimator
    )
    palette = request.job(tiny()).run().palette
    assert palette.colors[0] == (255, 255, 255)
    assert all(parse_gamut("rgb332").holds(color) for color in palette.colors)


def test_few_colors_that_cannot_be_shown_are_mixed_from_those_around():
    flat = Picture(np.full((16, 16, 3), (100, 50, 20), np.uint8), np.ones((16, 16), dtype=bool))
    solution = OptimizeRequest(colors=4, gamut="bits=1", steps=30).job(flat).run()
    assert solution.num_colors_used >= 2
    assert all(parse_gamut("bits=1").holds(color) for color in solution.palette.colors)


def test_a_palette_of_a_list_may_be_all_of_it():
    colors = "#000000,#804020,#fff0c0,#205080"
    solution = OptimizeRequest(colors=4, gamut=colors, steps=10).job(tiny()).run()
    assert set(solution.palette.hex) == set(colors.split(","))
    assert solution.settings["gamut"] == colors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"colors": 4, "lock": "#fff,#123456", "gamut": "rgb332"},
            "Locked colors must be in the gamut, got #123456. Lock #002455",
        ),
        ({"colors": 9, "gamut": "bits=1"}, "must be at most that of the gamut, 8, got 9"),
        ({"palette": "ega", "gamut": "rgb332"}, "`--palette` fixes all colors, and `--gamut`"),
    ],
)
def test_what_does_not_fit_a_gamut_is_refused(options, message):
    with pytest.raises(RequestError, match=message):
        OptimizeRequest(**options).job(tiny())


def test_snapping_moves_no_color_that_can_be_shown():
    colors = torch.tensor([[[10, 10, 10], [0, 0, 0], [255, 255, 255]]]) / 255
    snapped = HardwareColors(parse_gamut("rgb332"), 3).snap(colors)
    assert torch.equal(snapped[0, 1:], colors[0, 1:])
    assert not torch.equal(snapped[0, 0], snapped[0, 1])


def test_inks_that_are_learned_are_written_as_their_driver_wants():
    inks = named_palette("e-ink-6-measured")
    solution = OptimizeRequest(colors=3, gamut=inks.name, steps=10).job(tiny()).run()
    found = solution.palette
    places = [inks.seen.index(color) for color in found.seen]
    assert found.colors == tuple(inks.colors[place] for place in places)
    assert found.codes == tuple(inks.codes[place] for place in places)
    packed = np.frombuffer(solution.to_packed(), np.uint8).reshape(12, -1)
    assert solution.packed_bits in (2, 4)
    per_byte = 8 // solution.packed_bits
    first = packed[:, 0] >> (8 - solution.packed_bits)
    assert (first == np.array(found.codes)[solution.indices[:, 0]]).all()
    assert packed.shape[1] == 12 // per_byte
    with Image.open(BytesIO(solution.to_png())) as image:
        assert tuple(image.getpalette()[:3]) == found.colors[0]
    assert solution.picture.pixels[0, 0].tolist() == list(found.seen[solution.indices[0, 0]])


def test_locked_inks_are_written_as_their_driver_wants():
    inks = named_palette("e-ink-4-measured")
    solution = OptimizeRequest(colors=6, lock=inks.name, steps=4).job(tiny()).run()
    found = solution.palette
    assert found.colors[:4] == inks.colors
    assert found.seen[:4] == inks.seen
    assert found.codes == (0, 1, 3, 2, 4, 5)
    assert found.colors[4:] == found.seen[4:]
