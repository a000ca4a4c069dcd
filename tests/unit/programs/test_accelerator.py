"""Programs on an accelerator: the host waits for nothing, and nothing is in double precision."""

import pytest
import torch

import ditherlab as dl
from ditherlab.estimators import ESTIMATORS
from tests.pretended_device import PRETENDED, FloatError, pretended_device

FOR_BITS = ("arm", "disarm")
FOR_PICTURES = (
    "moments",
    "random-windows",
    "random-sparsification",
    "local-leave-one-out",
    "linstat",
)

# Uploads of orders of categories, and of the first weights of a network.
UPLOADS = {"arsm": 3, "carms": 1, "relax": 3, "unordered-set": 30}


def waits_of_a_step(name, monkeypatch, dtype=torch.float32):
    with pretended_device(monkeypatch, has_doubles=False) as traffic:
        num_categories = 2 if name in FOR_BITS else 3
        logits = torch.zeros(4, 2, num_categories, dtype=dtype, device=PRETENDED)
        weight = torch.ones(num_categories, dtype=dtype, device=PRETENDED)
        leaves = [logits.requires_grad_(), weight.requires_grad_()]

        def cost(x):
            return ((x * weight).sum(dim=-1) - 0.5).square().sum(dim=-1)

        for _ in range(2):
            traffic.waits.clear()
            value = dl.expected_cost(cost, logits, name, num_batch_dims=1)
            torch.autograd.grad(value.sum(), leaves)
        return dict(traffic.waits)


@pytest.mark.parametrize(
    "name", [name for name in ESTIMATORS.names_and_compositions if name not in FOR_PICTURES]
)
def test_a_step_does_not_wait(name, monkeypatch):
    waits = waits_of_a_step(name, monkeypatch)
    assert waits == ({"upload": UPLOADS[name]} if name in UPLOADS else {})


def test_double_precision_would_be_noticed(monkeypatch):
    with pytest.raises(FloatError):
        waits_of_a_step("leave-one-out", monkeypatch, torch.float64)
