"""Python functions that price pictures, the worker processes that call them, and deadlines.

Nothing here imports torch unless a function needs it, so a process that only uses numpy starts in
a tenth of a second.
"""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.black_box.calling_convention import CallingConvention, cost_function, is_marked
    from ditherlab.black_box.function_source import FunctionSource
    from ditherlab.black_box.messages import Part, Tensors, TensorTargets
    from ditherlab.black_box.priced_function import PricedFunction
    from ditherlab.black_box.tensor_worker import TensorWorker
    from ditherlab.black_box.worker_pool import WorkerPool

__all__ = [
    "CallingConvention",
    "FunctionSource",
    "Part",
    "PricedFunction",
    "TensorTargets",
    "TensorWorker",
    "Tensors",
    "WorkerPool",
    "cost_function",
    "is_marked",
]

__getattr__ = lazy_names(
    __name__,
    {
        "CallingConvention": "calling_convention",
        "FunctionSource": "function_source",
        "Part": "messages",
        "PricedFunction": "priced_function",
        "TensorTargets": "messages",
        "TensorWorker": "tensor_worker",
        "Tensors": "messages",
        "WorkerPool": "worker_pool",
        "cost_function": "calling_convention",
        "is_marked": "calling_convention",
    },
)
