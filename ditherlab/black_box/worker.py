"""The main loop of a worker process, which calls one function until the run ends."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from ditherlab.black_box.function_source import FunctionSource
from ditherlab.black_box.priced_function import PricedFunction
from ditherlab.errors import DitherlabError

if TYPE_CHECKING:
    from ditherlab.black_box.arrays import Masks, Pixels, Planes


@dataclass(frozen=True)
class Assignment:
    """The first message to a worker.

    Attributes:
        source: The function.
        targets: The target pictures.
        opaque: True at opaque pixels of each target.
    """

    source: FunctionSource
    targets: Planes
    opaque: Masks


@dataclass(frozen=True)
class Started:
    """The process runs and waits for an `Assignment`."""


@dataclass(frozen=True)
class Ready:
    """The function is loaded."""


@dataclass(frozen=True)
class Costs:
    """The costs of the pictures, in their order."""

    costs: list[float]


@dataclass(frozen=True)
class Failure:
    """The function failed; the worker keeps running."""

    message: str


Reply = Started | Ready | Costs | Failure


def work(descriptor: int) -> None:
    """Answer requests from a socket; the first message must be an `Assignment`."""
    # The main process handles Ctrl-C and ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(descriptor)
    requests: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, requests), daemon=True).start()
    connection.send(Started())
    assignment: Assignment = requests.get()
    try:
        function = PricedFunction.load(assignment.source)
    except DitherlabError as error:
        connection.send(Failure(str(error)))
        return
    connection.send(Ready())
    targets = _to_pixels(assignment.targets)
    # The function itself may close the connection; the worker then ends as well.
    with suppress(OSError):
        while True:
            planes, places = requests.get()
            pictures, opaque = _to_pixels(planes), assignment.opaque[places]
            connection.send(_answer(function, pictures, targets[places], opaque))


def _listen(connection: Connection, requests: "SimpleQueue[Any]") -> None:
    """Queue incoming requests; end the process when the run is gone, even in mid-call."""
    while True:
        try:
            requests.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)


def _answer(function: PricedFunction, pictures: Pixels, targets: Pixels, opaque: Masks) -> Reply:
    try:
        return Costs(function.price(pictures, targets, opaque))
    except DitherlabError as error:
        return Failure(str(error))


def _to_pixels(planes: Planes) -> Pixels:
    """Put the channels of each pixel side by side; a gray one has three equal channels."""
    n, c, h, w = planes.shape
    pixels = np.empty((n, h, w, 3), dtype=np.uint8)
    # Copying channel by channel is four times as fast as a transposed copy.
    for channel in range(3):
        pixels[..., channel] = planes[:, channel % c]
    return pixels
