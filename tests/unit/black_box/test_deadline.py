"""Deadlines: the earliest of nested ones applies."""

import pytest

from ditherlab.black_box.deadline import DeadlineError, check_deadline, deadline


def test_outer_limits_hold_inside():
    with (
        deadline(lambda: True),
        deadline(lambda: False),
        pytest.raises(DeadlineError),
    ):
        check_deadline()


def test_a_limit_ends_with_its_block():
    with deadline(lambda: False):
        with deadline(lambda: True), pytest.raises(DeadlineError):
            check_deadline()
        check_deadline()
    check_deadline()
