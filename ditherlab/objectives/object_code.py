"""Texts that tell the code of one object from that of another, for checkpoints."""

import inspect
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from types import CodeType
from typing import Any

from torch import nn


def digest_object(value: Any) -> str:
    """Return a hash of the code of a callable, and of the weights of a module.

    Values that a function finds elsewhere, such as globals and those of a closure, do not count.
    """
    digest = sha256()
    for part in _parts(value):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, partial):
        yield repr((value.args, sorted(value.keywords))).encode()
        yield from _parts(value.func)
    elif isinstance(value, nn.Module):
        yield f"{type(value).__module__}.{type(value).__qualname__}".encode()
        yield from _parts_of_code(getattr(type(value).forward, "__code__", None))
        for name, tensor in value.state_dict().items():
            yield name.encode()
            yield repr(tensor.shape).encode()
            yield tensor.detach().cpu().contiguous().flatten().view(-1).numpy().tobytes()
    else:
        function = inspect.unwrap(value) if inspect.isroutine(value) else type(value).__call__
        yield f"{getattr(function, '__module__', '')}.{function.__qualname__}".encode()
        yield from _parts_of_code(getattr(function, "__code__", None))


def _parts_of_code(code: CodeType | None) -> Iterator[bytes]:
    if code is None:
        return
    yield code.co_code
    yield repr(code.co_names).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts_of_code(constant)
        else:
            yield repr(constant).encode()
