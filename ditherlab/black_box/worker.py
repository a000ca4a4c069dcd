"""A process that calls one function, again and again, until nobody is there who asks."""

import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from ditherlab.black_box.function_source import FunctionSource
from ditherlab.black_box.priced_function import Masks, Pixels, PricedFunction
from ditherlab.errors import DitherlabError


@dataclass(frozen=True)
class Assignment:
    """What a worker has to know before the first picture.

    Attributes:
        source: The function.
        targets: What pictures shall look like.
        opaque: Where they take part.
    """

    source: FunctionSource
    targets: Pixels
    opaque: Masks


@dataclass(frozen=True)
class Started:
    """The process can be assigned."""


@dataclass(frozen=True)
class Ready:
    """The function is loaded."""


@dataclass(frozen=True)
class Costs:
    """What the pictures cost, in their order."""

    costs: list[float]


@dataclass(frozen=True)
class Failure:
    """The function failed; the worker goes on."""

    message: str


Reply = Started | Ready | Costs | Failure


def work(descriptor: int) -> None:
    """Serve the other end of a socket; the first message is an `Assignment`."""
    # Ctrl-C is for the run; it ends its workers itself.
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
    while True:
        pictures, places = requests.get()
        connection.send(_answer(function, assignment, pictures, places))


def _listen(connection: Connection, requests: "SimpleQueue[Any]") -> None:
    """Hand requests on; once the run is gone, end, even if the function never does."""
    while True:
        try:
            requests.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)


def _answer(
    function: PricedFunction, assignment: Assignment, pictures: Pixels, places: list[int]
) -> Reply:
    targets, opaque = assignment.targets[places], assignment.opaque[places]
    try:
        return Costs(function.price(pictures, targets, opaque))
    except DitherlabError as error:
        return Failure(str(error))
