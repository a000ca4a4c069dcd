import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab.black_box import FunctionSource, PricedFunction, cost_function
from ditherlab.errors import ObjectiveError

SOURCE = FunctionSource("python:x", "x", "cost")


@pytest.fixture
def scene():
    """Two pictures of 4 x 5 pixels, their targets, and masks."""
    random = np.random.default_rng(3)
    pictures = random.integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    opaque = np.ones((2, 4, 5), dtype=bool)
    opaque[1, 0] = False
    return pictures, pictures[::-1].copy(), opaque


def call(function, scene, **mark):
    seen = []

    def spy(*arguments):
        seen.append(arguments)
        return function(*arguments)

    spy.__wrapped__ = function
    costs = PricedFunction(SOURCE, cost_function(**mark)(spy)).price(*scene)
    return costs, seen


def test_one_picture_at_a_time_in_numpy(scene):
    costs, seen = call(lambda picture, target, opaque: picture[0, 0, 0], scene)
    assert costs == [float(scene[0][0, 0, 0, 0]), float(scene[0][1, 0, 0, 0])]
    for number, arguments in enumerate(seen):
        for given, expected in zip(arguments, scene, strict=True):
            assert given.dtype == expected.dtype
            assert np.array_equal(given, expected[number])


def test_a_batch_in_numpy(scene):
    costs, seen = call(lambda pictures, targets: pictures[:, 0, 0, 0], scene, takes="batch")
    assert costs == scene[0][:, 0, 0, 0].tolist()
    ((pictures, targets),) = seen
    assert np.array_equal(pictures, scene[0])
    assert np.array_equal(targets, scene[1])


def test_one_picture_at_a_time_in_torch(scene):
    _, seen = call(lambda picture, target, opaque: picture.mean(), scene, form="torch")
    picture, target, opaque = seen[1]
    assert (picture.dtype, picture.shape, opaque.shape) == (torch.float32, (3, 4, 5), (1, 4, 5))
    assert np.array_equal((picture * 255).round().permute(1, 2, 0).numpy(), scene[0][1])
    assert np.array_equal((target * 255).round().permute(1, 2, 0).numpy(), scene[1][1])
    assert np.array_equal(opaque[0].numpy(), scene[2][1])


def test_a_batch_in_torch(scene):
    costs, ((pictures,),) = call(
        lambda pictures: pictures.mean(dim=(1, 2, 3)), scene, takes="batch", form="torch"
    )
    assert pictures.shape == (2, 3, 4, 5)
    assert costs == pytest.approx((scene[0] / 255).mean(axis=(1, 2, 3)).tolist())


def test_pillow(scene):
    _, seen = call(lambda picture, target, opaque: 0, scene, form="pillow")
    picture, _, opaque = seen[1]
    assert (picture.mode, picture.size, opaque.mode) == ("RGB", (5, 4), "1")
    assert np.array_equal(np.asarray(picture), scene[0][1])
    assert np.array_equal(np.asarray(opaque), scene[2][1])
    _, ((pictures,),) = call(lambda pictures: [1, 2], scene, form="pillow", takes="batch")
    assert all(isinstance(picture, Image.Image) for picture in pictures)


def test_a_function_may_paint_over_what_it_gets(scene):
    before = [array.copy() for array in scene]

    def paint(picture, target):
        picture[:], target[:] = 0, 0
        return 0

    call(paint, scene)
    for array, old in zip(scene, before, strict=True):
        assert np.array_equal(array, old)


@pytest.mark.parametrize(
    "result",
    [3, 3.0, True, np.float32(3), np.array([3]), np.array([[3.0]]), torch.tensor(3.0), [3]],
)
def test_what_counts_as_a_number(result, scene):
    costs, _ = call(lambda picture: result, scene)
    assert costs == [float(np.asarray(result).item())] * 2
    assert all(type(cost) is float for cost in costs)


def test_a_tensor_with_a_gradient_is_a_number(scene):
    weight = torch.tensor(2.0, requires_grad=True)
    assert call(lambda picture: weight * 2, scene)[0] == [4.0, 4.0]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (None, "got NoneType"),
        ("3", "got str"),
        (3j, "got complex"),
        ([1, [2, 3]], "got list"),
        (np.zeros(2), r"got an array of shape \[2\]"),
        (np.zeros((0,)), r"got an array of shape \[0\]"),
    ],
)
def test_what_is_no_number(result, told, scene):
    with pytest.raises(ObjectiveError, match=f"^`python:x` must return a number, {told}"):
        call(lambda picture: result, scene)


def test_a_batch_needs_a_number_for_each_picture(scene):
    with pytest.raises(ObjectiveError, match=r"a number for each of 2 pictures, got .* \[3\]"):
        call(lambda pictures: np.zeros(3), scene, takes="batch")


@pytest.mark.parametrize("error", [ValueError("so bad"), SystemExit(2), KeyboardInterrupt()])
def test_whatever_it_raises_becomes_one_line(error, scene):
    def fail(picture):
        raise error

    with pytest.raises(ObjectiveError, match=f"^`python:x` raised {type(error).__name__}.*line"):
        call(fail, scene)
