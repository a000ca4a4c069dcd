"""Both descents take Adam's steps: torch's own are the reference, and none is ever giant."""

import subprocess
import sys

import pytest
import torch

from ditherlab.optimizers import Adam, PaletteDescent
from ditherlab.protocol import Estimate

SHAPE = (1, 3, 4, 5)
NUM_STEPS = 30


def estimate_of(gradient):
    return Estimate(
        value=torch.zeros(1), grad_palette=None, num_evaluations=1, num_backward_passes=0,
        logit_gradient=gradient,
    )  # fmt: skip


def torch_steps(start, gradients, **settings):
    leaf = start.clone().requires_grad_()
    adam = torch.optim.Adam([leaf], **settings)
    for gradient in gradients:
        leaf.grad = gradient.clone()
        adam.step()
    return leaf.detach()


def test_adam_is_that_of_torch_on_the_cost_of_a_pixel(generator):
    start = torch.randn(SHAPE, generator=generator, dtype=torch.float64)
    gradients = torch.randn((NUM_STEPS, *SHAPE), generator=generator, dtype=torch.float64)
    state = Adam(learning_rate=0.05).start(start)
    for gradient in gradients:
        Adam(learning_rate=0.05).step(state, estimate_of(gradient), 0.0, generator)
    expected = torch_steps(start, gradients * 20, lr=0.05, eps=0.0)
    torch.testing.assert_close(state.logits, expected)


def test_palette_descent_is_that_of_torch_inside_the_gamut(generator):
    start = torch.full((1, 4, 3), 0.5, dtype=torch.float64)
    gradients = torch.randn((NUM_STEPS, 1, 4, 3), generator=generator, dtype=torch.float64)
    state = PaletteDescent(learning_rate=0.005).start(start)
    for gradient in gradients:
        PaletteDescent(learning_rate=0.005).step(state, gradient)
    expected = torch_steps(start, gradients, lr=0.005, betas=(0.9, 0.99), eps=0.0)
    torch.testing.assert_close(state.parameters, expected)


def test_palette_descent_stays_inside_the_gamut():
    state = PaletteDescent(learning_rate=0.4).start(torch.tensor([[[0.1, 0.9]]]))
    palette = PaletteDescent(learning_rate=0.4).step(state, torch.tensor([[[1.0, -1.0]]]))
    assert palette.tolist() == [[[0.0, 1.0]]]


@pytest.mark.parametrize("size", [1.0, 1e-10, 1e-20, 1e-30, 0.0])
def test_no_gradient_is_so_small_that_its_step_explodes(size, generator):
    """Their squares underflow; a color that is all but excluded has such gradients."""
    state = Adam(learning_rate=0.1).start(torch.zeros(SHAPE))
    before = state.logits.clone()
    for _ in range(NUM_STEPS):
        gradient = size * torch.randn(SHAPE, generator=generator)
        Adam(learning_rate=0.1).step(state, estimate_of(gradient), 0.0, generator)
        assert (state.logits - before).abs().max() < 0.5
        before = state.logits.clone()


def test_a_run_does_not_load_the_compiler_of_torch():
    code = (
        "import sys, numpy as np, ditherlab as dl\n"
        "pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)\n"
        "picture = dl.Picture(pixels, opaque=np.ones((8, 8), dtype=bool))\n"
        "problem = dl.Problem(picture=picture, palette=dl.LearnedPalette(4))\n"
        "dl.optimize(problem, dl.default_recipe(problem, dl.Shorthands(steps=2)))\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
