"""Several draws: the estimate is the mean of those of single draws, for all that compare none."""

from dataclasses import replace

import pytest
import torch

from ditherlab.estimators import ESTIMATORS

# The axis of the draws, after other axes for replacing pictures.
AXES = {
    "score-function": 0,
    "score-function(credit=local, control=linstat)": 0,
    "score-function(control=muprop)": 0,
    "arsm": 0,
    "local-expectation": 0,
    "local-expectation(pricing=phases)": 0,
    "local-expectation(order=1)": 0,
    "local-expectation(order=2)": 0,
    "rao-blackwell": 1,
    "measure-valued": 1,
    "measure-valued(pricing=phases)": 1,
    "stochastic-triples": 0,
    "stochastic-triples(pruning=pixel)": 1,
    "stochastic-triples(pruning=picture)": 1,
    "gumbel-softmax": 0,
    "st": 0,
    "st-gumbel": 0,
    "gumbel-rao": 0,
    "gst": 0,
    "reinmax": 0,
    "darn": 0,
}


@pytest.mark.parametrize("name", AXES)
def test_several_draws_are_averaged(name, enumeration):
    estimator = replace(ESTIMATORS.parse(name), num_samples=3)
    single = replace(estimator, num_samples=1)
    for cost in enumeration.costs_for(estimator).values():
        model = enumeration.model
        draws = estimator.draw(model, torch.Generator().manual_seed(11))
        together, _ = estimator.weigh(draws, model, cost, None, None)
        parts = [
            single.weigh(part, model, cost, None, None)[0] for part in draws.chunk(3, AXES[name])
        ]
        for attribute in ("value", "grad_logits", "grad_palette"):
            found = getattr(together, attribute)
            each = [getattr(part, attribute) for part in parts]
            if found is not None:
                mean = torch.stack(each).mean(dim=0)
                torch.testing.assert_close(found, mean, rtol=1e-12, atol=1e-12)
