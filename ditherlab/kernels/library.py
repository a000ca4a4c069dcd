"""The compiled library: where it is, whether this machine can run it, and whether it is wanted."""

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ditherlab.errors import RequestError

if TYPE_CHECKING:
    import torch

KERNELS_VARIABLE = "DITHERLAB_KERNELS"
"""Environment variable: `auto`, `torch`, `compiled`, or the path of a compiled library."""

_VERSION = 4
_FOLDER = Path(__file__).parent
_SUFFIXES = (".so", ".pyd", ".dll", ".dylib")

# The plain library runs everywhere, and knows whether the faster one does.
_PLAIN, _FASTER = "_compiled", "_compiled_x86_64_v3"

_POINTER_RESULTS = (
    "ditherlab_polish_new",
    "ditherlab_mean_field_new",
    "ditherlab_mean_field_slopes",
    "ditherlab_mean_field_means",
    "ditherlab_mean_field_squares",
    "ditherlab_mean_field_variance_weights",
)
_DOUBLE_RESULTS = ("ditherlab_polish_price", "ditherlab_mean_field_estimate")
_INT64_RESULTS = ("ditherlab_polish_visit", "ditherlab_polish_tile_bytes")

# Functions that may run out of memory.
_GUARDED = (
    "ditherlab_polish_new",
    "ditherlab_polish_set_colors",
    "ditherlab_polish_set_prices",
    "ditherlab_polish_visit",
    "ditherlab_polish_price",
    "ditherlab_polish_replay",
    "ditherlab_diffuse_error",
    "ditherlab_mean_field_new",
    "ditherlab_mean_field_set_colors",
    "ditherlab_mean_field_estimate",
    "ditherlab_mean_field_respond",
    "ditherlab_add_palette_equations",
    "ditherlab_compare_rows",
    "ditherlab_filter_planes",
    "ditherlab_find_nearest",
)


@dataclass(frozen=True, eq=False)
class Library:
    """A loaded library.

    Attributes:
        name: File name without suffixes.
        functions: The functions of the C interface, as attributes.
    """

    name: str
    functions: Any


@dataclass(frozen=True)
class Missing:
    """The reason why there is no compiled library."""

    reason: str


def kernels_for(device: "torch.device | str") -> Library | None:
    """Return the compiled kernels for work on a device; None where torch does it.

    Raises:
        RequestError: If `DITHERLAB_KERNELS` asks for kernels that cannot be loaded.
    """
    if str(device).partition(":")[0] != "cpu":
        return None
    found = find_library(_wanted_library())
    return found if isinstance(found, Library) else None


def describe_kernels() -> str:
    """Describe in one line what does the work on this machine's CPU.

    Raises:
        RequestError: If `DITHERLAB_KERNELS` asks for kernels that cannot be loaded.
    """
    found = find_library(_wanted_library())
    if isinstance(found, Missing):
        return f"kernels: torch ({found.reason})"
    machine = found.name.removeprefix(_PLAIN).strip("_").replace("_", "-")
    return f"kernels: compiled ({machine or 'for any machine'})"


def _wanted_library() -> str:
    return os.environ.get(KERNELS_VARIABLE) or "auto"


@cache
def find_library(wanted: str) -> Library | Missing:
    """Load the library that the environment variable asks for.

    Raises:
        RequestError: If it is not there, or is not a library of this version.
    """
    if wanted == "torch":
        return Missing(f"{KERNELS_VARIABLE}=torch")
    if wanted in ("auto", "compiled"):
        found = _load_best()
        if wanted == "compiled" and isinstance(found, Missing):
            raise RequestError(
                f"`{KERNELS_VARIABLE}=compiled` needs compiled kernels, and there are none: "
                f"{found.reason}. Install a C++ compiler and ditherlab again, or use `auto`."
            )
        return found
    found = _load(Path(wanted))
    if isinstance(found, Missing):
        raise RequestError(
            f"`{KERNELS_VARIABLE}` must be auto, torch, compiled or the path of a compiled "
            f"library, got {wanted!r}: {found.reason}."
        )
    return found


def _load_best() -> Library | Missing:
    plain = _load_named(_PLAIN)
    if isinstance(plain, Missing) or not plain.functions.ditherlab_runs_x86_64_v3():
        return plain
    faster = _load_named(_FASTER)
    return plain if isinstance(faster, Missing) else faster


def _load_named(name: str) -> Library | Missing:
    for path in sorted(_FOLDER.glob(f"{name}.*")):
        if path.suffix in _SUFFIXES:
            return _load(path)
    return Missing("not compiled")


def _load(path: Path) -> Library | Missing:
    try:
        functions = ctypes.CDLL(str(path))
        version = functions.ditherlab_version()
    except (OSError, AttributeError):
        return Missing(f"{path.name} cannot be loaded")
    if version != _VERSION:
        return Missing(f"{path.name} is of version {version}, not {_VERSION}")
    check = _check_failure(functions)
    for name in _GUARDED:
        getattr(functions, name).errcheck = check
    for names, result in (
        (_POINTER_RESULTS, ctypes.c_void_p),
        (_DOUBLE_RESULTS, ctypes.c_double),
        (_INT64_RESULTS, ctypes.c_int64),
    ):
        for name in names:
            getattr(functions, name).restype = result
    return Library(path.name.partition(".")[0], functions)


def _check_failure(functions: Any) -> Any:
    """Return what ctypes calls after a function: it raises what C cannot."""

    def check(result: Any, _function: Any, _arguments: Any) -> Any:
        if functions.ditherlab_take_failure():
            raise MemoryError("The kernels ran out of memory.")
        return result

    return check
