"""Runs the command line in a process of its own, and measures that process."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed.cases import Case

# As in the program: few full collections, and no clearing up at the end.
_TORCH = "import gc, os; gc.set_threshold(700, 10, 1000); import torch; os._exit(0)"


@dataclass(frozen=True)
class Usage:
    """What a process took.

    Attributes:
        cpu_s: CPU time.
        wall_s: From start to end.
        peak_bytes: Largest resident memory.
    """

    cpu_s: float
    wall_s: float
    peak_bytes: int


@dataclass(frozen=True)
class Checkout:
    """A checkout of ditherlab to measure, and which kernels it uses.

    Attributes:
        folder: Where it is.
        name: `this`, or `base` for the one to compare with.
        kernels: Value of DITHERLAB_KERNELS.
    """

    folder: Path
    name: str = "this"
    kernels: str = "auto"


def measure_process(words: list[str], checkout: Checkout, num_threads: int = 1) -> Usage:
    """Run Python with some words and wait for its end.

    Raises:
        RuntimeError: If it fails; with the last line that it wrote.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(checkout.folder),
        "OMP_NUM_THREADS": str(num_threads),
        "DITHERLAB_KERNELS": checkout.kernels,
    }
    # As after an installation, modules are compiled once and not in each run.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start_s = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        cwd=checkout.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        errors = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{' '.join(words)}: exit code {process.returncode}, {last}")
    wall_s = time.perf_counter() - start_s
    return Usage(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * 1024)


def measure_torch(checkout: Checkout, num_runs: int = 3) -> Usage:
    """Return what the import of torch alone takes: the least of some runs."""
    runs = [measure_process(["-c", _TORCH], checkout) for _ in range(num_runs)]
    return min(runs, key=lambda usage: usage.cpu_s)


def measure_case(case: Case, picture: Path, checkout: Checkout, num_runs: int = 2) -> Usage:
    """Return the run with the least CPU time of some, the report included."""
    output = picture.with_name(f"{picture.stem}-out.png")
    words = ["-m", "ditherlab", "optimize", str(picture), *case.words, "-o", str(output)]
    runs = [
        measure_process([*words, "--overwrite"], checkout, case.num_threads)
        for _ in range(num_runs)
    ]
    return min(runs, key=lambda usage: usage.cpu_s)


def record(case: Case, usage: Usage, torch: Usage, checkout: Checkout) -> dict[str, Any]:
    """Return the JSON line of a run; times and memory are those beside torch's import."""
    return {
        "case": case.name,
        "kind": case.kind,
        "width": case.width,
        "height": case.height,
        "words": " ".join(case.words),
        "threads": case.num_threads,
        "kernels": checkout.kernels,
        "checkout": checkout.name,
        "cpu_s": round(max(usage.cpu_s - torch.cpu_s, 0.0), 3),
        "wall_s": round(usage.wall_s, 3),
        "peak_bytes": usage.peak_bytes,
        "bytes_per_px": round(
            max(usage.peak_bytes - torch.peak_bytes, 0) / (case.width * case.height), 1
        ),
    }


SCHEMA: dict[str, type] = {
    "case": str,
    "kind": str,
    "width": int,
    "height": int,
    "words": str,
    "threads": int,
    "kernels": str,
    "checkout": str,
    "cpu_s": float,
    "wall_s": float,
    "peak_bytes": int,
    "bytes_per_px": float,
}
"""The type of each entry of a JSON line."""


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines.

    Raises:
        ValueError: If a line is not of the schema.
    """
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, line in enumerate(found, start=1):
        check_record(line, f"{path.name}, line {number}")
    return found


def check_record(line: dict[str, Any], where: str) -> None:
    """Refuse a line that is not of the schema.

    Raises:
        ValueError: If an entry is missing, unknown or of another type.
    """
    if set(line) != set(SCHEMA):
        raise ValueError(f"{where}: the entries must be {', '.join(SCHEMA)}, got {sorted(line)}.")
    for name, kind in SCHEMA.items():
        if not isinstance(line[name], kind):
            raise ValueError(f"{where}: `{name}` must be {kind.__name__}, got {line[name]!r}.")
