"""The laboratory's own figures: they must see a bias that is there, and none that is not."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from ditherlab.estimators import LeaveOneOut, LocalExpectation
from ditherlab.experiments import GradientProblem, measure_estimator, measure_reference
from ditherlab.experiments.gradients import RunningMoments
from ditherlab.images import Picture
from ditherlab.objectives import ViewedError
from ditherlab.palette import named_palette
from ditherlab.problem import LearnedPalette, Problem


@dataclass(frozen=True)
class Shrunk(LocalExpectation):
    """A gradient that is a tenth too short."""

    def weigh(self, draws, model, cost, state, temperature):
        estimate, state = super().weigh(draws, model, cost, state, temperature)
        gradient = 0.9 * estimate.grad_logits
        return replace(estimate, color_costs=None, logit_gradient=gradient), state


@pytest.fixture
def place():
    pixels = np.full((3, 4, 3), 120, dtype=np.uint8)
    picture = Picture(pixels=pixels, opaque=np.ones((3, 4), dtype=bool))
    problem = Problem(picture=picture, palette=named_palette("gray-4"), objective=ViewedError())
    return GradientProblem.of(problem, "flat", device="cpu")


def figures(place, estimator, num_repetitions=700):
    generator = torch.Generator().manual_seed(0)
    reference = measure_reference(
        place.model, place.cost, generator, num_repetitions=1, is_exact=True
    )
    return measure_estimator(
        estimator, place.model, place.cost, reference, generator, num_repetitions=num_repetitions
    )


def test_running_moments_are_those_of_all_gradients_together(generator):
    gradients = torch.randn((20, 1, 2, 3, 4), generator=generator, dtype=torch.float64)
    found = RunningMoments()
    for gradient in gradients:
        found.include(gradient)
    torch.testing.assert_close(found.mean, gradients.mean(dim=0))
    assert found.total_variance == pytest.approx(gradients.var(dim=0).sum().item())


def test_an_unbiased_estimator_shows_no_bias_above_its_floor(place):
    found = figures(place, LeaveOneOut(num_samples=8))
    assert found.bias < 2 * found.bias_floor
    assert found.relative_error == pytest.approx(found.variance**0.5, rel=0.1)


def test_a_bias_that_is_there_is_seen(place):
    found = figures(place, Shrunk(order=2), num_repetitions=400)
    assert found.bias == pytest.approx(0.1, abs=2 * found.bias_floor)
    assert found.bias_floor < 0.03


def test_more_samples_divide_the_variance(place):
    few, many = (figures(place, LeaveOneOut(num_samples=n)).variance for n in (4, 16))
    # A draw gives up its own cost for the baseline, so the variance falls as 1 / (N - 1).
    assert few / many == pytest.approx(5, rel=0.15)


def test_a_few_pictures_are_listed_for_a_reference(generator):
    pixels = np.array([[[30, 90, 200], [200, 10, 10]]], dtype=np.uint8).repeat(2, axis=0)
    picture = Picture(pixels=pixels, opaque=np.ones((2, 2), dtype=bool))
    problem = Problem(picture=picture, palette=LearnedPalette(3))
    place = GradientProblem.of(problem, "flat")
    listed = measure_reference(place.model, place.cost, generator, num_repetitions=2)
    exact = measure_reference(place.model, place.cost, generator, num_repetitions=2, is_exact=True)
    assert (listed.estimator, listed.squared_error) == ("exact", 0.0)
    torch.testing.assert_close(listed.gradient, exact.gradient, rtol=1e-3, atol=1e-7)


def test_the_reference_knows_its_own_error(place):
    generator = torch.Generator().manual_seed(3)
    exact = measure_reference(place.model, place.cost, generator, num_repetitions=1, is_exact=True)
    sampled = measure_reference(place.model, place.cost, generator, num_repetitions=400)
    distance = (sampled.gradient - exact.gradient).square().sum().item()
    assert distance < 4 * sampled.squared_error
    assert sampled.norm == pytest.approx(exact.norm, rel=0.2)
