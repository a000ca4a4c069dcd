from dataclasses import replace

import numpy as np
import pytest
import torch

from ditherlab.discrete.cells import CellRule, cell_rule
from ditherlab.discrete.cells.annealing import CellSearch
from ditherlab.images import Picture
from ditherlab.problem import Problem

ZX = cell_rule("zx-spectrum")
MSX = cell_rule("msx-screen-2")


def annealing(picture: Picture, rule: CellRule) -> CellSearch:
    problem = Problem(picture=picture, palette=rule.palette, cells=rule)
    target = problem.target()
    palette = rule.palette.srgb(torch.device("cpu"))[None, :, : problem.num_channels]
    cost = problem.objective.bind(target)
    return CellSearch(rule, problem.objective, cost, target, palette)


def checkered(rule: CellRule, subpalettes: list[int], columns: int) -> Picture:
    """Cells that show what is allowed, in large blocks of the two colors."""
    rows = -(-len(subpalettes) // columns)
    size = (rows * rule.height_px, columns * rule.width_px)
    indices = np.zeros(size, dtype=int)
    for number, subpalette in enumerate(subpalettes):
        row, column = divmod(number, columns)
        cell = np.s_[row * rule.height_px :, column * rule.width_px :]
        first, second = rule.subpalettes[subpalette]
        indices[cell] = first
        indices[cell][:, rule.width_px // 2 :] = second
    colors = np.array(rule.palette.seen, dtype=np.uint8)
    return Picture(pixels=colors[indices], opaque=np.ones(size, dtype=np.bool_))


@pytest.mark.parametrize("rule", [ZX, MSX], ids=lambda rule: rule.name)
def test_a_picture_that_obeys_stays_as_it_is(rule: CellRule) -> None:
    picture = checkered(rule, [0, 5, 11, 30, 17, 44, 20, 52], columns=4)
    search = annealing(picture, rule)
    list(search.steps())
    shown = np.array(rule.palette.seen)[search.indices.numpy()]
    # A polish would mend a pixel that was left in the corner of a cell.
    assert (shown != picture.pixels).any(axis=2).sum() <= 1


@pytest.mark.parametrize("rule", [ZX, MSX], ids=lambda rule: rule.name)
def test_the_picture_obeys_after_every_step_and_improves(photo: Picture, rule: CellRule) -> None:
    odd = photo.crop(left=3, top=2, width=29, height=19)
    search = annealing(odd, rule)
    prices, shares = [float(search.price())], [0.0]
    assert rule.num_breaches(search.indices.numpy()) == 0
    for step in search.steps():
        assert rule.num_breaches(search.indices.numpy()) == 0
        assert search.allowed.permit(search.indices).all()
        prices.append(float(search.price()))
        shares.append(step.share)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert prices[-1] < 0.6 * prices[0]


def test_more_to_choose_from_is_better(photo: Picture) -> None:
    gray = replace(ZX, subpalettes=((0, 7), (0, 14)))
    few, many = annealing(photo, gray), annealing(photo, ZX)
    for search in (few, many):
        list(search.steps())
    assert many.price() < 0.8 * few.price()
