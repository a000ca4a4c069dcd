"""Storchastic as a peer, through its documented interface; nothing else imports it.

Its documentation: https://storchastic.readthedocs.io. It is under the AGPL, so it is run here and
never read or copied. It wants the colors on the last axis.
"""

import importlib.metadata
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ditherlab.protocol.categorical import Categorical

Objective = Callable[[Tensor], Tensor]
"""The cost of each of several pictures `[s c h w]`."""


@dataclass(frozen=True)
class Peer:
    """One of its estimators.

    Attributes:
        method: Its name there.
        counterpart: Ours.
        options: For its constructor, beside the number of draws.
        is_noisy: Whether many gradients are needed to tell its error.
    """

    method: str
    counterpart: str
    options: Mapping[str, Any] = field(default_factory=dict)
    is_noisy: bool = False


ESTIMATORS = {
    "leave-one-out": Peer(
        "ScoreFunction", "leave-one-out", {"baseline_factory": "batch_average"}, is_noisy=True
    ),
    "Gumbel-softmax": Peer("GumbelSoftmax", "gumbel-softmax(tau=1)", {"annealing_rate": 0.0}),
    "straight-through Gumbel": Peer(
        "GumbelSoftmax", "st-gumbel(tau=1)", {"straight_through": True, "annealing_rate": 0.0}
    ),
}

# Everything else that its documentation lists for categorical or binary variables.
TRIED: Mapping[str, Mapping[str, str] | None] = {
    "ARM": {},
    "DisARM": {},
    "Expect": None,
    "LAX": {"in_dim": "logits"},
    "REBAR": {"c_phi": "objective"},
    "RELAX": {"in_dim": "logits"},
    "RaoBlackwellSF": {},
    "ScoreFunctionWOR": {"k": "num_samples"},
    "UnorderedSetEstimator": {"k": "num_samples"},
    "UnorderedSetGumbelSoftmax": {"k": "num_samples"},
}


def is_missing() -> bool:
    """Say whether it is not installed."""
    return importlib.util.find_spec("storch") is None


def version() -> str | None:
    """Return its version, None where it is missing."""
    return None if is_missing() else importlib.metadata.version("storchastic")


def gradients(
    peer: Peer, model: Categorical, objective: Objective, num_samples: int
) -> Callable[[], Tensor]:
    """Return what makes one gradient for the logits."""
    method = _method(peer.method, {"n_samples": num_samples, **peer.options})
    return lambda: _gradient(method, model, objective, argument="logits")


def try_others(model: Categorical, num_samples: int) -> Iterator[tuple[str, str]]:
    """Try the other estimators once, with `logits=` and with `probs=`."""
    size_px = model.probs.shape[-1]
    values = {
        "logits": [size_px, size_px, model.probs.shape[1]],
        "objective": lambda one_hots: _distance(_images(one_hots, model)),
        "num_samples": num_samples,
    }
    for name, wanted in TRIED.items():
        options = {key: values[value] for key, value in (wanted or {}).items()}
        if wanted is not None and "k" not in options:
            options["n_samples"] = num_samples
        for argument in ("logits", "probs"):
            try:
                gradient = _gradient(_method(name, options), model, _distance, argument)
                outcome = "runs" if gradient.isfinite().all() else "the gradient is not finite"
            except Exception as caught:  # any failure is a finding
                outcome = f"{type(caught).__name__}: {str(caught).splitlines()[0]}"
            yield f"`{name}`, `{argument}=`", outcome


def _method(name: str, options: Mapping[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import storch.method
    return getattr(storch.method, name)("pixels", **options)


def _gradient(method: Any, model: Categorical, objective: Objective, argument: str) -> Tensor:
    import storch

    storch.reset()
    logits = model.log_probs[0].movedim(0, -1).contiguous().requires_grad_()
    given = logits if argument == "logits" else logits.softmax(dim=-1)
    one_hots = method(torch.distributions.OneHotCategorical(**{argument: given}))
    price = storch.deterministic(lambda drawn: objective(_images(drawn, model)))
    storch.add_cost(price(one_hots), "cost")
    storch.backward()
    if logits.grad is None:
        raise RuntimeError("no gradient arrives at the logits")
    return logits.grad.movedim(-1, 0).unsqueeze(0)


def _images(one_hots: Tensor, model: Categorical) -> Tensor:
    return (one_hots @ model.palette[0]).movedim(-1, 1)


def _distance(images: Tensor) -> Tensor:
    return images.square().mean(dim=(1, 2, 3))
