"""A step of a discrete autoencoder: by hand, by `dl.expected_cost`, and by Storchastic.

    PYTHONPATH=.:/tmp/storch OMP_NUM_THREADS=1 .venv/bin/python benchmarks/programs.py --json

The network, the data and the optimizer are the same; only the loss is written in several ways.
Times are CPU seconds of a whole step (loss, backward pass, Adam) on one thread; 100 steps of each
way in turn, in one process, and the tenth percentile of all turns, as other work only adds to them.
Storchastic is left out where it cannot be imported; it is called through its documented interface
only.
"""

import argparse
import inspect
import json
import math
import statistics
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import OneHotCategorical
from torch.nn.functional import binary_cross_entropy_with_logits, gumbel_softmax, one_hot

import ditherlab as dl
from benchmarks.storchastic_peer import TRIED, is_missing
from ditherlab.errors import DitherlabError
from ditherlab.estimators import ESTIMATORS
from ditherlab.report.table import align

NUM_SAMPLES = 4
NUM_STEPS, NUM_ROUNDS, NUM_WARM_UPS = 100, 15, 1


@dataclass(frozen=True)
class Size:
    """The size of an autoencoder.

    Attributes:
        num_px: Of a picture.
        num_hidden: Width of both hidden layers.
        num_latents: Categorical variables of a code.
        num_categories: Of each of them.
        batch: Pictures of a step.
    """

    num_px: int
    num_hidden: int
    num_latents: int
    num_categories: int
    batch: int


SIZES = {"small": Size(64, 128, 10, 4, 100), "usual": Size(784, 200, 20, 10, 100)}


def distance(pixels: Tensor, x: Tensor) -> Tensor:
    """Return the cost of decoded pixels."""
    losses = binary_cross_entropy_with_logits(pixels, x.expand_as(pixels), reduction="none")
    return losses.sum(dim=-1)


class Autoencoder(nn.Module):
    """An encoder to logits and a decoder to pixels."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        width = size.num_latents * size.num_categories
        self.encoder = nn.Sequential(
            nn.Linear(size.num_px, size.num_hidden), nn.Tanh(), nn.Linear(size.num_hidden, width)
        )
        self.decoder = nn.Sequential(
            nn.Flatten(-2),
            nn.Linear(width, size.num_hidden),
            nn.Tanh(),
            nn.Linear(size.num_hidden, size.num_px),
        )

    def encode(self, x: Tensor) -> Tensor:
        """Return logits `[b n k]`."""
        return self.encoder(x).unflatten(-1, (self.size.num_latents, self.size.num_categories))

    def price(self, codes: Tensor, x: Tensor) -> Tensor:
        """Return the cost of codes `[s b n k]`: `[s b]`."""
        return distance(self.decoder(codes), x)

    def divergence(self, logits: Tensor) -> Tensor:
        """Return the divergence of codes from the uniform distribution: `[b]`."""
        log_q = logits.log_softmax(dim=-1)
        return (log_q.exp() * (log_q + math.log(self.size.num_categories))).sum(dim=(-1, -2))


Loss = Callable[[Autoencoder, Tensor], Tensor]


def network_alone(net: Autoencoder, x: Tensor) -> Tensor:
    """Go through the network with codes that are not drawn; no estimator can be faster."""
    logits = net.encode(x)
    codes = torch.zeros(NUM_SAMPLES, *logits.shape)
    return (net.price(codes, x).mean(dim=0) + net.divergence(logits)).mean()


def score_function_by_hand(net: Autoencoder, x: Tensor) -> Tensor:
    logits = net.encode(x)
    log_q = logits.log_softmax(dim=-1)
    drawn = torch.multinomial(log_q.exp().flatten(0, 1), NUM_SAMPLES, replacement=True)
    codes = one_hot(drawn.T.unflatten(1, log_q.shape[:2]), log_q.shape[-1]).float()
    costs = net.price(codes, x)
    log_probs = (codes * log_q).sum(dim=(-1, -2))
    surrogate = (costs.detach() * log_probs + costs).mean(dim=0)
    return (surrogate + net.divergence(logits)).mean()


def score_function_by_distributions(net: Autoencoder, x: Tensor) -> Tensor:
    logits = net.encode(x)
    q = OneHotCategorical(logits=logits)
    codes = q.sample((NUM_SAMPLES,))
    costs = net.price(codes, x)
    surrogate = (costs.detach() * q.log_prob(codes).sum(dim=-1) + costs).mean(dim=0)
    return (surrogate + net.divergence(logits)).mean()


def leave_one_out_by_hand(net: Autoencoder, x: Tensor) -> Tensor:
    logits = net.encode(x)
    log_q = logits.log_softmax(dim=-1)
    drawn = torch.multinomial(log_q.exp().flatten(0, 1), NUM_SAMPLES, replacement=True)
    codes = one_hot(drawn.T.unflatten(1, log_q.shape[:2]), log_q.shape[-1]).float()
    costs = net.price(codes, x)
    fixed = costs.detach()
    advantages = (fixed - fixed.mean(dim=0)) * NUM_SAMPLES / (NUM_SAMPLES - 1)
    log_probs = (codes * log_q).sum(dim=(-1, -2))
    surrogate = (advantages * log_probs + costs).mean(dim=0)
    return (surrogate + net.divergence(logits)).mean()


def st_gumbel_by_hand(net: Autoencoder, x: Tensor) -> Tensor:
    logits = net.encode(x)
    codes = gumbel_softmax(logits.expand(NUM_SAMPLES, -1, -1, -1), tau=1.0, hard=True)
    return (net.price(codes, x).mean(dim=0) + net.divergence(logits)).mean()


def expected_cost(net: Autoencoder, x: Tensor, estimator: str) -> Tensor:
    logits = net.encode(x)
    price = dl.expected_cost(lambda codes: net.price(codes, x), logits, estimator, num_batch_dims=1)
    return (price + net.divergence(logits)).mean()


def storchastic(net: Autoencoder, x: Tensor, method: Any) -> None:
    import storch

    storch.reset()
    data = storch.denote_independent(x, 0, "data")
    logits = net.encode(data)
    pixels = storch.deterministic(net.decoder.forward)(method(OneHotCategorical(logits=logits)))
    storch.add_cost(storch.deterministic(net.divergence)(logits), "divergence")
    storch.add_cost(storch.deterministic(distance)(pixels, data), "price")
    storch.backward()


def main() -> None:
    """Print the tables, or everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="write JSON only")
    options = parser.parse_args()
    found = {
        "ms": {name: measure(size) for name, size in SIZES.items()},
        "lines": dict(count_lines()),
        "estimators": dict(try_ours()) | dict(try_theirs()),
    }
    sys.stdout.write(json.dumps(found) if options.json else "\n\n".join(tables(found)))
    sys.stdout.write("\n")


def ways() -> Mapping[str, Callable[[Autoencoder, Tensor], None]]:
    """Return everything that makes the gradients of one step."""
    losses: dict[str, Loss] = {
        "network alone": network_alone,
        "score function, by hand": score_function_by_hand,
        "score function, torch.distributions": score_function_by_distributions,
        "score function, dl.expected_cost": partial(
            expected_cost, estimator=f"score-function(num_samples={NUM_SAMPLES})"
        ),
        "leave-one-out, by hand": leave_one_out_by_hand,
        "leave-one-out, dl.expected_cost": partial(
            expected_cost, estimator=f"leave-one-out(num_samples={NUM_SAMPLES})"
        ),
        "straight-through Gumbel, by hand": st_gumbel_by_hand,
        "straight-through Gumbel, dl.expected_cost": partial(
            expected_cost, estimator=f"st-gumbel(num_samples={NUM_SAMPLES})"
        ),
    }
    found: dict[str, Callable[[Autoencoder, Tensor], None]] = {
        name: partial(_differentiate, loss) for name, loss in losses.items()
    }
    if not is_missing():
        plain = {"n_samples": NUM_SAMPLES}
        for name, method, given in (
            ("score function", "ScoreFunction", {"baseline_factory": "none"}),
            ("leave-one-out", "ScoreFunction", {"baseline_factory": "batch_average"}),
            ("straight-through Gumbel", "GumbelSoftmax", {"straight_through": True}),
        ):
            made = _their_method(method, {**plain, **given})
            found[f"{name}, Storchastic"] = partial(storchastic, method=made)
    return found


def measure(size: Size) -> Mapping[str, float]:
    """Return the milliseconds of a step for each way."""
    torch.manual_seed(0)
    net = Autoencoder(size)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x = (torch.rand(size.batch, size.num_px) > 0.5).float()

    def step(way: Callable[[Autoencoder, Tensor], None]) -> None:
        optimizer.zero_grad()
        way(net, x)
        optimizer.step()

    made = ways()
    times: dict[str, list[float]] = {name: [] for name in made}
    for number in range(NUM_WARM_UPS + NUM_ROUNDS):
        for name, way in made.items():
            start = time.process_time()
            for _ in range(NUM_STEPS):
                step(way)
            if number >= NUM_WARM_UPS:
                times[name].append((time.process_time() - start) / NUM_STEPS)
    return {name: 1e3 * statistics.quantiles(found, n=10)[0] for name, found in times.items()}


def count_lines() -> Iterator[tuple[str, int]]:
    """Yield the lines of code of each way, without its signature."""
    for function in (
        score_function_by_hand,
        score_function_by_distributions,
        leave_one_out_by_hand,
        st_gumbel_by_hand,
        expected_cost,
        storchastic,
    ):
        lines = textwrap.dedent(inspect.getsource(function)).splitlines()
        yield function.__name__, sum(bool(line.strip()) for line in lines[1:])


def try_ours() -> Iterator[tuple[str, str]]:
    """Yield what comes of each of our estimators: a step, or the reason why not."""
    net, x = Autoencoder(SIZES["small"]), torch.zeros(3, 64)
    for name in ESTIMATORS.names_and_compositions:
        try:
            expected_cost(net, x, name).backward()
            yield f"`{name}`", "runs"
        except DitherlabError as error:
            yield f"`{name}`", f"refused: {error}"


def try_theirs() -> Iterator[tuple[str, str]]:
    """Yield what comes of each of Storchastic's estimators for categories."""
    if is_missing():
        return
    size = SIZES["small"]
    net, x = Autoencoder(size), torch.zeros(3, size.num_px)
    values = {"logits": [size.num_latents, size.num_categories], "num_samples": NUM_SAMPLES}
    values["objective"] = lambda codes: net.price(codes, x)
    for name, wanted in {"ScoreFunction": {}, "GumbelSoftmax": {}, **TRIED}.items():
        options = {key: values[value] for key, value in (wanted or {}).items()}
        if wanted is not None and "k" not in options:
            options["n_samples"] = NUM_SAMPLES
        try:
            storchastic(net, x, _their_method(name, options))
            yield f"Storchastic's `{name}`", "runs"
        except Exception as caught:  # any failure is a finding
            outcome = f"{type(caught).__name__}: {(str(caught) or '-').splitlines()[0]}"
            yield f"Storchastic's `{name}`", outcome


def tables(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the results as text."""
    for name, times in found["ms"].items():
        alone = times["network alone"]
        rows: list[Sequence[str]] = [[f"a step ({name})", "ms", "of by hand", "beside network"]]
        for way, ms in times.items():
            by_hand = times.get(f"{way.partition(',')[0]}, by hand", alone)
            rows.append([way, f"{ms:.2f}", f"{ms / by_hand:.2f}", f"{ms - alone:.2f}"])
        yield align(rows)
    yield align([["loss", "lines"], *([name, str(n)] for name, n in found["lines"].items())])
    yield align([["estimator", "outcome"], *map(list, found["estimators"].items())])


def _differentiate(loss: Loss, net: Autoencoder, x: Tensor) -> None:
    loss(net, x).backward()


def _their_method(name: str, options: Mapping[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import storch.method
    return getattr(storch.method, name)("codes", **options)


if __name__ == "__main__":
    main()
