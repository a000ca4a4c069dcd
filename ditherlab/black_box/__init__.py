"""Python functions that price pictures, and the processes that call them.

Nothing in here imports torch unless a function asks for it: a process that only computes with
numpy starts in a tenth of a second.
"""

from ditherlab.black_box.crew import Crew, Part
from ditherlab.black_box.function_source import FunctionSource
from ditherlab.black_box.manner import Manner, cost_function
from ditherlab.black_box.priced_function import PricedFunction

__all__ = [
    "Crew",
    "FunctionSource",
    "Manner",
    "Part",
    "PricedFunction",
    "cost_function",
]
