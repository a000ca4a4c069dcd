"""The estimator of a program: made from words, and checked against the cost."""

from functools import lru_cache
from numbers import Real

from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators import ESTIMATORS
from ditherlab.estimators.alternatives import alternatives, takes_size
from ditherlab.naming import spell_value
from ditherlab.programs.categories import Categories
from ditherlab.programs.function_cost import Draws, abilities_of
from ditherlab.protocol import Ability, Estimator, require
from ditherlab.specs import check_choice

AnyEstimator = Estimator | type[Estimator] | str
"""An estimator, its class (with the default parameters), or its words."""

_REASONS = {
    "local": "its variables have no neighbors",
    "statistics": "it has no windows",
    "expectation": "its expectation is not known in closed form",
    "quadratic": "it is not known to be a squared error",
}


def choose_estimator(
    estimator: AnyEstimator, num_samples: int | None, categories: Categories, draws: Draws
) -> Estimator:
    """Return the estimator that words mean, in the form that suits categories.

    Args:
        estimator: The estimator, or its words such as `leave-one-out(num_samples=8)`.
        num_samples: Replaces its own number of draws; None keeps it.
        categories: The shape of the variables.
        draws: The form in which the cost takes draws.

    Raises:
        RequestError: For unknown words, a number of draws that the estimator does not take, or
            variables that do not suit it.
        AbilityError: If it needs something that only pictures have; the message names what works.
    """
    check_choice("draws", draws, ("one-hots", "indices"))
    chosen = _make_estimator(estimator, num_samples)
    if not _is_able(chosen, draws):
        _refuse(chosen, categories, draws)
    if not takes_size(chosen, categories.num_categories, categories.num_variables):
        most = chosen.max_num_pictures
        rule = (
            f"{chosen.num_colors} categories, got {categories.num_categories}"
            if most is None
            else f"at most {most} combinations of categories, got {categories.num_categories} "
            f"categories of {categories.num_variables} variables"
        )
        raise AbilityError(f"`{chosen}` needs {rule}. Use `leave-one-out`, which takes any number.")
    return chosen


def _make_estimator(estimator: AnyEstimator, num_samples: int | None) -> Estimator:
    """Return the estimator that words mean, in the form that suits categories."""
    if isinstance(estimator, str):
        return _parsed(estimator, num_samples, tuple(ESTIMATORS.classes.added.values()))
    return _suited(ESTIMATORS.resolve(estimator), num_samples)


# `typed`, because 4 samples are not 4.0 samples.
@lru_cache(maxsize=256, typed=True)
def _parsed(
    words: str, num_samples: int | None, registered: tuple[type[Estimator], ...]
) -> Estimator:
    """Parse words once for each set of classes that were registered."""
    del registered
    return _suited(ESTIMATORS.parse(words), num_samples)


def _suited(estimator: Estimator, num_samples: int | None) -> Estimator:
    chosen = estimator if num_samples is None else _with_num_samples(estimator, num_samples)
    return chosen.for_categories()


def check_temperature(estimator: Estimator, temperature: float | None) -> None:
    """Check that a temperature is a positive number, and that the estimator has one to replace.

    Raises:
        RequestError: If it is not, or has none.
    """
    if temperature is None:
        return
    if not estimator.is_relaxation:
        raise RequestError(
            f"`temperature` must be left out for `{estimator}`, which is no relaxation, got "
            f"{spell_value(temperature)}."
        )
    if not isinstance(temperature, Real) or not 0 < temperature < float("inf"):
        raise RequestError(
            f"`temperature` must be a finite number above 0, got {spell_value(temperature)}."
        )


def _with_num_samples(estimator: Estimator, num_samples: int) -> Estimator:
    changed = estimator.with_num_samples(num_samples)
    if changed.num_draws != num_samples:
        raise RequestError(
            f"`num_samples` must be left out for `{estimator}`, which has no such parameter, got "
            f"{num_samples}."
        )
    return changed


def _offered(estimator: Estimator, draws: Draws) -> frozenset[Ability]:
    """Return the abilities of a function for an estimator, which may replace single variables."""
    local: frozenset[Ability] = frozenset({"local"} if estimator.replaces_pixels else ())
    return abilities_of(draws) | local


def _is_able(estimator: Estimator, draws: Draws) -> bool:
    return estimator.needs <= _offered(estimator, draws)


def _refuse(estimator: Estimator, categories: Categories, draws: Draws) -> None:
    def suits(other: Estimator) -> bool:
        made = other.for_categories()
        size = (categories.num_categories, categories.num_variables)
        return _is_able(made, draws) and takes_size(made, *size)

    missing = sorted(estimator.needs - _offered(estimator, draws))
    reason = _REASONS.get(missing[0], "indices have no gradient; use one-hots")
    require(
        _offered(estimator, draws),
        estimator.needs,
        who=str(estimator),
        whom="a function of categories",
        instead=dict.fromkeys(alternatives(estimator, suits)),
        reason=reason,
    )
