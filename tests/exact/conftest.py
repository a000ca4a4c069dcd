"""A problem small enough to enumerate: 2 x 3 pixels, 3 colors, 729 pictures, float64."""

from collections.abc import Callable

import pytest

from ditherlab.proofs import Enumeration
from ditherlab.proofs.costs import BlackBox, InteractingCost, LinearCost, WindowedCost
from ditherlab.protocol import Cost


@pytest.fixture
def enumeration() -> Enumeration:
    return Enumeration.random()


@pytest.fixture(params=[InteractingCost, BlackBox], ids=["interacting", "black-box"])
def cost(request: pytest.FixtureRequest) -> Cost:
    make: Callable[[], Cost] = request.param
    return make()


@pytest.fixture
def interacting() -> Cost:
    return InteractingCost()


@pytest.fixture
def windowed() -> Cost:
    return WindowedCost()


@pytest.fixture
def linear() -> Cost:
    return LinearCost()
