"""The device that a run computes on."""

import re

import torch

from ditherlab.errors import DeviceError, RequestError

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]+)?")


def find_device(name: str) -> torch.device:
    """Return the device of a name.

    Args:
        name: `auto` (a GPU if there is one), `cpu`, `cuda`, `cuda:N` or `mps`.

    Raises:
        RequestError: If the name is none of these.
        DeviceError: If this machine does not have the device.
    """
    if not _DEVICE.fullmatch(name):
        raise RequestError(f"The device must be auto, cpu, cuda or mps, got '{name}'.")
    present = ["cpu"]
    if torch.cuda.is_available():
        present = ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count())), *present]
    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if name == "auto":
        return torch.device(present[0])
    if name not in present:
        raise DeviceError(
            f"The device must be one that this machine has, got '{name}'. There is: "
            f"{', '.join(present)}."
        )
    return torch.device(name)
