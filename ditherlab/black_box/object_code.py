"""Texts that tell the code of one object from that of another, for checkpoints."""

import inspect
import sys
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from types import CodeType
from typing import Any


def digest_object(value: Any) -> str:
    """Return a hash of the code of a callable or a class, and of the weights of a module.

    Values that code finds elsewhere, such as globals and those of a closure, do not count.

    Example:
        >>> digest_object(lambda x: x + 1) == digest_object(lambda x: x + 2)
        False
    """
    digest = sha256()
    for part in _parts(value):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    torch = sys.modules.get("torch")
    if isinstance(value, partial):
        yield repr((value.args, sorted(value.keywords.items()))).encode()
        yield from _parts(value.func)
    elif isinstance(value, type):
        yield _name(value)
        for name, member in sorted(vars(value).items()):
            yield name.encode()
            yield from _parts_of_member(member)
    elif torch is not None and isinstance(value, torch.nn.Module):
        yield _name(type(value))
        yield from _parts_of_member(type(value).forward)
        for name, tensor in value.state_dict().items():
            if not isinstance(tensor, torch.Tensor):
                # The extra state of a module may be anything.
                yield name.encode()
                continue
            plain = tensor.detach().cpu().contiguous()
            yield f"{name} {list(plain.shape)} {plain.dtype}".encode()
            yield plain.view(-1).view(torch.uint8).numpy().tobytes()
    else:
        function = inspect.unwrap(value) if inspect.isroutine(value) else type(value).__call__
        yield _name(function)
        yield from _parts_of_member(function)


def _name(value: Any) -> bytes:
    return f"{getattr(value, '__module__', '')}.{value.__qualname__}".encode()


def _parts_of_member(member: Any) -> Iterator[bytes]:
    function = getattr(member, "fget", None) or getattr(member, "func", None) or member
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        yield from _parts_of_code(code)


def _parts_of_code(code: CodeType) -> Iterator[bytes]:
    yield code.co_code
    yield repr(code.co_names).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts_of_code(constant)
        elif isinstance(constant, frozenset):
            # Their order differs from one process to the next.
            yield repr(sorted(map(repr, constant))).encode()
        else:
            yield repr(constant).encode()
