from dataclasses import dataclass
from typing import Literal

import pytest

from ditherlab.errors import RequestError
from ditherlab.optimizers import OPTIMIZERS, Adam
from ditherlab.specs import Registry, Strategy, describe


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


@dataclass(frozen=True)
class SmallThing(Strategy):
    size: int = 1


@pytest.fixture
def things():
    return Registry.of("thing", [SmallThing], {"tiny-thing": "small-thing(size=0)"})


def test_a_registered_class_is_known_by_its_word(things):
    @things.register
    @dataclass(frozen=True)
    class BigThing(Strategy):
        size: int = 9

    assert things.parse("big-thing(size=8)") == BigThing(8)
    assert list(things.classes) == ["small-thing", "big-thing"]
    with pytest.raises(RequestError, match="Did you mean `big-thing`"):
        things.parse("big-thng")


def test_a_cell_of_a_notebook_may_register_its_class_again(things):
    def run_cell(default):
        @things.register
        @dataclass(frozen=True)
        class BigThing(Strategy):
            size: int = default

        return BigThing

    run_cell(3)
    latest = run_cell(4)
    assert things.parse("big-thing") == latest(size=4)


def test_what_cannot_be_registered(things):
    @dataclass(frozen=True)
    class TinyThing(Strategy):
        pass

    @dataclass
    class Thawed(Strategy):
        pass

    class Plain(Strategy):
        pass

    with pytest.raises(RequestError, match="The thing `tiny-thing` must have a name of its own"):
        things.register(TinyThing)
    for kind in (Thawed, Plain, int, Strategy()):
        with pytest.raises(RequestError, match="must be given a frozen dataclass that extends `St"):
            things.register(kind)
    with pytest.raises(RequestError, match="The optimizer `adam` must have a name of its own"):
        OPTIMIZERS.register(dataclass(frozen=True)(type("Adam", (Adam,), {})))


def test_words_objects_and_classes_are_resolved(things):
    for value in ("small-thing", SmallThing, SmallThing()):
        assert things.resolve(value) == SmallThing()
    with pytest.raises(RequestError, match="The thing must be words, or extend `Strategy`, got 3"):
        things.resolve(3)
