"""What code of the user's own prints in this process, while standard output may be a picture."""

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ditherlab.black_box.standard_output import nothing_on_stdout


@pytest.mark.parametrize(
    "talk",
    [
        lambda: sys.stdout.write("noise\n"),
        lambda: os.write(1, b"noise\n"),
        lambda: os.system("echo noise"),
        lambda: ctypes.CDLL(None).puts(b"noise"),
        lambda: sys.__stdout__.write("noise\n"),
    ],
)
def test_what_is_printed_inside_goes_to_standard_error(talk, capfd):
    with nothing_on_stdout():
        talk()
    os.write(1, b"after\n")
    assert capfd.readouterr() == ("after\n", "noise\n")


def test_it_ends_with_the_last_of_several_threads(capfd):
    barrier = Barrier(2)

    def work(number):
        with nothing_on_stdout():
            barrier.wait()
            os.write(1, b"%d\n" % number)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    sys.stdout.write("after\n")
    out, err = capfd.readouterr()
    assert (out, sorted(err.split())) == ("after\n", ["0", "1"])


def test_it_ends_with_an_error(capfd):
    with pytest.raises(ValueError, match="no"), nothing_on_stdout():
        raise ValueError("no")
    sys.stdout.write("after\n")
    assert capfd.readouterr().out == "after\n"
