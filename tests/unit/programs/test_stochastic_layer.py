"""The layer that draws categories in a network."""

import copy
import io
import json
import pickle

import pytest
import torch
from torch import nn

import ditherlab as dl
from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators import ESTIMATORS
from ditherlab.estimators.hard_pixels import StraightThrough

X = torch.linspace(-1, 1, 20).view(5, 4)
PASSING = [name for name, e in ESTIMATORS.defaults().items() if isinstance(e, StraightThrough)]


def far_from_one(codes):
    return (codes[..., 1].sum(dim=-1) - 1).square()


@pytest.mark.parametrize("shape", [(5, 6), (5, 2, 3)])
def test_logits_may_be_flat_or_have_their_variables_apart(shape):
    layer = dl.StochasticLayer(3)
    assert layer(torch.zeros(shape), far_from_one).shape == (5,)
    assert layer(torch.zeros(shape)).shape == (5, 2, 3)


@pytest.mark.parametrize("name", PASSING)
def test_a_chain_learns_by_straight_through(name):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(4, 6), dl.StochasticLayer(3, name), nn.Flatten(), nn.Linear(6, 1)
    )
    network(X).square().mean().backward()
    assert all(p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("name", PASSING)
def test_draws_may_be_changed_in_place(name):
    logits = torch.zeros(5, 6, requires_grad=True)
    codes = dl.StochasticLayer(3, name)(logits)
    codes *= torch.arange(3.0)
    codes.sum().backward()
    assert logits.grad.abs().sum() > 0


def test_other_estimators_ask_for_the_cost_while_training():
    layer, logits = dl.StochasticLayer(3), torch.zeros(5, 6, requires_grad=True)
    with pytest.raises(AbilityError, match=r"`layer\(logits, cost\)`. Use `reinmax`"):
        layer(logits)
    layer(logits, far_from_one).sum().backward()
    assert logits.grad.abs().sum() > 0
    layer.eval()
    codes = layer(logits)
    assert torch.equal(codes.sum(dim=-1), torch.ones(5, 2))
    assert not codes.requires_grad


def test_states_last_for_each_shape_and_in_the_state_dict():
    name = "score-function(baseline=ema, num_samples=1)"

    def gradient(layer, size):
        logits = torch.zeros(size, 6, requires_grad=True)
        generator = torch.Generator().manual_seed(3)
        layer.generator = generator
        layer(logits, lambda codes: 5 + far_from_one(codes)).sum().backward()
        return logits.grad

    layer = dl.StochasticLayer(3, name)
    first, _, second = gradient(layer, 5), gradient(layer, 2), gradient(layer, 5)
    assert second.abs().max() < first.abs().max()  # the baseline takes the five away
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    loaded = dl.StochasticLayer(3, name)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(gradient(loaded, 5), gradient(layer, 5))


def test_states_change_in_training_mode_only():
    layer = dl.StochasticLayer(3, "score-function(baseline=ema)")
    layer.eval()
    layer(torch.zeros(5, 6), far_from_one)
    assert layer.get_extra_state() == []
    layer.train()
    layer(torch.zeros(5, 6), far_from_one)
    assert len(layer.get_extra_state()) == 1


def test_states_of_a_device_that_is_not_here_are_loaded_onto_the_cpu():
    layer = dl.StochasticLayer(3, "relax")
    layer(torch.zeros(5, 6), far_from_one)
    saved = json.loads(json.dumps(layer.get_extra_state()[0], default=lambda t: None))
    there = json.loads(json.dumps(saved).replace('"cpu"', '"cuda:99"'))
    there["tensors"] = layer.get_extra_state()[0]["tensors"]
    other = dl.StochasticLayer(3, "relax")
    other.set_extra_state([there])
    assert other(torch.zeros(5, 6), far_from_one).shape == (5,)
    assert [state["key"][2] for state in other.get_extra_state()] == ["cpu"]


def test_the_temperature_of_a_relaxation_may_change():
    found = []
    for temperature in (None, 1.0, 5.0):
        layer = dl.StochasticLayer(3, "st-gumbel", generator=torch.Generator().manual_seed(1))
        layer.temperature = temperature
        logits = torch.zeros(5, 6, requires_grad=True)
        layer(logits)[..., 1].sum().backward()
        found.append(logits.grad)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_a_layer_says_what_it_is():
    layer = dl.StochasticLayer(3, "leave-one-out", num_samples=8)
    assert repr(layer) == "StochasticLayer(3, 'leave-one-out(num_samples=8)', num_batch_dims=1)"


@pytest.mark.parametrize("number", [1, 2.0, "3"])
def test_the_number_of_categories_is_a_whole_one(number):
    with pytest.raises(RequestError, match="must be a whole number of at least 2"):
        dl.StochasticLayer(number)


@pytest.mark.parametrize(
    ("name", "words"),
    [("disarm", "`disarm` needs 2 categories, got 3"), ("moments", "`moments` needs an objective")],
)
def test_an_estimator_that_cannot_work_is_refused_at_once(name, words):
    with pytest.raises(AbilityError, match=words):
        dl.StochasticLayer(3, name)


@pytest.mark.parametrize("shape", [(), (5, 4), (5, 0)])
def test_logits_of_the_wrong_size_are_refused(shape):
    with pytest.raises(RequestError, match="must hold 3 categories"):
        dl.StochasticLayer(3)(torch.zeros(shape))


def test_weights_without_states_are_those_of_a_network_without_the_layer():
    plain = nn.Sequential(nn.Linear(4, 6), nn.Identity())
    network = nn.Sequential(nn.Linear(4, 6), dl.StochasticLayer(3, "reinmax"))
    assert set(network.state_dict()) == set(plain.state_dict())
    network.load_state_dict(plain.state_dict())
    for copied in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        copied.load_state_dict(network.state_dict())
        assert set(copied.state_dict()) == set(plain.state_dict())
        assert copied[1](torch.zeros(2, 6)).shape == (2, 2, 3)


def test_states_are_kept_for_the_last_shapes_only():
    layer = dl.StochasticLayer(3, "score-function(baseline=ema, num_samples=1)")
    for size in (*range(1, 20), 5):
        layer(torch.zeros(size, 6), far_from_one)
    assert [key[0][0] for key in layer._states] == [4, *range(6, 20), 5]


def test_several_samples_need_a_cost():
    layer, logits = dl.StochasticLayer(3, "st", num_samples=4), torch.zeros(5, 6)
    assert layer(logits, far_from_one).shape == (5,)
    with pytest.raises(RequestError, match=r"must have one sample .* without a cost, got 4"):
        layer(logits)
