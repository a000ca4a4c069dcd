"""A device that torch does not have: tensors on the CPU that say they are on an accelerator.

What a host and an accelerator may not do together raises or is counted, so that the way on a GPU is
tested where there is none.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_any, tree_map_only

from ditherlab import devices
from ditherlab.vision import filtering

_NAME = "meta"

PRETENDED = torch.device(_NAME)
"""The device, by the name of one that torch accepts everywhere."""

# Each makes the host wait for the result.
_WAITS = {
    "_local_scalar_dense",
    "_unique2",
    "bincount",
    "equal",
    "is_nonzero",
    "linalg_cholesky_ex",
    "_linalg_solve_ex",
    "masked_select",
    "nonzero",
    "repeat_interleave",
    "unique_consecutive",
    "unique_dim",
}
_INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_"}
# Copies that a wrapper takes for the result of a computation are none.
_FREE = {"detach", "alias", "lift_fresh", "_unsafe_view"}


class FloatError(RuntimeError):
    """A number in double precision on a device that has none."""


@dataclass
class Traffic:
    """What a host asked of an accelerator.

    Attributes:
        launches: Operations that compute something, by name; views are none.
        waits: Operations for which the host waits, by name: results that it reads, and uploads.
    """

    launches: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)

    @property
    def num_launches(self) -> int:
        """How many operations there were."""
        return sum(self.launches.values())

    @property
    def num_waits(self) -> int:
        """How often the host waited."""
        return sum(self.waits.values())


class _Pretended(Tensor):
    """A tensor of the CPU that says it is elsewhere."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "_Pretended":
        made: _Pretended = Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            inner.stride(),
            inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            device=PRETENDED,
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, *_arguments: Any) -> Any:
        raise RuntimeError("A tensor of a pretended device was used outside of its block.")

    def __repr__(self) -> str:  # type: ignore[override]
        return f"pretended {self.inner!r}"


class _Device(TorchDispatchMode):
    def __init__(self, *, has_doubles: bool) -> None:
        super().__init__()
        self.has_doubles = has_doubles
        self.traffic = Traffic()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Torch would import its compiler, which takes seconds.
        return False

    def __torch_dispatch__(
        self, call: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = call._schema.name.partition("::")[2]
        is_input = tree_any(lambda x: isinstance(x, _Pretended), (args, kwargs))
        asked = kwargs.get("device")
        is_here = is_input if asked is None else _is_pretended(asked)
        if not (is_input or is_here):
            return call(*args, **kwargs)
        may_mix = name in _INDEXING or name == "copy_"
        if is_input and not may_mix and not (name == "_to_copy" and asked is not None):
            self._check_homes(name, args, kwargs)
        if name in _INDEXING:
            self.traffic.waits.update("upload" for x in args[1] if _is_on_host(x))
        self._count(name, call, args, is_input=is_input, is_here=is_here)
        if asked is not None:
            kwargs["device"] = torch.device("cpu")
        inner_args, inner_kwargs = tree_map_only(_Pretended, lambda x: x.inner, (args, kwargs))
        found = call(*inner_args, **inner_kwargs)
        if not is_here:
            return found
        known = {id(x.inner): x for x in _pretended_in((args, kwargs))}
        return tree_map_only(
            Tensor, lambda x: known[id(x)] if id(x) in known else self._wrap(x), found
        )

    def _wrap(self, inner: Tensor) -> Tensor:
        if inner.dtype == torch.float64 and not self.has_doubles:
            raise FloatError("A tensor in double precision was made on the device.")
        return _Pretended(inner)

    def _count(self, name: str, call: Any, args: Any, *, is_input: bool, is_here: bool) -> None:
        is_view = call.is_view or name in _FREE
        is_move = name == "_to_copy" and is_input != is_here
        is_copied_over = name == "copy_" and _is_mixed(args[:2])
        by_mask = name in _INDEXING and any(
            index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1]
        )
        if is_move or is_copied_over:
            self.traffic.waits["download" if is_input and not is_here else "upload"] += 1
        elif name in _WAITS or by_mask:
            self.traffic.waits[f"{name} by a mask" if by_mask else name] += 1
        if not is_view:
            self.traffic.launches[name] += 1

    def _check_homes(self, name: str, args: Any, kwargs: Any) -> None:
        """Refuse tensors of the host, of which numbers without axes are the only ones allowed."""
        others: list[Tensor] = []
        tree_map_only(Tensor, others.append, (args, kwargs))
        if any(_is_on_host(x) and x.ndim for x in others):
            raise RuntimeError(f"`{name}` mixes tensors of the host and of the device.")


_GENERATOR = torch.Generator


class _Generators(type(_GENERATOR)):  # type: ignore[misc]
    """Modules that are imported meanwhile check their arguments' types by the class they see."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _GENERATOR)


class _HostGenerator(_GENERATOR, metaclass=_Generators):
    """A generator on the CPU, whatever is asked for."""

    def __new__(cls, device: object = "cpu") -> "_HostGenerator":
        del device
        return super().__new__(cls)

    def __init__(self, device: object = "cpu") -> None:
        del device


class _Uploads(TorchFunctionMode):
    """Makes tensors of given numbers on the host and moves them: torch itself drops the numbers."""

    def __torch_function__(
        self, call: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if call is torch.tensor and _is_pretended(kwargs.get("device", "cpu")):
            device = kwargs.pop("device")
            return call(*args, **kwargs).to(device)
        if call is Tensor.new_tensor and isinstance(args[0], _Pretended):
            return torch.tensor(args[1], dtype=args[0].dtype).to(args[0].device)
        return call(*args, **kwargs)


def _is_pretended(device: object) -> bool:
    return torch.device(device).type == _NAME  # type: ignore[arg-type]


def _pretended_in(values: Any) -> list[_Pretended]:
    found: list[_Pretended] = []
    tree_map_only(_Pretended, found.append, values)
    return found


def _is_on_host(value: object) -> bool:
    return isinstance(value, Tensor) and not isinstance(value, _Pretended)


def _is_mixed(tensors: Any) -> bool:
    return len({isinstance(x, _Pretended) for x in tensors}) == 2


@contextmanager
def pretended_device(monkeypatch: Any, *, has_doubles: bool = True) -> Iterator[Traffic]:
    """Pretend to have an accelerator inside a block; what is asked of it is counted.

    Generators stay on the CPU, and say so.
    """
    monkeypatch.setattr(torch, "Generator", _HostGenerator)
    if not has_doubles:
        monkeypatch.setattr(devices, "WITHOUT_DOUBLES", {_NAME})
    mode = _Device(has_doubles=has_doubles)
    try:
        with _Uploads(), mode:
            yield mode.traffic
    finally:
        # They hold tensors of this device by a name that others have too.
        filtering._upload_taps.cache_clear()
        filtering._upload_positions.cache_clear()
