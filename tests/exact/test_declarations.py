"""What estimators declare: the abilities that they need, and what an estimate costs."""

from dataclasses import dataclass, fields, replace

import jaxtyping
import pytest
import torch

from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators import ESTIMATORS, RandomSparsification
from ditherlab.objectives import ViewedError
from ditherlab.proofs.costs import HEIGHT, WIDTH, InteractingCost
from ditherlab.protocol import Cost, Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.specs import variants_of

ABILITY_OF = {
    "cost": "value",
    "cost_map": "local",
    "footprint_px": "local",
    "restrict": "local",
    "num_moments": "statistics",
    "color_moments": "statistics",
    "num_statistics": "statistics",
    "features": "statistics",
    "gather": "statistics",
    "window_weights": "statistics",
    "map_from_statistics": "statistics",
    "num_expected_moments": "expectation",
    "expected_color_moments": "expectation",
    "expected_from_moments": "expectation",
    "expected_with_field": "expectation",
}

ALL = [*ESTIMATORS.names_and_compositions, "random-sparsification(estimator=gumbel-softmax)"]
EVERY = {str(estimator): estimator for name in ALL for estimator in [ESTIMATORS.parse(name)]}
EVERY |= {str(other): other for estimator in EVERY.values() for other in variants_of(estimator)}


class StrictCost(Cost):
    """A cost that refuses what it does not declare."""

    def __init__(self, whole, abilities):
        self.whole, self.abilities = whole, frozenset(abilities)

    def _give(self, name):
        if ABILITY_OF[name] not in self.abilities:
            raise self._lacks(ABILITY_OF[name])
        return getattr(self.whole, name)

    def cost(self, images):
        if images.requires_grad and "gradient" not in self.abilities:
            raise self._lacks("gradient")
        return self._give("cost")(images)


def _delegate(name):
    if isinstance(getattr(Cost, name), property):
        return property(lambda self: self._give(name))
    return lambda self, *arguments: self._give(name)(*arguments)


for _name in ABILITY_OF:
    if _name != "cost":
        setattr(StrictCost, _name, _delegate(_name))


def model_of(estimator, *, learns_palette=False):
    num_colors = 2 if estimator.num_colors == 2 or estimator.max_num_pictures else 3
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn((1, num_colors, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)
    palette = torch.rand((1, num_colors, 1), generator=generator, dtype=torch.float64)
    return Categorical.from_logits(logits, palette, learns_palette=learns_palette)


def run(estimator, cost, **settings):
    model = model_of(estimator, **settings)
    return estimator.estimate(model, cost, torch.Generator().manual_seed(1))[0]


@pytest.fixture
def whole():
    images = torch.linspace(0.1, 0.9, HEIGHT * WIDTH, dtype=torch.float64)
    images = images.view(1, 1, HEIGHT, WIDTH)
    return ViewedError(blur_px=0.4).bind(Target(images, torch.ones_like(images, dtype=torch.bool)))


@pytest.mark.parametrize("words", EVERY)
def test_what_an_estimator_needs_is_all_that_it_uses(words, whole):
    estimator = EVERY[words]
    assert run(estimator, StrictCost(whole, estimator.needs)).grad_logits.isfinite().all()
    for ability in estimator.needs:
        # Maps and statistics give the value, too; slopes of sparse windows are of the statistics.
        is_implied = ability == "value" and estimator.needs & {"local", "statistics"}
        if is_implied or (isinstance(estimator, RandomSparsification) and ability == "gradient"):
            continue
        with pytest.raises(AbilityError):
            run(estimator, StrictCost(whole, estimator.needs - {ability}))


BIASED = {
    "gumbel-softmax",
    "st",
    "st-gumbel",
    "gumbel-rao",
    "gst",
    "reinmax",
    "darn",
    "random-sparsification",
    "random-sparsification(estimator=gumbel-softmax)",
    "common-random-numbers",
    "moments(order=0)",
    "local-expectation(order=1)",
    "local-expectation(order=2)",
}


def test_all_others_claim_to_have_no_bias():
    """The proofs list estimators by this claim: none may drop out unseen."""
    assert {words for words, estimator in EVERY.items() if not estimator.is_unbiased} == BIASED


@dataclass(frozen=True, eq=False)
class CountingCost(InteractingCost):
    """Counts the pictures that are priced, and those that are differentiated."""

    counts: list[int] | None = None

    def cost(self, images):
        self.counts[0] += len(images)
        self.counts[1] += len(images) * images.requires_grad
        return super().cost(images)


COUNTED = [
    words for words, estimator in EVERY.items() if estimator.needs <= {"value", "gradient"}
] + [
    "score-function(num_samples=3)",
    "arsm(num_samples=3)",
    "arm(num_samples=6)",
    "disarm(num_samples=5)",
    "gumbel-softmax(num_samples=3)",
    "rebar(num_samples=3)",
    "common-random-numbers(estimator=rebar)",
    "gumbel-rao(num_samples=2, num_inner=3)",
]


@pytest.mark.parametrize("words", COUNTED)
@pytest.mark.parametrize("learns_palette", [False, True])
def test_an_estimate_says_how_many_pictures_it_priced(words, learns_palette):
    estimator = ESTIMATORS.parse(words)
    cost = CountingCost(counts=[0, 0])
    estimate = run(estimator, cost, learns_palette=learns_palette)
    num_priced, num_differentiated = cost.counts
    assert estimate.num_evaluations == num_priced
    assert estimate.num_backward_passes == num_differentiated
    assert (estimate.grad_palette is not None) == learns_palette


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ("moments", (1, 1)),
        ("arm(num_samples=6)", (6, 0)),
        ("leave-one-out(num_samples=3)", (3, 0)),
        ("linstat", (4 + 1, 1)),
        ("score-function(num_samples=3, control=linstat)", (3 + 1, 1)),
        ("leave-one-out(num_samples=3, credit=local, control=muprop)", (3 + 1, 1)),
        ("local-expectation(num_samples=3, order=1)", (3, 3)),
        ("local-expectation(num_samples=2, order=2)", (2, 2)),
        ("rebar(num_samples=2, credit=local)", (2 * 4, 2 * 2)),
        ("local-expectation(num_samples=2)", (2, 2)),
        ("rao-blackwell(num_samples=2, num_top=1)", (2, 2)),
        ("measure-valued(num_samples=2)", (2, 2)),
        ("stochastic-triples(num_samples=2)", (2, 2)),
        # Windows of 3 x 3 pixels: six places in 2 x 3 pixels, each with three colors.
        ("local-expectation(num_samples=2, pricing=phases)", (2 + 2 * 6 * 3, 0)),
        ("rao-blackwell(num_samples=2, num_top=1, pricing=phases)", (2 + 2 * 6 * 2, 0)),
        ("measure-valued(num_samples=2, pricing=phases)", (2 + 2 * 6 * 6, 0)),
        ("stochastic-triples(num_samples=2, pricing=phases)", (2 + 2 * 6 * 2, 0)),
        ("stochastic-triples(num_samples=2, pruning=pixel, pricing=phases)", (2 + 2 * 6, 0)),
        ("stochastic-triples(num_samples=2, pruning=picture)", (2 + 2, 0)),
        # Both strips see all rows.
        ("random-windows(estimator=leave-one-out(credit=local), num_strips=2)", (4, 0)),
    ],
)
def test_an_estimate_says_what_windows_cost(words, counts, whole):
    estimator = ESTIMATORS.parse(words)
    estimate = run(estimator, whole)
    assert (estimate.num_evaluations, estimate.num_backward_passes) == counts
    if "moments" not in words:
        estimate = run(estimator, whole, learns_palette=True)
        num_draws = estimator.num_draws
        is_repriced = "local, " in words or "credit=local" in words or "linstat" in words
        repeated = num_draws * is_repriced
        assert estimate.num_evaluations == counts[0] + repeated
        assert estimate.num_backward_passes == counts[1] + num_draws


@pytest.fixture
def without_type_checks():
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


NUMBERS = [
    (name, field.name, field.type)
    for name, strategy in ESTIMATORS.classes.items()
    for field in fields(strategy)
    if field.type in (int, float)
]


@pytest.mark.usefixtures("without_type_checks")
@pytest.mark.parametrize(("name", "parameter", "kind"), NUMBERS)
def test_numbers_out_of_range_are_refused(name, parameter, kind):
    estimator = ESTIMATORS.parse(name)
    wrong = [-1.0, float("nan"), float("inf"), -1e-9] if kind is float else [-1, -100]
    if kind is int and parameter.startswith("num_"):
        wrong.append(0)
    if parameter in ("tau", "gap", "eta", "keep", "learning_rate"):
        wrong.append(0.0)
    for value in wrong:
        with pytest.raises(RequestError, match=rf"{name}\({parameter}=...\)` must be"):
            replace(estimator, **{parameter: value})
