"""The main loop of a worker process, which loads one function and calls it until the run ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from ditherlab.black_box.messages import (
    Costs,
    Failure,
    Load,
    Part,
    PixelTargets,
    Ready,
    Reply,
    Started,
    TensorTargets,
)
from ditherlab.black_box.priced_function import PricedFunction
from ditherlab.errors import DitherlabError

if TYPE_CHECKING:
    from ditherlab.black_box.arrays import Pixels, Planes


def work(descriptor: int) -> None:
    """Answer requests from a socket: `Load` first, then the targets, then pictures."""
    # The main process handles Ctrl-C and ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Processes that the function starts must not hold the connection open.
    os.set_inheritable(descriptor, False)
    connection = Connection(descriptor)
    requests: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, requests), daemon=True).start()
    # The code itself may close the connection; the worker then ends.
    with suppress(OSError):
        connection.send(Started())
        _serve(connection, requests)


def _serve(connection: Connection, requests: SimpleQueue[Any]) -> None:
    load: Load = requests.get()
    function = None
    try:
        if load.use == "cost":
            function = PricedFunction.load(load.source)
        else:
            load.source.find()
    except DitherlabError as error:
        connection.send(Failure.of(error))
        return
    except BaseException as error:
        connection.send(Failure.of(load.source.load_error(error)))
        return
    if function is None:
        connection.send(Ready(None))
        return
    connection.send(Ready(function.convention))
    answer = _answering(function, requests.get())
    while True:
        request = requests.get()
        try:
            reply = answer(request)
        except DitherlabError as error:
            reply = Failure.of(error)
        connection.send(reply)


def _listen(connection: Connection, requests: SimpleQueue[Any]) -> None:
    """Queue incoming requests; end the process when the run is gone, even in mid-call."""
    while True:
        try:
            requests.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)


def _answering(
    function: PricedFunction, targets: PixelTargets | TensorTargets
) -> Callable[[Any], Reply]:
    """Return a function that answers requests."""
    if isinstance(targets, TensorTargets):
        from ditherlab.black_box.tensor_function import TensorFunction

        return TensorFunction(function, targets).answer
    shown = _to_pixels(targets.planes)

    def answer(part: Part) -> Costs:
        opaque = targets.opaque[part.places]
        return Costs(function.price(_to_pixels(part.pictures), shown[part.places], opaque))

    return answer


def _to_pixels(planes: Planes) -> Pixels:
    """Put the channels of each pixel side by side; a gray one has three equal channels."""
    n, c, h, w = planes.shape
    pixels = np.empty((n, h, w, 3), dtype=np.uint8)
    # Copying channel by channel is four times as fast as a transposed copy.
    for channel in range(3):
        pixels[..., channel] = planes[:, channel % c]
    return pixels
