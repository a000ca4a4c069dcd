from dataclasses import dataclass
from typing import Literal

import pytest

from ditherlab.errors import RequestError
from ditherlab.specs import Registry, describe


@dataclass(frozen=True)
class LeaveOneOut:
    num_samples: int = 4
    decay: float = 0.5
    credit: Literal["global", "local"] = "global"


@pytest.fixture
def registry():
    return Registry.of("estimator", [LeaveOneOut], {"rloo": "leave-one-out"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("leave-one-out", LeaveOneOut()),
        ("Leave-One-Out()", LeaveOneOut()),
        ("rloo( num_samples = 8 )", LeaveOneOut(num_samples=8)),
        ("leave-one-out(decay=.25,credit=local)", LeaveOneOut(decay=0.25, credit="local")),
    ],
)
def test_words_become_strategies(registry, words, expected):
    assert registry.parse(words) == expected


def test_a_description_reads_back(registry):
    strategy = LeaveOneOut(num_samples=7, credit="local")
    assert describe(strategy) == "leave-one-out(num_samples=7, credit=local)"
    assert registry.parse(describe(strategy)) == strategy


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("leave-on-out", "Unknown estimator `leave-on-out`. Did you mean `leave-one-out`?"),
        ("leave-one-out(8)", "'8' must be written `parameter=value`"),
        ("leave-one-out(samples=8)", "has no parameter `samples`. Did you mean `num_samples`?"),
        ("leave-one-out(num_samples=8.5)", "must be a whole number, got '8.5'"),
        ("leave-one-out(decay=nan)", "must be a number, got 'nan'"),
        ("leave-one-out(credit=locl)", "must be one of global, local, got 'locl'. Did you mean"),
        ("leave-one-out(decay=1, decay=2)", "'decay=2' may be given once"),
        ("leave-one-out(", r"must be `name` or `name\(parameter=value, ...\)`"),
        ("", "must be `name`"),
    ],
)
def test_wrong_words_are_refused_with_advice(registry, words, message):
    with pytest.raises(RequestError, match=message):
        registry.parse(words)
