"""The peers: each does a small task where it is installed, and says so where it is not."""

import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest

from benchmarks.quality.child import in_child, run_to_end
from benchmarks.quality.peers import PEERS
from benchmarks.quality.scores import check_done, write_indexed
from benchmarks.quality.task import Task, ToolError

COLORS = ((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255))


@pytest.fixture
def task():
    ramp = np.linspace(0, 255, 32).astype(np.uint8)
    pixels = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], ramp[::-1, None]), axis=-1)
    return Task(np.ascontiguousarray(pixels), COLORS, is_learned=False)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_dithers_with_few_colors(peer, task):
    try:
        version(peer.package)
    except PackageNotFoundError:
        pytest.skip(f"{peer.package} is not installed")
    tool = in_child(peer)
    asked = replace(task, is_learned=not tool.can_do(task))
    outcome = tool.dither(asked)
    check_done(asked, outcome.pixels, write_indexed(outcome.pixels)[0])
    assert outcome.pixels.dtype == np.uint8
    assert outcome.version
    assert outcome.cpu_s >= 0


def test_a_missing_package_is_said(task):
    tool = in_child(replace(PEERS[0], package="no-such-package-of-dithering"))
    with pytest.raises(ToolError, match="no-such-package-of-dithering is not installed"):
        tool.dither(task)


def test_the_last_line_of_a_failure_is_the_reason():
    program = "import sys; print('first', file=sys.stderr); sys.exit('the reason')"
    with pytest.raises(ToolError, match=r"^the reason$"):
        run_to_end([sys.executable, "-c", program])


@pytest.mark.parametrize(
    "colors, message",
    [
        ([(0, 0, 0), (1, 1, 1)], r"not in the palette: \[\(1, 1, 1\)\]"),
        ([(0, 0, n) for n in range(5)], "has 5 colors, not 4"),
    ],
)
def test_colors_that_were_not_asked_for_are_refused(task, colors, message):
    with pytest.raises(ValueError, match=message):
        check_done(task, task.pixels, np.array(colors))
    with pytest.raises(ValueError, match="the picture is"):
        check_done(task, task.pixels[1:], np.array(COLORS))
    check_done(replace(task, is_learned=True), task.pixels, np.array(colors[:2]))


def test_an_undithered_picture_is_refused():
    pixels = np.arange(3 * 20 * 20, dtype=np.uint16).reshape(20, 20, 3).astype(np.uint8)
    pixels[..., 1] = np.arange(20)
    with pytest.raises(ValueError, match="colors: it is not dithered"):
        write_indexed(pixels)
