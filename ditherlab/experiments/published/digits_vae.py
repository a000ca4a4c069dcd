"""A discrete autoencoder of handwritten digits: a comparison of families of estimators."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments.published.discrete_autoencoder import CodeSize, DiscreteAutoencoder
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import Chart, Claim, Findings, Series
from ditherlab.protocol import Estimator
from ditherlab.randomness import seeded_generator
from ditherlab.vision.packaged_metrics import require_package

_NUM_LATENTS, _NUM_CATEGORIES = 10, 4
_BATCH = 50
_NUM_SAMPLES = 4
_NUM_TEST_SAMPLES = 16
_PART_FOR_TEST = 5
_NUM_TESTS = 20
_LEAST_WHITE = 8

_DRAWS = f"num_samples={_NUM_SAMPLES}"
_REPLACING = "num_samples=1, pricing=phases"

FAMILIES: Mapping[str, Mapping[str, str]] = {
    "local expectation": {"local-expectation": f"local-expectation({_REPLACING})"},
    "other replacing": {
        "rao-blackwell": f"rao-blackwell({_REPLACING}, num_top=1)",
        "measure-valued": f"measure-valued({_REPLACING})",
        "stochastic-triples": f"stochastic-triples({_REPLACING}, order=palette)",
    },
    "leave-one-out": {"leave-one-out": f"leave-one-out({_DRAWS})"},
    "other score functions": {
        "score-function": f"score-function({_DRAWS}, baseline=ema)",
        "muprop": f"score-function({_DRAWS}, control=muprop)",
        "arsm": "arsm(num_samples=1)",
        "carms": f"carms({_DRAWS})",
        "rebar": f"rebar({_DRAWS})",
    },
    "straight-through": {
        "st": f"st({_DRAWS})",
        "st-gumbel": f"st-gumbel({_DRAWS})",
        "gumbel-rao": f"gumbel-rao({_DRAWS})",
        "gst": f"gst({_DRAWS})",
        "reinmax": f"reinmax({_DRAWS})",
        "darn": f"darn({_DRAWS})",
    },
    "relaxations": {
        "gumbel-softmax, tau 1": f"gumbel-softmax({_DRAWS}, tau=1)",
        "gumbel-softmax, tau 0.5": f"gumbel-softmax({_DRAWS}, tau=0.5)",
    },
}
"""The estimators that are compared: names and texts, by family."""

LEFT_OUT: Mapping[str, str] = {
    "arm": "is for two categories",
    "disarm": "is for two categories",
    "relax": "learns a surrogate that does not depend on the digit",
    "pairwise": "needs categories with an order",
    "unordered-set": "lists all codes, of which there are a million",
    "exact": "lists all codes, of which there are a million",
    "moments": "needs an expected cost in closed form",
    "random-windows": "needs a cost with windows",
    "random-sparsification": "needs a cost with windows",
    "common-random-numbers": "would freeze noise although the digits change",
}
"""The reasons why other estimators are left out."""


_ORDER = ("local expectation", "leave-one-out", "straight-through", "relaxations")
_SHOWN = (
    "local-expectation",
    "leave-one-out",
    "score-function",
    "st",
    "reinmax",
    "gumbel-softmax, tau 1",
)

Course = Float[Tensor, "l r"]
"""The bound on test digits for each test and each run."""


@dataclass(frozen=True)
class _Size:
    """The amount of training.

    Attributes:
        num_runs: Number of runs of each estimator, with different initial weights.
        num_steps: Number of steps of each run.
        rate: The learning rate of Adam.
    """

    num_runs: int
    num_steps: int
    rate: float

    @property
    def test_interval(self) -> int:
        """The number of steps between two tests."""
        return max(1, self.num_steps // _NUM_TESTS)


_WHOLE, _QUICK = _Size(5, 1_500, 5e-3), _Size(2, 160, 1e-2)


class DigitsVAE(Experiment):
    """Train a variational autoencoder with categorical codes on scikit-learn's digits.

    The cost of a code is the decoder's loss on the digit.
    """

    title = "A discrete autoencoder of handwritten digits"
    source = (
        "the usual benchmark of discrete latent variables, as in Eric Jang, Shixiang Gu and Ben "
        'Poole, "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017, section 4; '
        "digits, network and training are ours"
    )

    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        size = _QUICK if is_quick else _WHOLE
        train, test = load_digits(seed)
        members = {name: text for family in FAMILIES.values() for name, text in family.items()}
        courses: dict[str, Course] = {}
        for number, (name, text) in enumerate(members.items()):
            estimator = ESTIMATORS.parse(text)
            bounds: list[Tensor] = []
            for bound in _train(estimator, train, test, size, seed):
                part = len(bounds) * size.test_interval / size.num_steps
                on_progress(name, (number + part) / len(members))
                bounds.append(bound)
            courses[name] = torch.stack(bounds)
        hidden = [name for name in members if name not in _SHOWN]
        charts = [
            _chart("One of each kind", _SHOWN, courses, size),
            _chart("The others", hidden, courses, size),
        ]
        return Findings(charts, [*_claims(courses)])


def load_digits(seed: int) -> tuple[Float[Tensor, "n p"], Float[Tensor, "m p"]]:
    """Return scikit-learn's digits in black and white, split into training and test digits.

    Raises:
        RequestError: If scikit-learn is not installed.
    """
    require_package("scikit-learn", "digits-vae", module="sklearn")
    datasets = import_module("sklearn.datasets")
    gray = torch.from_numpy(datasets.load_digits().data)
    digits = (gray >= _LEAST_WHITE).float()
    digits = digits[torch.randperm(len(digits), generator=seeded_generator(seed))]
    num_test = len(digits) // _PART_FOR_TEST
    return digits[num_test:], digits[:num_test]


def _train(
    estimator: Estimator, train: Tensor, test: Tensor, size: _Size, seed: int
) -> Iterator[Float[Tensor, "r"]]:
    """Train all runs at once, each on its own random batches; yield the bounds of each test."""
    generator = seeded_generator(seed)
    autoencoder = DiscreteAutoencoder.start(
        size.num_runs, train.shape[1], CodeSize(_NUM_LATENTS, _NUM_CATEGORIES), generator
    )
    optimizer = torch.optim.Adam(autoencoder.weights, lr=size.rate)
    tested = test.expand(size.num_runs, -1, -1)
    state: object = None
    for step in range(1, size.num_steps + 1):
        chosen = torch.randint(len(train), (size.num_runs, _BATCH), generator=generator)
        optimizer.zero_grad()
        state = autoencoder.differentiate(train[chosen], estimator, state, _NUM_SAMPLES, generator)
        optimizer.step()
        if step % size.test_interval == 0:
            with torch.no_grad():
                bound = autoencoder.bound(tested, _NUM_TEST_SAMPLES, seeded_generator(seed))
            yield bound


def _chart(title: str, names: Sequence[str], courses: Mapping[str, Course], size: _Size) -> Chart:
    return Chart(
        f"{title}: mean of {size.num_runs} runs, and their standard deviation",
        "step",
        "test -ELBO in nats",
        [_band(name, courses[name], size.test_interval) for name in names],
        is_log_y=False,
    )


def _band(name: str, course: Course, test_interval: int) -> Series:
    steps = [test_interval * (number + 1) for number in range(len(course))]
    mean, spread = course.mean(dim=1), course.std(dim=1)
    low, high = mean - spread, mean + spread
    return Series(name, steps, mean.tolist(), low.tolist(), high.tolist())


def _claims(courses: Mapping[str, Course]) -> Iterator[Claim]:
    for before, after in pairwise(_ORDER):
        first, second = _ends(before, courses), _ends(after, courses)
        difference = second.mean(dim=0) - first.mean(dim=0)
        yield Claim(
            f"The family {before} ends before {after}, in the mean over members and runs.",
            float(difference.mean()) > 0,
            f"{first.mean():.2f} and {second.mean():.2f}: {difference.mean():+.2f}, and in "
            f"{int((difference > 0).sum())} of {len(difference)} runs.",
        )
    ends = {name: course[-1] for name, course in courses.items()}
    ranked = sorted(ends, key=lambda name: float(ends[name].mean()))
    unbiased = {
        name
        for family in FAMILIES.values()
        for name, text in family.items()
        if ESTIMATORS.parse(text).is_unbiased
    }
    yield Claim(
        "The best of all is unbiased.",
        ranked[0] in unbiased,
        "; ".join(f"`{name}` {_with_spread(ends[name])}" for name in ranked),
    )


def _ends(family: str, courses: Mapping[str, Course]) -> Float[Tensor, "m r"]:
    return torch.stack([courses[name][-1] for name in FAMILIES[family]])


def _with_spread(ends: Tensor) -> str:
    return f"{ends.mean():.2f} ± {ends.std():.2f}"
