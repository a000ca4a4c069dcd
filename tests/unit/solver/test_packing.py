"""Nested values are the same after they were packed, also in memory, and nothing is run."""

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from ditherlab.errors import CheckpointError
from ditherlab.protocol import Kept
from ditherlab.solver.packing import pack, unpack

CPU = torch.device("cpu")


@dataclass
class Box(Kept):
    content: Any
    number: int = 1


def again(value: Any) -> Any:
    packed, tensors = pack(value)
    return unpack(json.loads(json.dumps(packed)), tensors, CPU)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        0.1,
        math.inf,
        "text",
        [],
        (),
        {},
        [1, (2.5, [None]), {"a": (), 7: False}],
        {"tuple": 1, "dict": 2, "again": 0, "tensor": "t0", "kept": "x"},
        Box((1, Box({}))),
    ],
)
def test_plain_values_keep_their_types(value: Any) -> None:
    assert repr(again(value)) == repr(value)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.uint8, torch.bool])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_tensors(kind: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = torch.arange(math.prod(shape)).reshape(shape).to(kind)
    found = again(tensor)
    assert found.dtype == kind
    assert found.shape == tensor.shape
    assert torch.equal(found, tensor)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2), (2, 1, 0)])
def test_the_order_of_numbers_in_memory_stays(axes: tuple[int, ...]) -> None:
    tensor = torch.rand(2, 3, 4).permute(axes)
    found = again(tensor)
    assert torch.equal(found, tensor)
    assert found.stride() == tensor.stride()


def test_views_that_share_memory_are_stored_by_themselves() -> None:
    tensor = torch.rand(2, 3)
    found = again([tensor, tensor[None], tensor[:, 1], tensor.expand(4, 2, 3)])
    assert torch.equal(found[0], tensor)
    assert torch.equal(found[1], tensor[None])
    assert torch.equal(found[2], tensor[:, 1])
    assert torch.equal(found[3], tensor.expand(4, 2, 3))


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        ([0, 255], torch.uint8),
        ([-1, 255], torch.int16),
        ([0, 40_000], torch.int32),
        ([0, 1 << 40], torch.int64),
    ],
)
def test_whole_numbers_are_stored_in_few_bytes(values: list[int], stored: torch.dtype) -> None:
    _, tensors = pack(torch.tensor(values))
    assert tensors["t0"].dtype == stored
    found = again(torch.tensor(values))
    assert (found.dtype, found.tolist()) == (torch.int64, values)


def test_one_object_stays_one_object() -> None:
    tensor, generator = torch.rand(3), torch.Generator().manual_seed(5)
    box = Box(tensor)
    found = again([box, generator, {"a": tensor, "b": box}, generator, torch.rand(3)])
    assert found[0] is found[2]["b"]
    assert found[0].content is found[2]["a"]
    assert found[1] is found[3]
    assert found[4] is not found[0].content
    expected = torch.rand(4, generator=generator)
    assert torch.equal(torch.rand(4, generator=found[1]), expected)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", len, [{"a": object}]])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(CheckpointError, match="must be plain, a tensor, a generator or a"):
        pack(value)


@pytest.mark.parametrize(
    "name", ["os.system", "ditherlab.stages.polish.Polish", "subprocess.Popen"]
)
def test_only_kept_classes_are_made(name: str) -> None:
    with pytest.raises(KeyError):
        unpack({"kept": name, "fields": {}}, {}, CPU)
