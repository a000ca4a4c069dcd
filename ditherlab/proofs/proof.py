"""Proof that the mean of an estimator is the gradient of the expected cost."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields

import torch

from ditherlab.errors import ProofError
from ditherlab.proofs.enumeration import Enumeration, Truth
from ditherlab.protocol import Cost, Estimator
from ditherlab.randomness import seeded_generator

NUM_TRIALS = 40_000

_TOLERANCE = 1e-12
_SEED = 21

# The probability that a right estimator fails a test by sampling.
_FAMILY_LEVEL = 1e-6

# More draws have too many combinations.
_NUMS_LISTED = (1, 2)


def prove_unbiased(estimator: Estimator, *, num_trials: int = NUM_TRIALS) -> None:
    """Prove that an estimator is unbiased, for every cost that it can work with.

    The problem has 2 x 3 pixels and three colors (two if the estimator takes no more), in double
    precision. If the draws are independent pictures, all of their combinations are weighed with
    their probabilities, with one sample and with two, as far as the estimator takes them, and the
    means must be exact to rounding. For other noise, each component of the mean over many trials is
    tested by its z-score, at a family level of 1e-6 with Sidak's correction and a fixed seed.

    Args:
        estimator: The estimator.
        num_trials: Number of trials, where draws cannot be listed.

    Raises:
        ProofError: If it has another mean; the message says where.
        AbilityError: If it needs an ability that no cost of the proofs offers.

    Source: Zbynek Sidak, "Rectangular Confidence Regions for the Means of Multivariate Normal
    Distributions", JASA 1967, for the correction.

    Example:
        >>> from ditherlab.estimators import ST, ScoreFunction
        >>> prove_unbiased(ScoreFunction())
        >>> prove_unbiased(ST())  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ditherlab.errors.ProofError: `st` must have the mean grad_logits ...
    """
    problem = Enumeration.random().keep_colors(estimator.num_colors)
    for name, cost in problem.costs_for(estimator).items():
        if estimator.noise == "indices":
            _prove_by_enumeration(estimator, problem, name, cost)
        else:
            _prove_by_sampling(estimator, problem, name, cost, num_trials)


def largest_z_score(
    estimator: Estimator, problem: Enumeration, cost: Cost, num_trials: int = NUM_TRIALS
) -> tuple[float, float]:
    """Return the largest z-score of all components, and the limit that chance keeps it below.

    Args:
        estimator: The estimator.
        problem: The problem, whose trials lie on the batch axis.
        cost: The cost.
        num_trials: Number of trials.
    """
    estimate, _ = estimator.estimate(problem.repeat(num_trials), cost, seeded_generator(_SEED))
    truth = problem.truth(cost)
    found = [(estimate.grad_logits, truth.grad_logits), (estimate.value, truth.value)]
    if estimate.grad_palette is not None:
        found.append((estimate.grad_palette, truth.grad_palette))
    scores = []
    for trials, expected in found:
        error = trials.std(dim=0) / num_trials**0.5
        # Where all trials agree, the mean must be right to rounding.
        scores.append(((trials.mean(dim=0) - expected) / error.clamp_min(1e-9)).flatten())
    z = torch.cat(scores).abs()
    tail = 1 - (1 - _FAMILY_LEVEL) ** (1 / len(z))
    normal = torch.distributions.Normal(0.0, 1.0)
    limit = normal.icdf(torch.tensor(1 - tail / 2, dtype=torch.float64))
    return float(z.max()), float(limit)


def with_fewest_samples(estimator: Estimator) -> Estimator:
    """Return the estimator with as few samples as it takes."""
    return next(with_few_samples(estimator), estimator)


def with_few_samples(estimator: Estimator) -> Iterator[Estimator]:
    """Yield the estimator with each number of samples that it takes, and that can be listed."""
    for num_samples in _NUMS_LISTED:
        # The estimators of others may raise other errors than ours.
        with suppress(ValueError):
            changed = estimator.with_num_samples(num_samples)
            if changed.num_draws == num_samples:
                yield changed


def _prove_by_enumeration(
    estimator: Estimator, problem: Enumeration, name: str, cost: Cost
) -> None:
    listed = list(with_few_samples(estimator))
    if not listed:
        raise ProofError(
            f"`{estimator}` must take one or two samples to be proven by enumeration, got at least "
            f"{estimator.num_draws}."
        )
    for changed in listed:
        _compare_means(changed, problem, name, cost)


def _compare_means(estimator: Estimator, problem: Enumeration, name: str, cost: Cost) -> None:
    mean, truth = problem.mean_estimate(estimator, cost, estimator.num_draws), problem.truth(cost)
    for part in fields(Truth):
        found, expected = getattr(mean, part.name), getattr(truth, part.name)
        error = (found - expected).abs()
        if not bool((error <= _TOLERANCE * (1 + expected.abs())).all()):
            worst = int(error.nan_to_num(torch.inf).argmax())
            raise ProofError(
                f"`{estimator}` must have the mean {part.name} {expected.flatten()[worst]:.6g} on "
                f"the cost `{name}`, got {found.flatten()[worst]:.6g} in the component {worst} of "
                f"{found.numel()}."
            )


def _prove_by_sampling(
    estimator: Estimator, problem: Enumeration, name: str, cost: Cost, num_trials: int
) -> None:
    if estimator.noise == "none":
        # All trials are the same.
        num_trials = 2
    z, limit = largest_z_score(estimator, problem, cost, num_trials)
    if not z < limit:
        raise ProofError(
            f"`{estimator}` must have the gradient of the expected cost `{name}` as its mean, got "
            f"one that is {z:.1f} standard errors off in {num_trials} trials, where chance stays "
            f"below {limit:.1f}."
        )
