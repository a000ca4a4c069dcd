"""Errors in reports of comparisons: a number that was resolved, or a bound."""

import math
from dataclasses import replace

import pytest
import torch

from ditherlab.experiments import Comparison, GradientFigures, Reference
from ditherlab.report.comparison_plots import ComparisonPlots
from ditherlab.report.comparison_report import ComparisonReport
from tests.solving import problem_of

FIGURES = GradientFigures("st", False, 0.0, 0.01, 0.0, 0.0, 0.99, 1, 1, 2.0, 3)


def figures(variance, bias, floor):
    """As a measurement gives them: a bias below the floor is already corrected for chance."""
    error = math.sqrt(variance + bias**2)
    return replace(FIGURES, variance=variance, bias=bias, bias_floor=floor, relative_error=error)


@pytest.fixture
def report(photo):
    def make(found):
        reference = Reference(torch.ones(4), 4e-4, "leave-one-out", 9)
        comparison = Comparison(reference, {"st": found})
        return ComparisonReport(problem_of(photo), "flat", comparison, {}, is_complete=True)

    return make


@pytest.mark.parametrize(
    ("found", "spelled"),
    [
        (figures(0.0, 0.0, 0.01), "<0.01"),
        (figures(0.0, 0.009, 0.01), "<0.01"),
        (figures(1e-6, 0.0, 0.01), "<0.01"),
        (figures(9e-5, 0.0, 0.01), "<0.014"),
        (figures(0.0, 0.0, 4e-6), "<4e-06"),
    ],
)
def test_an_error_that_is_not_resolved_is_a_bound(found, spelled, report):
    made = report(found)
    assert made.gradient_rows()[0][1] == spelled
    assert "An error after `<` is below" in made.table()
    (document,) = made.document()["estimators"]
    assert document["relative_error"] is None
    assert document["relative_error_below"] == pytest.approx(float(spelled[1:]), rel=0.05)
    (point,) = ComparisonPlots(made).error_over_time().points
    assert point.y == document["relative_error_below"]
    assert f"relative error {spelled}, " in point.title


@pytest.mark.parametrize("found", [figures(1e-3, 0.0, 0.01), figures(0.0, 0.02, 0.01)])
def test_an_error_that_is_resolved_is_a_number(found, report):
    made = report(found)
    assert float(made.gradient_rows()[0][1]) == pytest.approx(found.relative_error, rel=0.01)
    assert "An error after" not in made.table()
    (document,) = made.document()["estimators"]
    assert document["relative_error"] == found.relative_error
    assert document["relative_error_below"] is None
    (point,) = ComparisonPlots(made).error_over_time().points
    assert point.y == found.relative_error
