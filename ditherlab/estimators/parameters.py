"""Checks of parameters, shared by many estimators."""

from ditherlab.errors import RequestError
from ditherlab.naming import kebab_case, spell_value


def check_num_samples(
    estimator: object, num_samples: int, *, least: int = 1, most: int | None = None, why: str = ""
) -> None:
    """Check that `num_samples` is a whole number from `least` to `most`.

    Raises:
        RequestError: If it is not; the message names the estimator, and adds `why`.
    """
    name = kebab_case(type(estimator).__name__)
    if isinstance(num_samples, bool) or not isinstance(num_samples, int):
        raise RequestError(
            f"`{name}(num_samples=...)` must be a whole number, got {spell_value(num_samples)}."
        )
    if num_samples < least:
        reason = f": {why}" if why else "."
        raise RequestError(
            f"`{name}(num_samples=...)` must be at least {least}, got {num_samples}{reason}"
        )
    if most is not None and num_samples > most:
        raise RequestError(f"`{name}(num_samples=...)` must be at most {most}, got {num_samples}.")


def check_state(estimator: object, state: object, kind: type) -> None:
    """Check that a state is one of the kind that the estimator returns, or None.

    Raises:
        RequestError: If it is not.
    """
    if state is not None and not isinstance(state, kind):
        raise RequestError(
            f"The state of `{estimator}` must be the `{kind.__name__}` that it returned last, or "
            f"None at first, got {type(state).__name__}."
        )


def check_positive(estimator: object, parameter: str, value: float | int) -> None:
    """Check that a parameter, such as a temperature, is finite and above 0.

    Raises:
        RequestError: If it is not; the message names the estimator and the parameter.
    """
    if not 0 < value < float("inf"):
        name = kebab_case(type(estimator).__name__)
        raise RequestError(f"`{name}({parameter}=...)` must be above 0, got {value:g}.")
