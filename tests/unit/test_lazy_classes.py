"""Classes that are imported when they are first used stand under their own names."""

import pytest

from ditherlab.estimators import ESTIMATORS
from ditherlab.models import MODELS
from ditherlab.naming import kebab_case
from ditherlab.objectives import OBJECTIVES
from ditherlab.optimizers import OPTIMIZERS


@pytest.mark.parametrize("registry", [ESTIMATORS, MODELS, OBJECTIVES, OPTIMIZERS])
def test_names_are_those_of_the_classes(registry):
    assert list(registry.classes) == [kebab_case(c.__name__) for c in registry.classes.values()]
    assert len(registry.classes) == len(list(registry.classes))
    assert "nowhere" not in registry.classes
