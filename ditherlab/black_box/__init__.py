"""Python functions that price pictures, the worker processes that call them, and deadlines.

Nothing here imports torch unless a function needs it, so a process that only uses numpy starts in
a tenth of a second.
"""

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
