"""Trial loads of Python code in a process of its own, so that it cannot harm the run."""

from functools import cache
from hashlib import sha256

from ditherlab.black_box.calling_convention import CallingConvention
from ditherlab.black_box.deadline import DeadlineError
from ditherlab.black_box.function_source import FunctionSource
from ditherlab.black_box.messages import Load, Ready, Use
from ditherlab.black_box.worker_process import WorkerProcess, end_processes
from ditherlab.errors import CodeError


def read_convention(source: FunctionSource) -> CallingConvention:
    """Load a function in another process and return its calling convention.

    Raises:
        RequestError: If it does not exist, or cannot be called as a cost.
        CodeError: If it cannot be loaded, or not before the deadline.
    """
    convention = _load_once(source, "cost")
    if convention is None:
        raise TypeError("A cost must have a calling convention.")
    return convention


def try_to_load(source: FunctionSource) -> None:
    """Load code in another process, which ends it if it hangs or exits.

    Raises:
        RequestError: If it does not exist.
        CodeError: If it cannot be loaded, or not before the deadline.
    """
    _load_once(source, "stage")


def digest(source: FunctionSource) -> str:
    """Return the hash of a file; an empty text for a module, and without a file."""
    is_there = source.is_file and source.path.is_file()
    return sha256(source.path.read_bytes()).hexdigest() if is_there else ""


def _load_once(source: FunctionSource, use: Use) -> CallingConvention | None:
    place = str(source.path) if source.is_file else ""
    return _load((source.words, source.location, source.name), use, (place, digest(source)))


@cache
def _load(
    described: tuple[str, str, str], use: Use, code: tuple[str, str]
) -> CallingConvention | None:
    """Load code once, until its file changes."""
    del code
    source = FunctionSource(*described)
    worker = WorkerProcess(Load(source, use))
    try:
        reply = worker.wait_for_reply()
    except DeadlineError:
        raise CodeError(
            f"`{source.words}`: '{source.location}' was still being loaded when the time was up. "
            "Give it more time by `--max-seconds`, or let it do less when it is loaded."
        ) from None
    finally:
        end_processes([worker])
    return reply.convention if isinstance(reply, Ready) else None
