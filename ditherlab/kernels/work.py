"""The resources that the kernels may use; results do not depend on them."""

from dataclasses import dataclass

from ditherlab.kernels.library import Library


@dataclass(frozen=True)
class KernelWork:
    """A library, and what it may use.

    Attributes:
        library: The compiled kernels.
        num_threads: Threads that work on tiles.
        cache_bytes: Memory for the weights of tiles that are kept between visits.
    """

    library: Library
    num_threads: int = 1
    cache_bytes: int = 1 << 26
