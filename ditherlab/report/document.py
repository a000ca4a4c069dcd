"""Documents of JSON types, without NaN, infinity and control characters."""

import math
from typing import Any

from ditherlab.naming import without_controls


def finite_document(document: dict[str, Any]) -> dict[str, Any]:
    """Replace every NaN and infinity by None, and escape control characters, at any depth.

    Example:
        >>> finite_document({"costs": [0.5, math.nan], "best": {"cost": math.inf}})
        {'costs': [0.5, None], 'best': {'cost': None}}
    """
    finite: dict[str, Any] = without_controls(_finite(document))
    return finite


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
