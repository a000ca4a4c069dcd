"""Python functions that price pictures, the worker processes that call them, and deadlines.

Nothing here imports torch unless a function needs it, so a process that only uses numpy starts in
a tenth of a second.
"""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.black_box.calling_convention import CallingConvention, cost_function
    from ditherlab.black_box.function_source import FunctionSource
    from ditherlab.black_box.priced_function import PricedFunction
    from ditherlab.black_box.worker_pool import Part, WorkerPool

__all__ = [
    "CallingConvention",
    "FunctionSource",
    "Part",
    "PricedFunction",
    "WorkerPool",
    "cost_function",
]

__getattr__ = lazy_names(
    __name__,
    {
        "CallingConvention": "calling_convention",
        "FunctionSource": "function_source",
        "Part": "worker_pool",
        "PricedFunction": "priced_function",
        "WorkerPool": "worker_pool",
        "cost_function": "calling_convention",
    },
)
