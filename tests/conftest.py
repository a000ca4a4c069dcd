"""What all tests share: pictures to try things on."""

import gc
import signal

import numpy as np
import pytest
import torch

from ditherlab.images import Picture

# As in the program: full collections visit all that torch, hypothesis and pytest have loaded.
gc.set_threshold(*gc.get_threshold()[:2], 1000)

# A shell has signals ignored in jobs in the background, and `nohup` too; tests send them.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _ending in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(_ending, signal.SIG_DFL)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


@pytest.fixture
def photo() -> Picture:
    """A small colorful picture with smooth parts and an edge."""
    rows, columns = np.mgrid[0:32, 0:48] / 48
    pixels = np.stack([rows, columns, (rows + columns) / 2], axis=2)
    pixels[8:16, 10:30] = [0.9, 0.2, 0.1]
    return Picture(
        pixels=(pixels * 255).round().astype(np.uint8), opaque=np.ones((32, 48), dtype=bool)
    )
