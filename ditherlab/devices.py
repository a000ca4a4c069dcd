"""The devices that torch computes on: the threads of the CPU, and what accelerators lack."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

WITHOUT_DOUBLES = {"mps"}
"""Types of devices that have no numbers in double precision."""


def has_doubles(device: "torch.device") -> bool:
    """Return whether a device computes in double precision."""
    return device.type not in WITHOUT_DOUBLES


def is_accelerator(device: "torch.device") -> bool:
    """Return whether a device works beside the host, which then should not wait for it."""
    return device.type != "cpu"


def widen(tensor: "torch.Tensor") -> "torch.Tensor":
    """Return numbers in double precision, or unchanged on a device that has none."""
    return tensor.double() if has_doubles(tensor.device) else tensor


def to_host(*tensors: "torch.Tensor") -> list["torch.Tensor"]:
    """Return tensors of one type on the CPU; an accelerator is waited for once."""
    import torch

    if not is_accelerator(tensors[0].device):
        return list(tensors)
    moved = torch.cat([tensor.flatten() for tensor in tensors]).cpu()
    parts = moved.split([tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


@contextmanager
def one_thread() -> Iterator[int]:
    """Let torch compute on one thread of the CPU, and yield the number that it had.

    Torch splits a sum among its threads, and several other operations round differently at the
    borders of their parts: only with one thread are results the same for any number of cores.
    """
    import torch

    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield num_threads
    finally:
        torch.set_num_threads(num_threads)
