"""Default estimators and optimizers, and which of them work together."""

from functools import partial

from ditherlab.errors import AbilityError
from ditherlab.estimators import ESTIMATORS
from ditherlab.estimators.alternatives import alternatives, takes_size
from ditherlab.optimizers import Adam, MeanField, NaturalGradient
from ditherlab.problem import Problem
from ditherlab.protocol import Estimator, Objective, Optimizer, require


def default_estimator(objective: Objective) -> Estimator:
    """Return the exact gradient if there is one, else a relaxation, else one from values alone.

    Raises:
        AbilityError: If the objective offers nothing to work with.
    """
    if "expectation" in objective.abilities and objective.is_expectation_exact:
        return ESTIMATORS.parse("moments")
    for name in ("gumbel-softmax", "leave-one-out"):
        estimator = ESTIMATORS.parse(name)
        if estimator.needs <= objective.abilities:
            return estimator
    reason = objective.why_without("expectation")
    raise AbilityError(
        f"`{objective}` offers nothing that an estimator could work with"
        f"{reason and ': '}{reason}. Use an objective that prices drawn pictures, such as `ssim`."
    )


def default_optimizer(objective: Objective, estimator: Estimator) -> Optimizer:
    """Return best responses where they are known, else the optimizer that was measured to end best.

    A best response needs color costs, and a cost that is linear in each pixel's probabilities: an
    expected cost that is known exactly. The measurements are in `docs/optimizing-well.md`.
    """
    if estimator.gives_color_costs and objective.is_linear:
        return MeanField()
    return NaturalGradient() if estimator.suits_natural_gradient else Adam()


def check_estimator(problem: Problem, estimator: Estimator) -> None:
    """Refuse an estimator that cannot work on a problem.

    Raises:
        AbilityError: If the objective or the palette does not suit; the message names what works.
    """
    objective = problem.objective
    # Only a refusal names the others, all of which would be imported.
    missing = estimator.needs - objective.abilities
    if missing:
        require(
            objective.abilities,
            estimator.needs,
            who=str(estimator),
            whom=str(objective),
            instead=dict.fromkeys(alternatives(estimator, partial(_suits, problem))),
            reason=next(filter(None, map(objective.why_without, sorted(missing))), ""),
        )
    if estimator.num_colors not in (None, problem.num_colors):
        raise AbilityError(
            f"`{estimator}` needs a palette of {estimator.num_colors} colors, got "
            f"{problem.num_colors}. Use `leave-one-out`, which takes any number."
        )
    if not takes_size(estimator, problem.num_colors, problem.width * problem.height):
        raise AbilityError(
            f"`{estimator}` needs a problem of at most {estimator.max_num_pictures} pictures, "
            f"got {problem.num_colors} colors on {problem.width} x {problem.height} "
            "pixels. Use `leave-one-out`, or a picture of a few pixels."
        )


def check_optimizer(problem: Problem, estimator: Estimator, optimizer: Optimizer) -> None:
    """Refuse an optimizer that cannot use the estimates.

    Raises:
        AbilityError: If the estimator or the objective does not suit; the message names what works.
    """
    if not optimizer.needs_color_costs:
        return
    if not estimator.gives_color_costs:
        givers = sorted(n for n, e in ESTIMATORS.classes.items() if e.gives_color_costs)
        raise AbilityError(
            f"`{optimizer}` needs an estimator that gives color costs, and `{estimator}` "
            f"gives none. Use {' or '.join(f'`{name}`' for name in givers)}, or `adam`."
        )
    if problem.objective.draws_its_dither:
        raise AbilityError(
            f"`{optimizer}` needs an objective that is the expected cost of a drawn picture, "
            f"and `{problem.objective}` is none. Use `adam`."
        )


def _suits(problem: Problem, estimator: Estimator) -> bool:
    is_able = estimator.needs <= problem.objective.abilities
    return is_able and takes_size(estimator, problem.num_colors, problem.width * problem.height)
