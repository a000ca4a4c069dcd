from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from ditherlab import Palette, Picture, parse_objective
from ditherlab.estimators import ST, CommonRandomNumbers, GumbelSoftmax, LeaveOneOut, Moments
from ditherlab.kernels import KERNELS_VARIABLE, kernels_for
from ditherlab.models import Noise, Ordered
from ditherlab.objectives import Variance
from ditherlab.solver.memory import MemoryNeed
from ditherlab.solver.memory_need import memory_need
from ditherlab.stages.cross_entropy import CrossEntropy
from ditherlab.stages.gibbs_with_gradients import GibbsWithGradients
from tests.solving import problem_of, recipe_of

COLORS = tuple((level, 255 - level, 0) for level in range(0, 256, 4))


@pytest.fixture(autouse=True)
def torch_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests are about planes, of which torch needs more than the kernels."""
    monkeypatch.setenv(KERNELS_VARIABLE, "torch")


STEPS_ONLY: dict[str, Any] = {
    "palette": Palette.from_hex(["000", "f00", "00f", "fff"]),
    "start": "nearest",
    "polish": "none",
}
GRAYS = Palette.from_hex(["000", "555", "aaa", "fff"])


def need_of(picture: Picture, **settings: Any) -> MemoryNeed:
    problem = problem_of(picture, **settings)
    return memory_need(problem, recipe_of(problem, **settings))


def num_planes(picture: Picture, **settings: Any) -> float:
    need = need_of(picture, **settings)
    return need.num_planes + need.num_colors * need.num_planes_per_color


@pytest.fixture
def planes(photo: Picture) -> Callable[..., float]:
    """The planes that the estimator's steps and nothing else need."""
    return lambda **changes: num_planes(photo, **{**STEPS_ONLY, **changes})


def test_the_need_is_that_of_the_picture_and_its_palette(photo: Picture) -> None:
    need = need_of(photo, **STEPS_ONLY)
    assert (need.width, need.height, need.num_colors) == (48, 32, 4)


def test_several_pictures_need_as_much_each(photo: Picture) -> None:
    assert num_planes([photo] * 3, **STEPS_ONLY) == pytest.approx(
        3 * num_planes(photo, **STEPS_ONLY)
    )


def test_colors_to_learn_count_like_given_ones(planes: Callable[..., float]) -> None:
    assert planes(palette=4) == planes()
    assert planes(palette=64) > 1.5 * planes()


def test_gray_needs_less_than_color(planes: Callable[..., float]) -> None:
    assert planes(palette=GRAYS) < planes()


@pytest.mark.parametrize("objective", ["ssim", "viewed-ssim", "viewed-error+ssim"])
@pytest.mark.parametrize("estimator", [GumbelSoftmax(), ST(), LeaveOneOut()])
def test_windows_need_more(objective: str, estimator: Any, planes: Callable[..., float]) -> None:
    windowed = planes(objective=parse_objective(objective), estimator=estimator)
    assert windowed > planes(estimator=estimator)


@pytest.mark.parametrize(
    ("estimator", "num_planes_of_metric"),
    # A gradient keeps what each draw depends on.
    [(LeaveOneOut(num_samples=4), 190), (GumbelSoftmax(num_samples=4), 4 * 1.6 * 190)],
)
def test_a_metric_of_torchmetrics_needs_more(
    estimator: Any, num_planes_of_metric: float, planes: Callable[..., float]
) -> None:
    objective = parse_objective("ssim+torchmetrics:uqi")
    extra = planes(objective=objective, estimator=estimator) - planes(
        objective=parse_objective("ssim+ssim"), estimator=estimator
    )
    assert extra == pytest.approx(num_planes_of_metric)


@pytest.mark.parametrize("estimator", [GumbelSoftmax, ST, LeaveOneOut])
def test_more_draws_need_more(estimator: Any, planes: Callable[..., float]) -> None:
    few, many = (planes(estimator=estimator(num_samples=n)) for n in (2, 20))
    assert many > few
    inside = planes(estimator=CommonRandomNumbers(estimator(num_samples=20)))
    assert inside == many


def test_learning_a_palette_from_draws_needs_their_gradients(planes: Callable[..., float]) -> None:
    assert planes(estimator=LeaveOneOut(), palette=4) > planes(estimator=LeaveOneOut())


def test_the_default_needs_less_than_a_relaxation(planes: Callable[..., float]) -> None:
    assert planes(estimator=Moments()) < planes(estimator=GumbelSoftmax())


def test_a_polish_needs_some_planes_whatever_the_colors(photo: Picture) -> None:
    few, many = (need_of(photo, palette=Palette(COLORS[:number])) for number in (4, 64))
    assert few.num_planes == many.num_planes > 90
    assert few.num_planes_per_color == many.num_planes_per_color == 0


@pytest.mark.parametrize("palette", [4, 64, GRAYS])
def test_the_kernels_need_few_planes_and_a_tile(
    photo: Picture, palette: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_torch = need_of(photo, palette=palette)
    monkeypatch.delenv(KERNELS_VARIABLE)
    if kernels_for("cpu") is None:
        pytest.skip("there are no compiled kernels here")
    compiled = need_of(photo, palette=palette)
    if isinstance(palette, Palette):
        assert compiled.num_planes == 5 + 3
    assert compiled.num_planes < in_torch.num_planes
    assert (compiled.num_copies, in_torch.fixed_bytes) == (0, 0)
    assert 2**18 < compiled.fixed_bytes < 2**21


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KERNELS_VARIABLE)
    if kernels_for("cpu") is None:
        pytest.skip("there are no compiled kernels here")


@pytest.mark.usefixtures("compiled")
def test_wide_filters_need_larger_tiles_and_very_wide_ones_the_planes_of_torch(
    photo: Picture,
) -> None:
    narrow, wide, wider = (
        need_of(photo, palette=GRAYS, objective=parse_objective(f"viewed-error(blur_px={blur_px})"))
        for blur_px in (1, 11, 13)
    )
    assert wide.num_planes == narrow.num_planes < wider.num_planes
    assert wide.fixed_bytes > 2 * narrow.fixed_bytes
    assert wider.fixed_bytes == 0


@pytest.mark.usefixtures("compiled")
def test_each_thread_needs_a_tile_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    def fixed_bytes(side: int, num_threads: int) -> int:
        monkeypatch.setattr(torch, "get_num_threads", lambda: num_threads)
        pixels = np.zeros((side, side, 3), dtype=np.uint8)
        picture = Picture(pixels=pixels, opaque=np.ones((side, side), dtype=bool))
        return need_of(picture, palette=GRAYS).fixed_bytes

    assert fixed_bytes(600, 4) == pytest.approx(4 * fixed_bytes(600, 1), abs=4)
    assert fixed_bytes(200, 4) == fixed_bytes(200, 1)


@pytest.mark.usefixtures("compiled")
def test_torch_moves_the_probabilities_of_several_pictures(photo: Picture) -> None:
    settings = {**STEPS_ONLY, "estimator": Moments()}
    assert num_planes([photo] * 3, **settings) > 4 * num_planes(photo, **settings)


@pytest.mark.parametrize("model", [Noise(), Ordered()], ids=str)
def test_a_model_needs_planes_for_each_color(model: Any, photo: Picture) -> None:
    few, many = (
        num_planes(photo, palette=Palette(COLORS[:number]), model=model) for number in (4, 64)
    )
    assert many - few == 60 * model.num_planes_per_color > 60 * 14


def test_a_search_needs_its_own_planes_and_not_those_of_steps(photo: Picture) -> None:
    def planes(method: Any, **changes: Any) -> float:
        return num_planes(photo, **{"palette": Palette(COLORS[:4]), "method": method, **changes})

    few, many = (planes(CrossEntropy(n)) for n in (2, 64))
    assert few == 2 * 11 + 4 * 7
    assert many - few == 62 * 11
    assert planes(GibbsWithGradients()) == 200
    assert planes(GibbsWithGradients(), palette=GRAYS) == 90
    # The larger of the two: they follow each other.
    assert planes(CrossEntropy(2), polish="flips") > 100
    assert planes(CrossEntropy(64), polish="flips") == many


def test_colors_are_learned_on_a_copy_of_limited_size() -> None:
    large = np.zeros((4000, 4000, 3), dtype=np.uint8)
    picture = Picture(pixels=large, opaque=np.ones((4000, 4000), dtype=bool))
    copied = need_of(picture, palette=64, pixels=1).num_bytes
    whole = need_of(picture, palette=64, start="nearest").num_bytes
    assert copied < 0.2 * whole


def test_fitting_a_palette_needs_more_than_keeping_it(photo: Picture) -> None:
    def copies(**changes: Any) -> float:
        return need_of(photo, **{**STEPS_ONLY, **changes}).num_copies

    assert copies(palette=4) > 0
    assert copies() == 0
    assert copies(palette=4, objective=Variance()) == 0
