"""The types in which `torch.autocast` computes: estimators keep their own."""

from contextlib import AbstractContextManager, nullcontext

import torch


def autocast_type(device: torch.device) -> torch.dtype | None:
    """Return the type that operations on a device are cast to; None without autocast."""
    if device.type == "meta" or not torch.is_autocast_enabled(device.type):
        return None
    return torch.get_autocast_dtype(device.type)


def set_autocast(device: torch.device, dtype: torch.dtype | None) -> AbstractContextManager[object]:
    """Compute on a device with casts to a type, or without casts."""
    if autocast_type(device) == dtype:
        return nullcontext()
    return torch.autocast(device.type, dtype, enabled=dtype is not None)
