"""Nested values as JSON and named tensors, and back; nothing in them is ever run."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from ditherlab.errors import CheckpointError
from ditherlab.protocol import Kept

Tensors = Mapping[str, Tensor]

# Whole numbers, such as palette indices, are stored in the first of these that holds them.
_NARROW = (torch.uint8, torch.int16, torch.int32)


def pack(value: Any) -> tuple[Any, dict[str, Tensor]]:
    """Turn nested values into JSON types and tensors on the CPU.

    An object that occurs several times is stored once, and `unpack` makes it once.

    Args:
        value: Plain values, tensors, generators and `Kept` dataclasses, in lists, tuples and dicts.

    Returns:
        The JSON value, and the tensors by the names that it uses.

    Raises:
        CheckpointError: If there is a value of another kind.
    """
    packer = _Packer()
    return packer.pack(value), packer.tensors


def unpack(packed: Any, tensors: Tensors, device: torch.device) -> Any:
    """Return the values that `pack` turned into JSON and tensors.

    Args:
        packed: The JSON value.
        tensors: By name.
        device: Of the tensors and generators that were not on the CPU.
    """
    return _Unpacker(tensors, device).unpack(packed)


class _Packer:
    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        # The objects stay referenced, so that no other gets the identity of one of them.
        self._known: dict[int, tuple[object, Any]] = {}
        self._places: set[int] = set()

    def pack(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, list):
            return [self.pack(item) for item in value]
        if isinstance(value, tuple):
            return {"tuple": [self.pack(item) for item in value]}
        if isinstance(value, Mapping):
            return {"dict": [[self.pack(key), self.pack(item)] for key, item in value.items()]}
        if id(value) not in self._known:
            packed = self._pack_object(value)
            self._known[id(value)] = (value, {"again": len(self._known)})
            return packed
        return self._known[id(value)][1]

    def _pack_object(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self._pack_tensor(value)
        if isinstance(value, torch.Generator):
            return {"generator": self._pack_tensor(value.get_state()), "on": value.device.type}
        if isinstance(value, Kept):
            values = {f.name: self.pack(getattr(value, f.name)) for f in fields(value)}  # type: ignore[arg-type]
            return {"kept": value.kept_name(), "fields": values}
        raise CheckpointError(
            "A value in a checkpoint must be plain, a tensor, a generator or a dataclass that "
            f"extends `Kept`, got {type(value).__name__}."
        )

    def _pack_tensor(self, tensor: Tensor) -> dict[str, Any]:
        name = f"t{len(self.tensors)}"
        plain = tensor.detach()
        stored = _narrowed(plain).cpu().contiguous()
        # A view of a tensor that is stored too would share memory with it.
        place = stored.untyped_storage().data_ptr()
        self.tensors[name] = stored.clone() if place in self._places else stored
        self._places.add(place)
        return {
            "tensor": name,
            "type": str(tensor.dtype).removeprefix("torch."),
            "on": tensor.device.type,
            **({} if plain.is_contiguous() else {"axes": _axes(plain)}),
        }


class _Unpacker:
    def __init__(self, tensors: Tensors, device: torch.device) -> None:
        self.tensors, self.device = tensors, device
        self._known: list[Any] = []

    def unpack(self, packed: Any) -> Any:
        if isinstance(packed, list):
            return [self.unpack(item) for item in packed]
        if not isinstance(packed, dict):
            return packed
        if "tuple" in packed:
            return tuple(self.unpack(item) for item in packed["tuple"])
        if "dict" in packed:
            return {self.unpack(key): self.unpack(item) for key, item in packed["dict"]}
        if "again" in packed:
            return self._known[packed["again"]]
        value = self._unpack_object(packed)
        self._known.append(value)
        return value

    def _unpack_object(self, packed: Mapping[str, Any]) -> Any:
        if "tensor" in packed:
            return self._unpack_tensor(packed)
        if "generator" in packed:
            generator = torch.Generator(self._place(packed))
            return generator.set_state(self._unpack_tensor(packed["generator"]))
        values = {name: self.unpack(item) for name, item in packed["fields"].items()}
        make: Callable[..., Kept] = Kept.kept_classes[packed["kept"]]
        return make(**values)

    def _unpack_tensor(self, packed: Mapping[str, Any]) -> Tensor:
        stored = self.tensors[packed["tensor"]]
        axes = packed.get("axes", list(range(stored.dim())))
        # A tensor of its own, in memory that torch aligned, with the axes in the same order.
        empty = torch.empty(
            [stored.shape[axis] for axis in axes],
            dtype=getattr(torch, packed["type"]),
            device=self._place(packed),
        )
        places = sorted(range(len(axes)), key=axes.__getitem__)
        return empty.permute(places).copy_(stored)

    def _place(self, packed: Mapping[str, Any]) -> torch.device:
        return torch.device("cpu") if packed["on"] == "cpu" else self.device


def _narrowed(tensor: Tensor) -> Tensor:
    """Return whole numbers in the smallest type that holds them all."""
    if tensor.dtype != torch.int64 or not tensor.numel():
        return tensor
    low, high = (int(value) for value in tensor.aminmax())
    for narrow in _NARROW:
        limits = torch.iinfo(narrow)
        if limits.min <= low and high <= limits.max:
            return tensor.to(narrow)
    return tensor


def _axes(tensor: Tensor) -> list[int]:
    """Return the axes from the slowest to the fastest in memory.

    Sums depend on the order of the numbers in memory.
    """
    strides = tensor.stride()
    return sorted(range(tensor.dim()), key=lambda axis: -strides[axis])
