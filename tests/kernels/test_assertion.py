import pytest
import torch

from tests.quadratic_costs import assert_planes_agree


def test_planes_that_differ_in_one_place_do_not_agree():
    expected = torch.linspace(-2, 1, 60).view(3, 4, 5)
    found = expected.clone()
    assert_planes_agree(found, expected)
    found[1, 2, 3] += 1e-4
    with pytest.raises(AssertionError, match="5e-05 of the largest value"):
        assert_planes_agree(found, expected)


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_planes_that_are_not_finite_do_not_agree(wrong):
    expected = torch.ones((2, 3))
    found = expected.clone()
    found[0, 0] = wrong
    with pytest.raises(AssertionError):
        assert_planes_agree(found, expected)
