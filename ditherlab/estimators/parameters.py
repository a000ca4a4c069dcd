"""Checks of parameters, shared by many estimators."""

from ditherlab.errors import RequestError
from ditherlab.naming import kebab_case


def check_num_samples(
    estimator: object, num_samples: int, *, least: int = 1, most: int | None = None, why: str = ""
) -> None:
    """Check that `num_samples` is from `least` to `most`.

    Raises:
        RequestError: If it is not; the message names the estimator, and adds `why`.
    """
    if num_samples < least:
        name = kebab_case(type(estimator).__name__)
        reason = f": {why}" if why else "."
        raise RequestError(
            f"`{name}(num_samples=...)` must be at least {least}, got {num_samples}{reason}"
        )
    if most is not None and num_samples > most:
        name = kebab_case(type(estimator).__name__)
        raise RequestError(f"`{name}(num_samples=...)` must be at most {most}, got {num_samples}.")


def check_positive(estimator: object, parameter: str, value: float | int) -> None:
    """Check that a parameter, such as a temperature, is finite and above 0.

    Raises:
        RequestError: If it is not; the message names the estimator and the parameter.
    """
    if not 0 < value < float("inf"):
        name = kebab_case(type(estimator).__name__)
        raise RequestError(f"`{name}({parameter}=...)` must be above 0, got {value:g}.")
