"""The best state on the way of a descent, which counts if the end is worse than the start."""

import pytest
import torch

from ditherlab.errors import ObjectiveError
from ditherlab.objectives import ViewedError
from ditherlab.palette import named_palette
from ditherlab.problem import Problem
from ditherlab.randomness import seeded_generator
from ditherlab.stages import Progress, StageContext, State
from ditherlab.stages.keep_best import keep_best

CPU = torch.device("cpu")
WAYS_TO_END = ["finished", "closed", "interrupted", "failed"]


@pytest.fixture
def context(photo):
    problem = Problem(picture=photo, palette=named_palette("gray-4"), objective=ViewedError())
    return StageContext(problem=problem, device=CPU)


@pytest.fixture
def state(photo):
    """Probabilities that show the picture, by the gray that is nearest to each pixel."""
    palette = torch.linspace(0, 1, 4).reshape(1, 4, 1)
    nearest = torch.from_numpy(photo.pixels.mean(axis=2) / 255 * 3).round().long()[None]
    probs = torch.nn.functional.one_hot(nearest, 4).movedim(-1, 1).float()
    found = State(palette=palette, generator=seeded_generator(0), palette_is_free=True)
    found.show_probs(probs)
    return found


def steps_to(state, blacks, costs, ends):
    """Blacken ever more rows, pull the palette along, and claim costs."""
    for step, (black, cost) in enumerate(zip(blacks, costs, strict=True)):
        probs = torch.zeros_like(state.probs)
        probs[:, 0] = 1
        probs[:, :, black:] = state.probs[:, :, black:]
        state.show_probs(probs)
        state.palette = state.palette * (1 - 0.01 * step)
        state.parameters = {"black": torch.tensor([black])}
        yield Progress(step / (len(costs) - 1), torch.tensor([cost]), step)
    if ends == "interrupted":
        raise KeyboardInterrupt
    if ends == "failed":
        raise ObjectiveError("No cost.")


def run(state, context, *, blacks, costs, ends="finished"):
    """Run to the given end; return the progress that was yielded."""
    cost = context.bind(state.palette).cost
    steps = keep_best(steps_to(state, blacks, costs, ends), context, state, cost, "noise")
    seen = []
    try:
        for progress in steps:
            seen.append(progress)
            if ends == "closed" and len(seen) == len(costs):
                steps.close()
                break
    except (KeyboardInterrupt, ObjectiveError):
        assert ends in ("interrupted", "failed")
    return seen


@pytest.mark.parametrize("ends", WAYS_TO_END)
def test_uphill_ends_with_palette_and_probabilities_of_the_best(ends, state, context):
    palette = state.palette.clone()
    costs = [2.0, 1.0, 3.0]
    seen = run(state, context, blacks=[2, 4, 30], costs=costs, ends=ends)
    assert torch.allclose(state.palette, palette * 0.99)
    assert state.parameters == {"black": torch.tensor([4])}
    assert (state.picture()[:, :4] == 0).all()
    assert (state.picture()[:, 4:30] > 0).any()
    (note,) = context.notes
    assert "noise. The picture is the best one seen, of step 1, at" in note
    assert len(seen) == (4 if ends == "finished" else 3)
    # What cannot be yielded any more is left for the loop to record.
    assert (context.restored is None) == (ends == "finished")
    if ends == "finished":
        # Fresh draws price what is restored.
        restored = seen[-1]
        assert (restored.share, restored.step, restored.in_history) == (1.0, 2, False)
        assert f"at {float(restored.cost):.4g}." in note
        cost = context.bind(state.palette).cost
        image = state.palette[0].T[:, state.picture()].movedim(1, 0)
        assert float(restored.cost) == pytest.approx(float(cost.cost(image[None])[0]))


@pytest.mark.parametrize("ends", WAYS_TO_END)
def test_downhill_stays_where_it_ended(ends, state, context):
    seen = run(state, context, blacks=[0, 1, 2], costs=[3.0, 1.0, 2.0], ends=ends)
    assert state.parameters == {"black": torch.tensor([2])}
    assert not context.notes
    assert len(seen) == 3


@pytest.mark.parametrize("ends", ["finished", "closed"])
def test_fresh_draws_decide_where_there_is_time(ends, state, context):
    # The estimated costs rise, but every picture is as black as the others.
    run(state, context, blacks=[32, 32, 32], costs=[3.0, 4.0, 5.0], ends=ends)
    assert not context.notes
    assert state.parameters == {"black": torch.tensor([32])}
    assert int(state.picture().max()) == 0


def test_a_copy_is_taken_at_equal_shares_and_lent_to_the_loop(state, context):
    costs = [float(cost) for cost in range(100, 0, -1)]
    copies = []
    cost = context.bind(state.palette).cost
    steps = steps_to(state, [0] * 100, costs, "finished")
    for _ in keep_best(steps, context, state, cost, "noise"):
        if not copies or context.kept is not copies[-1]:
            copies.append(context.kept)
    assert len(copies) == 20
    assert all(copy is not None and copy is not state for copy in copies)
