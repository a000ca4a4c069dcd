"""The proofs find wrong estimators, of every kind of noise."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from ditherlab.errors import AbilityError, ProofError
from ditherlab.estimators import ARM, CARMS, ST, Exact, LeaveOneOut, ScoreFunction
from ditherlab.proofs import prove_unbiased
from ditherlab.protocol import Estimator


class Halved(Estimator):
    """Wrong: half of the gradient."""

    def weigh(self, *arguments):
        estimate, state = super().weigh(*arguments)
        return replace(estimate, logit_gradient=0.5 * estimate.grad_logits), state


@dataclass(frozen=True)
class HalfOfDraws(Halved, ScoreFunction):
    """Wrong, with draws that can be listed."""


class TooMuchOfTwo(ScoreFunction):
    """Wrong with several samples only: the sum over them instead of the mean."""

    def weigh(self, *arguments):
        estimate, state = super().weigh(*arguments)
        gradient = self.num_samples * estimate.grad_logits
        return replace(estimate, logit_gradient=gradient), state


@dataclass(frozen=True)
class HalfOfNoise(Halved, CARMS):
    """Wrong, with draws that cannot be listed."""


@dataclass(frozen=True)
class HalfOfNothing(Halved, Exact):
    """Wrong, without draws."""


@dataclass(frozen=True)
class ManySamples(LeaveOneOut):
    num_draws: ClassVar[int] = 3


@dataclass(frozen=True)
class NeedsMuch(LeaveOneOut):
    needs: ClassVar[frozenset[str]] = frozenset({"telepathy"})


@pytest.mark.parametrize("right", [ScoreFunction(), LeaveOneOut(), ARM(), CARMS()], ids=str)
def test_right_estimators_are_proven(right):
    prove_unbiased(right, num_trials=4_000)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (HalfOfDraws(), r"must have the mean grad_logits [-\d.]+ on the cost `interacting`, got"),
        (TooMuchOfTwo(), r"too-much-of-two\(num_samples=2\)` must have the mean grad_logits"),
        (ST(), "must have the mean grad_logits"),
        (HalfOfNoise(), r"one that is [\d.]+ standard errors off in 4000 trials"),
        (HalfOfNothing(), "standard errors off"),
        (ManySamples(), "must take one or two samples to be proven"),
    ],
)
def test_wrong_estimators_are_refuted(wrong, words):
    with pytest.raises(ProofError, match=words):
        prove_unbiased(wrong, num_trials=4_000)


def test_an_ability_that_no_cost_has_is_named():
    with pytest.raises(AbilityError, match="needs telepathy, which no cost of the proofs offers"):
        prove_unbiased(NeedsMuch())
