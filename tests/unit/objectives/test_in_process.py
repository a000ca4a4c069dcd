"""Callables, modules and metrics as objectives, called in the process of the run."""

import copy

import pytest
import torch
import torchmetrics
from torchmetrics.image import (
    MultiScaleStructuralSimilarityIndexMeasure,
    StructuralSimilarityIndexMeasure,
    TotalVariation,
)

from ditherlab.black_box import cost_function
from ditherlab.black_box.deadline import deadline
from ditherlab.errors import ObjectiveError, RequestError
from ditherlab.objectives import (
    SSIM,
    CallableObjective,
    MetricObjective,
    ObjectiveSum,
    ViewedError,
    as_objective,
)
from ditherlab.palette import named_palette
from ditherlab.problem import Limits
from ditherlab.protocol import Target
from ditherlab.stages.strategies import default_estimator
from tests.solving import problem_of, solve, ticking

PICO_8 = named_palette("pico-8")


@pytest.fixture
def target(generator):
    images = torch.rand((2, 3, 12, 14), generator=generator)
    opaque = torch.ones((2, 1, 12, 14), dtype=torch.bool)
    opaque[1, :, :2] = False
    return Target(images, opaque)


@pytest.fixture
def drawn(generator):
    return torch.rand((4, 2, 3, 12, 14), generator=generator)


def squared(pictures, targets):
    return (pictures - targets).square().mean(dim=(1, 2, 3))


class Blurred(torch.nn.Module):
    """A network with weights, and a dropout that must be off."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Dropout(0.5))

    def forward(self, pictures, targets):
        return squared(self.layers(pictures), self.layers(targets))


class WithExtraState(Blurred):
    def get_extra_state(self):
        return ["anything"]

    def set_extra_state(self, state):
        pass


def test_the_code_of_a_module_with_extra_state_and_of_a_sum_is_told():
    module = WithExtraState()
    words = CallableObjective(module).code_words
    assert words == CallableObjective(module).code_words != CallableObjective(Blurred()).code_words
    one, other = (ObjectiveSum(((0.5, CallableObjective(f)), (1.0, SSIM()))) for f in twice())
    assert repr(one) != repr(other)  # the addresses of two functions with one code
    assert one.code_words == other.code_words


def twice():
    for _ in range(2):

        def price(pictures):
            return pictures.mean(dim=(1, 2, 3))

        yield price


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_scripted_module_is_copied_too(target, drawn):
    scripted = torch.jit.script(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Flatten()))
    objective = CallableObjective(lambda pictures: scripted(pictures).mean(dim=1))
    module = CallableObjective(torch.jit.script(Averaged(scripted)))
    assert "gradient" in module.abilities
    torch.testing.assert_close(module.bind(target).cost(drawn), objective.bind(target).cost(drawn))
    assert all(parameter.requires_grad for parameter in scripted.parameters())


class Averaged(torch.nn.Module):
    """The mean output of another module."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.inner(pictures).mean(dim=1)


@pytest.mark.parametrize(
    ("function", "abilities"),
    [
        (lambda pictures: pictures.mean(dim=(1, 2, 3)), {"value", "gradient"}),
        (squared, {"value", "gradient"}),
        (lambda p, t, opaque: squared(p * opaque, t * opaque), {"value", "gradient"}),
        (lambda p, t: (p.numpy() - t.numpy()).std(axis=(1, 2, 3)), {"value"}),
        (lambda p, t: squared(p.round(), t), {"value"}),
        (lambda p: [1.0 for _ in p], {"value"}),
        (cost_function(form="pillow")(lambda p: len(p.getcolors(9999))), {"value"}),
        (cost_function(takes="picture", form="torch")(lambda p: p.mean()), {"value"}),
        (
            cost_function(takes="picture", differentiable=True)(lambda p: p.sum()),
            {"value", "gradient"},
        ),
        (Blurred(), {"value", "gradient"}),
        (StructuralSimilarityIndexMeasure(data_range=1.0), {"value", "gradient"}),
        (TotalVariation(), {"value", "gradient"}),
    ],
)
def test_a_trial_finds_out_whether_autograd_can_follow(function, abilities, photo):
    objective = problem_of(photo, objective=as_objective(function)).objective
    assert objective.abilities == abilities
    words = "gumbel-softmax" if "gradient" in abilities else "leave-one-out"
    assert str(default_estimator(objective)) == words
    assert bool(objective.why_without("gradient")) == ("gradient" not in abilities)


def test_the_trial_pictures_have_the_size_of_the_problem(photo):
    sizes = []

    def note(pictures):
        sizes.append(tuple(pictures.shape))
        return pictures.mean(dim=(1, 2, 3))

    objective = CallableObjective(note)
    _ = objective.abilities, objective.abilities
    assert sizes == [(2, 3, 64, 64)]
    problem = problem_of(photo, objective=ObjectiveSum(((2.0, objective),)))
    _ = problem.objective.abilities, problem.objective.abilities
    assert sizes[1:] == [(2, 3, 32, 48)]


def test_a_trial_is_not_cut_short_by_a_time_limit(photo):
    alone = cost_function(takes="picture", form="torch")(lambda picture: picture.mean())
    with deadline(lambda: True):
        assert as_objective(alone).abilities == {"value"}


def test_prices_and_gradients_are_those_of_the_function(target, drawn):
    cost = CallableObjective(squared).bind(target)
    filled = torch.where(target.opaque, drawn, target.images)
    expected = (filled - target.images).square().mean(dim=(2, 3, 4))
    costs, gradient = cost.price_with_gradient(drawn)
    torch.testing.assert_close(costs, expected)
    numbers = drawn[0, 0].numel()
    torch.testing.assert_close(gradient, 2 * (filled - target.images) / numbers)
    torch.testing.assert_close(cost.cost(drawn), expected)
    assert not cost.cost(drawn.requires_grad_().detach()).requires_grad


def test_pictures_of_one_channel_are_shown_in_three(generator):
    images = torch.rand((1, 1, 6, 7), generator=generator)
    target = Target(images, torch.ones((1, 1, 6, 7), dtype=torch.bool))
    cost = CallableObjective(lambda p, t: (p.sum(1) - t.sum(1)).abs().amax((1, 2))).bind(target)
    drawn = torch.rand((3, 1, 1, 6, 7), generator=generator)
    expected = 3 * (drawn - images).abs().amax(dim=(2, 3, 4))
    torch.testing.assert_close(cost.cost(drawn), expected)


def test_a_function_may_change_what_it_gets(target, drawn):
    def spoil(pictures, targets, opaque):
        pictures.zero_()
        opaque.zero_()
        return targets.zero_().sum(dim=(1, 2, 3))

    before = copy.deepcopy((target, drawn))
    CallableObjective(spoil).bind(target).cost(drawn)
    assert torch.equal(before[0].images, target.images)
    assert torch.equal(before[0].opaque, target.opaque)
    assert torch.equal(before[1], drawn)


def test_a_module_is_copied_as_it_is_with_fixed_weights(target, drawn):
    module = Blurred()
    objective = CallableObjective(module)
    words = objective.code_words
    first = objective.bind(target).cost(drawn)
    with torch.no_grad():
        module.layers[0].weight.zero_()
    assert torch.equal(objective.bind(target).cost(drawn), first)
    assert objective.code_words == words
    assert module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    cost = objective.for_size(12, 14).bind(target)
    cost.price_with_gradient(drawn)
    assert all(parameter.grad is None for parameter in module.parameters())


def test_each_drawn_picture_has_a_value_of_its_own(target, drawn):
    metric = StructuralSimilarityIndexMeasure(data_range=1.0)
    metric.update(drawn[0], drawn[1])
    before = metric.compute()
    costs = MetricObjective(metric).bind(target).cost(drawn)
    for sample in range(4):
        for place in range(2):
            one = slice(place, place + 1)
            filled = torch.where(target.opaque, drawn[sample], target.images)
            alone = StructuralSimilarityIndexMeasure(data_range=1.0)
            value = alone(filled[one], target.images[one])
            torch.testing.assert_close(costs[sample, place], -value)
    assert metric.update_count == 1
    metric._computed = None
    assert torch.equal(metric.compute(), before)


def test_a_metric_that_is_better_when_low_is_the_cost_itself(target, drawn):
    objective = MetricObjective(torchmetrics.MeanSquaredError(), words="torchmetrics:mse")
    assert str(objective) == "torchmetrics:mse"
    expected = CallableObjective(squared).bind(target).cost(drawn)
    torch.testing.assert_close(objective.bind(target).cost(drawn), expected)


def test_metrics_hold_no_picture_after_a_call(target, drawn):
    metric = StructuralSimilarityIndexMeasure(data_range=1.0, reduction="none")
    cost = MetricObjective(metric).bind(target)
    cost.cost(drawn)
    assert cost.pricer.priced.function.similarity == []


def test_trials_of_metrics_are_small_unless_they_must_be_large():
    sizes = []

    class Large(torchmetrics.MeanSquaredError):
        def update(self, preds, target):
            sizes.append(preds.shape[2:])
            if min(preds.shape[2:]) < 300:
                raise ValueError("too small")
            super().update(preds, target)

    objective = MetricObjective(Large()).for_size(310, 305)
    assert objective.abilities == {"value", "gradient"}
    assert {tuple(size) for size in sizes} == {(256, 256), (310, 305)}
    with pytest.raises(ObjectiveError, match="ValueError: too small"):
        _ = MetricObjective(Large()).for_size(200, 305).abilities
    assert tuple(sizes[-1]) == (200, 305)


class Undirected(torchmetrics.MeanSquaredError):
    higher_is_better = None


class Real(torchmetrics.MeanSquaredError):
    def update(self, imgs: torch.Tensor, real: bool) -> None:
        raise AssertionError


class Pair(torchmetrics.MeanSquaredError):
    def compute(self):
        return torch.zeros(2)


class Uncopied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2 * torch.ones(1, requires_grad=True)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (lambda p: p.mean(), ObjectiveError, r"must return a tensor \[2\], a cost for each .*dim="),
        (lambda p: None, ObjectiveError, r"must return a tensor \[2\], .* got None"),
        (lambda p: {}, ObjectiveError, "got a dict"),
        (torch.nn.MSELoss(), ObjectiveError, r"`python-object:MSELoss` must return a tensor \[2\]"),
        (lambda p: p[:, 9], ObjectiveError, r"index 9 .*shape \[2, 3, 32, 48\] on the device cpu"),
        (
            cost_function(differentiable=True)(lambda p: p.detach().sum((1, 2, 3))),
            ObjectiveError,
            "marked as differentiable, but autograd cannot follow",
        ),
        (lambda: 0, RequestError, r"must take \(picture\), \(picture, target\)"),
        (TotalVariation, RequestError, r"the class `TotalVariation`. Give an instance"),
        (Uncopied, RequestError, "Give an instance"),
        (torch.nn.LazyLinear(1), ObjectiveError, "with fixed weights, got ValueError: .*uniniti"),
        (3, RequestError, "must be words such as 'ssim', an `Objective`, a callable .* got 3"),
        (Undirected(), RequestError, "which direction is better, got `higher_is_better = None`"),
        (Real(), RequestError, r"its `update` takes \(imgs, real\)"),
        (Pair(), ObjectiveError, "must give one number for each picture, got a tensor of shape"),
        (
            MultiScaleStructuralSimilarityIndexMeasure(data_range=1.0),
            ObjectiveError,
            r"image height must be larger than 160.*shape \[2, 3, 32, 48\]",
        ),
    ],
)
def test_what_cannot_price_pictures_is_refused(value, error, message, photo):
    with pytest.raises(error, match=message):
        _ = problem_of(photo, objective=as_objective(value)).objective.abilities


def test_objectives_and_their_classes_are_themselves():
    assert as_objective(SSIM) == SSIM()
    own = ViewedError(blur_px=2.0)
    assert as_objective(own) is own


def test_a_run_learns_from_a_function(photo):
    def seen(pictures, targets):
        return squared(*(torch.nn.functional.avg_pool2d(x, 4) for x in (pictures, targets)))

    solution = solve(photo, objective=as_objective(seen), palette=PICO_8, steps=20)
    assert solution.outcome == "finished"
    assert solution.settings["objective"] == "python-object:seen"
    assert solution.history.costs[-1] < solution.history.costs[0]


def test_a_run_can_be_interrupted_in_a_call(photo):
    calls = []

    def interrupted(pictures):
        calls.append(len(pictures))
        if len(calls) > 4:
            raise KeyboardInterrupt
        return pictures.mean(dim=(1, 2, 3))

    solution = solve(photo, objective=as_objective(interrupted), palette=PICO_8, steps=20)
    assert solution.outcome == "interrupted"


def test_the_time_limit_holds_between_two_calls(photo):
    alone = cost_function(takes="picture", form="numpy")(lambda picture: float(picture.mean()))
    solution = solve(
        photo,
        objective=as_objective(alone),
        palette=PICO_8,
        steps=20,
        limits=Limits(seconds=60),
        clock=ticking(),
    )
    assert solution.outcome == "out-of-time"


def test_a_later_failure_keeps_the_picture(photo):
    calls = []

    def failing(pictures):
        calls.append(len(pictures))
        if len(calls) > 6:
            raise ZeroDivisionError("no more")
        return pictures.mean(dim=(1, 2, 3))

    solution = solve(photo, objective=as_objective(failing), palette=PICO_8, steps=20)
    assert solution.outcome == "cost-failed"
    assert "ZeroDivisionError: no more (test_in_process.py, line" in solution.failure


def test_code_words_tell_code_and_weights_apart():
    torch.manual_seed(0)
    values = [squared, lambda p: p, lambda p: -p, Blurred(), Blurred()]
    values += [StructuralSimilarityIndexMeasure(sigma=sigma) for sigma in (1.0, 1.5)]
    words = [as_objective(value).code_words for value in values]
    assert len(set(words)) == len(words)
    assert words[0] == CallableObjective(squared).code_words


def test_a_module_that_cannot_be_copied_is_refused():
    with pytest.raises(ObjectiveError, match="with fixed weights, got RuntimeError: Only"):
        as_objective(Uncopied())
