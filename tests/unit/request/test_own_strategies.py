"""Strategies of the user's own: registered, used by their word, and known in a checkpoint."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

import ditherlab as dl
from ditherlab.estimators import LeaveOneOut


def declare(is_changed=False):
    """Declare a class, as the cell of a notebook does."""

    @dataclass(frozen=True)
    class DampedLeaveOneOut(LeaveOneOut):
        """Leave-one-out by another name."""

        if is_changed:

            def note(self):
                return "changed"

    return DampedLeaveOneOut


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(dl.ESTIMATORS.classes, "_added", {})
    return dl.ESTIMATORS.register(declare())


def optimize(photo, **options):
    return dl.optimize(photo, palette="gray-4", objective="ssim", steps=4, device="cpu", **options)


def test_a_registered_estimator_is_used_by_its_word(registered, photo):
    solution = optimize(photo, estimator="damped-leave-one-out(num_samples=2)")
    assert "estimator=damped-leave-one-out(num_samples=2)" in str(solution.recipe)
    again = optimize(photo, estimator=registered(num_samples=2))
    assert again.to_png() == solution.to_png()
    assert dl.Recipe.parse(str(solution.recipe)) == solution.recipe


def test_a_checkpoint_knows_the_code_of_the_class(registered, photo, tmp_path):
    stops = iter([False, False, True])
    options = {"estimator": "damped-leave-one-out", "checkpoint_every": 0}
    stopped = optimize(
        photo, **options, checkpoint=tmp_path / "run", should_stop=lambda: next(stops, True)
    )
    assert stopped.outcome == "interrupted"
    # The same class, with other code.
    dl.ESTIMATORS.register(declare(is_changed=True))
    with pytest.raises(dl.DitherlabError, match="got one that differs in: code"):
        optimize(photo, **options, resume=tmp_path / "run")
    dl.ESTIMATORS.register(declare())
    assert optimize(photo, **options, resume=tmp_path / "run").outcome == "finished"


def test_a_registered_method_counts_its_own_rounds(photo, monkeypatch):
    for registry in (dl.METHODS, dl.STAGES):
        monkeypatch.setattr(registry.classes, "_added", {})

    @dl.METHODS.register
    @dl.STAGES.register
    @dataclass(frozen=True)
    class Mirror(dl.Stage):
        """Turn the picture over, again and again."""

        needs_picture: ClassVar[bool] = True
        sweeps: int = 3

        def run(self, context, state):
            for sweep in range(self.sweeps):
                state.show_indices(state.picture().flip(2))
                yield dl.Progress((sweep + 1) / self.sweeps)

    options = {"palette": "gray-4", "device": "cpu"}
    solution = dl.optimize(photo, method="mirror", sweeps=2, **options)
    assert str(solution.recipe) == "error-diffusion | mirror(sweeps=2)"
    assert dl.Recipe.parse(str(solution.recipe)) == solution.recipe
    twice = dl.optimize(photo, recipe="error-diffusion", **options)
    assert (solution.indices == twice.indices).all()
    assert str(dl.optimize(photo, method=Mirror(sweeps=1), **options).recipe).endswith("eeps=1)")
    with pytest.raises(dl.DitherlabError, match="`steps` has no effect with `mirror`, which has"):
        dl.optimize(photo, method="mirror", steps=2, **options)
