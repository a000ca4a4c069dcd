"""Patience: nobody waits longer than the one who waits least."""

import pytest

from ditherlab.patience import PatienceEndedError, check_patience, limited_patience


def test_outer_limits_hold_inside():
    with (
        limited_patience(lambda: True),
        limited_patience(lambda: False),
        pytest.raises(PatienceEndedError),
    ):
        check_patience()


def test_a_limit_ends_with_its_block():
    with limited_patience(lambda: False):
        with limited_patience(lambda: True), pytest.raises(PatienceEndedError):
            check_patience()
        check_patience()
    check_patience()
