"""The number of threads that torch computes with."""

from collections.abc import Iterator
from contextlib import contextmanager


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
