"""Estimators of the user's own: registered, used by their word, and known in a checkpoint."""

from dataclasses import dataclass

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
