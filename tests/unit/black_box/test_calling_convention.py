from functools import partial

import pytest
import torch

from ditherlab import cost_function
from ditherlab.black_box import CallingConvention
from ditherlab.errors import RequestError


def convention(function):
    return CallingConvention.of(function, "f")


def test_a_plain_function_takes_one_picture_in_numpy():
    assert convention(lambda picture: 0.0) == CallingConvention("picture", "numpy", False, 1)


@pytest.mark.parametrize(
    ("function", "num_arguments"),
    [
        (lambda picture: 0, 1),
        (lambda picture, target: 0, 2),
        (lambda picture, target, opaque: 0, 3),
        (lambda picture, target=None: 0, 2),
        (lambda pictures, targets=None, opaque=None: 0, 3),
        (lambda picture, sigma=1.5: 0, 1),
        (lambda picture, anything, sigma=1.5: 0, 2),
        (lambda picture=None: 0, 1),
        (lambda *pictures: 0, 1),
        (lambda picture, *others, sigma=1.5: 0, 1),
        (partial(lambda picture, target, sigma: 0, sigma=2), 2),
        (max, 1),
    ],
)
def test_the_parameters_say_what_a_function_gets(function, num_arguments):
    assert convention(function).num_arguments == num_arguments


@pytest.mark.parametrize(
    "function", [lambda: 0, lambda a, b, c, d: 0, lambda picture, *, needed: 0]
)
def test_other_parameters_are_refused(function):
    with pytest.raises(RequestError, match=r"`f` must take \(picture\), \(picture, target\) or"):
        convention(function)


def test_the_decorator_only_sets_an_attribute():
    def cost(picture):
        return 0

    marked = cost_function(takes="batch", form="pillow")(cost)
    assert marked is cost
    assert cost.ditherlab_cost == {"takes": "batch", "form": "pillow", "differentiable": False}
    assert convention(cost) == CallingConvention("batch", "pillow", False, 1)


def test_a_plain_attribute_works_too():
    def cost(picture):
        return 0

    cost.ditherlab_cost = {"form": "torch"}
    assert convention(cost) == CallingConvention("picture", "torch", False, 1)


def test_what_is_differentiable_takes_a_batch_in_torch():
    marked = cost_function(differentiable=True)(lambda pictures: pictures)
    assert convention(marked) == CallingConvention("batch", "torch", True, 1)


def test_a_module_is_differentiable_without_a_mark():
    class Cost(torch.nn.Module):
        def forward(self, pictures, targets):
            return pictures

    assert convention(Cost()) == CallingConvention("batch", "torch", True, 2)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ({"takes": "pictures"}, "`takes` must be one of picture, batch, got 'pictures'"),
        ({"form": "jax"}, "`form` must be one of numpy, torch, pillow, got 'jax'"),
        ({"forms": "numpy"}, "must be a dictionary with takes, form, differentiable"),
        (True, "must be a dictionary with takes, form, differentiable, got True"),
        ({"form": "numpy", "differentiable": True}, "must have the form `torch`"),
    ],
)
def test_a_wrong_mark_is_refused(mark, message):
    def cost(picture):
        return 0

    cost.ditherlab_cost = mark
    with pytest.raises(RequestError, match=message):
        convention(cost)
