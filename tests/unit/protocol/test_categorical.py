import math

import pytest
import torch

from ditherlab.protocol.categorical import Categorical, largest_color


@pytest.fixture
def model(generator):
    logits = torch.randn((2, 4, 3, 5), generator=generator, dtype=torch.float64)
    palette = torch.rand((2, 4, 3), generator=generator, dtype=torch.float64)
    return Categorical.from_logits(logits, palette, learns_palette=True)


def test_images_show_the_colors_of_the_indices(model, generator):
    indices = model.draw_indices(6, generator)
    images = model.images(indices)
    assert images.shape == (6, 2, 3, 3, 5)
    sample, picture, row, column = 4, 1, 2, 3
    color = model.palette[picture, indices[sample, picture, row, column]]
    torch.testing.assert_close(images[sample, picture, :, row, column], color)


def test_the_weighted_score_is_the_gradient_of_the_log_probability(model, generator):
    indices = model.draw_indices(3, generator)
    weights = torch.rand(indices.shape, generator=generator, dtype=torch.float64)
    logits = model.log_probs.requires_grad_()
    log_probs = logits.log_softmax(dim=1).expand(3, -1, -1, -1, -1)
    chosen = log_probs.gather(2, indices.unsqueeze(2)).squeeze(2)
    (expected,) = torch.autograd.grad((weights * chosen).sum(), logits)
    torch.testing.assert_close(model.weigh_scores(indices, weights), expected)


def test_the_palette_gradient_is_that_of_autograd(model, generator):
    indices = model.draw_indices(3, generator)
    palette = model.palette.clone().requires_grad_()
    images = Categorical(model.probs, palette).images(indices)
    gradients = torch.rand(images.shape, generator=generator, dtype=torch.float64)
    (expected,) = torch.autograd.grad((images * gradients).sum(), palette)
    torch.testing.assert_close(model.gather_palette_gradient(indices, gradients), expected)


def test_entropy_goes_from_zero_to_the_logarithm_of_the_colors():
    palette = torch.zeros((1, 4, 1))
    flat = Categorical.from_logits(torch.zeros((1, 4, 2, 2)), palette)
    decided = Categorical(torch.eye(4).view(1, 4, 2, 2), palette)
    assert flat.entropy().item() == pytest.approx(math.log(4))
    assert decided.entropy().item() == 0


def test_the_same_generator_draws_the_same_pictures(model):
    draws = [model.draw_indices(4, torch.Generator().manual_seed(5)) for _ in range(2)]
    assert torch.equal(*draws)


def test_256_colors_keep_their_indices(generator):
    probs = torch.zeros((1, 256, 1, 1))
    probs[:, 255] = 1
    drawn = Categorical(probs, torch.zeros((1, 256, 1))).draw_indices(10, generator)
    assert drawn.unique().tolist() == [255]


def test_the_largest_color_is_that_of_argmax_the_first_of_equals(generator):
    values = torch.randint(0, 4, (3, 2, 6, 5, 7), generator=generator).float()
    assert torch.equal(largest_color(values), values.argmax(dim=2))
    assert torch.equal(largest_color(values[0]), values[0].argmax(dim=1))


def test_noise_is_the_same_however_it_is_parted(model, monkeypatch):
    at_once = model.draw_gumbel_noise(3, torch.Generator().manual_seed(1))
    monkeypatch.setattr("ditherlab.protocol.categorical._PART_OF_NOISE", 50)
    assert torch.equal(model.draw_gumbel_noise(3, torch.Generator().manual_seed(1)), at_once)
