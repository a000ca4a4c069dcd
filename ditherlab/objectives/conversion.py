"""Everything that can stand for an objective, as an objective."""

from ditherlab.errors import RequestError
from ditherlab.objectives.callable_objective import CallableObjective
from ditherlab.objectives.metric_objective import MetricObjective, is_metric
from ditherlab.objectives.registry import OBJECTIVES, parse_objective
from ditherlab.protocol import Objective


def as_objective(value: object) -> Objective:
    """Return the objective that a value stands for.

    Args:
        value: Words, an `Objective` or the class of one, a metric of torchmetrics, or a callable.

    Raises:
        RequestError: For any other value, or words that are not understood.
        CodeError: If words name Python code that cannot be loaded.

    Example:
        >>> str(as_objective("ssim(sigma=2)")), str(as_objective(lambda pictures: 0))
        ('ssim(sigma=2)', 'python-object:<lambda>')
    """
    if isinstance(value, str):
        return parse_objective(value)
    if isinstance(value, Objective):
        return value
    if isinstance(value, type) and issubclass(value, Objective):
        return value()
    if is_metric(value):
        return MetricObjective(value)
    if callable(value):
        return CallableObjective(value)
    raise RequestError(
        f"`objective` must be words such as 'ssim', an `Objective`, a callable that prices "
        f"pictures [n 3 h w], or a metric of torchmetrics, got {value!r}. The words are: "
        f"{', '.join(OBJECTIVES.classes)}."
    )
