"""Parameters with a closed set of values take no other value, wherever a strategy comes from."""

from dataclasses import dataclass, fields, replace
from typing import Literal

import jaxtyping
import pytest

from ditherlab.errors import RequestError
from ditherlab.estimators import ESTIMATORS, LeaveOneOut
from ditherlab.models import MODELS
from ditherlab.objectives import OBJECTIVES, ObjectiveSum, ViewedError
from ditherlab.optimizers import OPTIMIZERS
from ditherlab.recipe import Shorthands
from ditherlab.specs import Registry, Strategy, choices_of
from ditherlab.stages import STAGES

REGISTRIES: dict[str, Registry] = {
    registry.kind: registry for registry in (ESTIMATORS, OBJECTIVES, OPTIMIZERS, MODELS, STAGES)
}
CLOSED = [
    (kind, name, parameter)
    for kind, registry in REGISTRIES.items()
    for name, strategy in registry.classes.items()
    for parameter in choices_of(strategy)
]


@pytest.fixture(autouse=True)
def without_type_checks():
    """Let wrong values through that the test run's type checker would stop first."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


def wrong_values(choices):
    """Misspell every choice in several ways; take words of other sets, and other types."""
    words = [choice for choice in choices if choice is not None]
    spelled = [str(word) for word in words]
    misspelled = {
        variant
        for word in spelled
        for variant in (
            word + "s",
            word[:-1],
            word.upper(),
            f" {word}",
            word.swapcase(),
            "-" + word,
        )
    }
    foreign = {"nonsense", "", "none", "local", "exact", "linstat", "auto", "2", "0"}
    others = [3, -1, 1.0, 2.0, True, (words[0],), b"global"]
    return [*sorted((misspelled | foreign) - set(words)), *(o for o in others if o not in words)]


def test_the_closed_sets_are_found():
    """Those that are known to be there, of each kind of annotation."""
    assert {
        ("estimator", "leave-one-out", "credit"),
        ("estimator", "moments", "order"),
        ("stage", "draw", "by"),
        ("stage", "learn-palette", "starts"),
        ("model", "noise", "shape"),
    } <= set(CLOSED)
    assert len(CLOSED) >= 20
    assert choices_of(STAGES.classes["draw"])["by"] == ("mode", "sample", None)


@pytest.mark.parametrize(("kind", "name", "parameter"), CLOSED, ids=map("-".join, CLOSED))
def test_values_outside_a_closed_set_are_refused(kind, name, parameter):
    registry = REGISTRIES[kind]
    strategy = registry.classes[name]
    choices = choices_of(strategy)[parameter]
    wrong = wrong_values(choices)
    assert len(wrong) >= 10
    message = rf"^`{name}\({parameter}=...\)` must be one of .*, got "
    for value in wrong:
        with pytest.raises(RequestError, match=message):
            strategy(**{parameter: value})
        with pytest.raises(RequestError, match=message):
            replace(strategy(), **{parameter: value})
    for word in ("nonsense", "Global", "01"):
        with pytest.raises(RequestError, match=message + f"'{word}'"):
            registry.parse(f"{name}({parameter}={word})")


@pytest.mark.parametrize(("kind", "name", "parameter"), CLOSED, ids=map("-".join, CLOSED))
def test_values_of_a_closed_set_are_taken(kind, name, parameter):
    strategy = REGISTRIES[kind].classes[name]
    for value in choices_of(strategy)[parameter]:
        made = strategy(**{parameter: value})
        assert getattr(made, parameter) == value
        assert REGISTRIES[kind].parse(str(made)) == made


@pytest.mark.parametrize("kind", REGISTRIES)
def test_all_that_is_registered_is_checked(kind):
    for strategy in REGISTRIES[kind].classes.values():
        assert issubclass(strategy, Strategy)
        annotations = {f.name: str(f.type) for f in fields(strategy)}
        literal = {name for name, words in annotations.items() if "Literal[" in words}
        assert literal <= set(choices_of(strategy))


def test_strategies_outside_the_registries_are_checked_too():
    @dataclass(frozen=True)
    class Tinted(ObjectiveSum):
        hue: Literal["warm", "cold"] | None = None

    terms = ((1.0, ViewedError()),)
    assert Tinted(terms).hue is None
    with pytest.raises(RequestError, match=r"`tinted\(hue=...\)` must be one of warm, cold, got"):
        Tinted(terms, hue="blue")
    with pytest.raises(RequestError, match="at least one term"):
        Tinted(())


def test_a_closed_set_is_checked_before_what_depends_on_it():
    with pytest.raises(RequestError, match=r"got 'linstat'\. There are: global, local\."):
        LeaveOneOut(num_samples=0, credit="linstat")
    with pytest.raises(RequestError, match=r"got 'Local'\. Did you mean `local`\?"):
        LeaveOneOut(credit="Local")


@pytest.mark.parametrize("name", choices_of(Shorthands))
def test_shorthands_are_checked(name):
    for value in wrong_values(choices_of(Shorthands)[name]):
        with pytest.raises(RequestError, match=f"^`{name}` must be one of"):
            Shorthands(**{name: value})


def test_a_type_that_only_type_checkers_know_is_left_out():
    """As in a stage of the user's own, with types imported under `TYPE_CHECKING`."""

    @dataclass(frozen=True)
    class Own(Strategy):
        place: "NowhereToBeFound | None" = None
        word: Literal["a", "b"] = "a"

    assert str(Own()) == "own"
    assert choices_of(Own) == {"word": ("a", "b")}
    with pytest.raises(RequestError, match="must be one of a, b"):
        Own(word="c")
