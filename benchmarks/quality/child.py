"""A peer in a process of its own: it may crash, and its CPU time is its own.

python -m benchmarks.quality.child NAME TASK.npz RESULT.npz
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.quality.peers import PEERS, Peer
from benchmarks.quality.task import Outcome, Task, Tool, ToolError

ROOT = Path(__file__).resolve().parents[2]
_LIMIT_S = 900.0


def one_thread() -> Mapping[str, str]:
    """Return an environment in which numerical libraries use one thread."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, "1"), "GOMAXPROCS": "1"}


def in_child(peer: Peer) -> Tool:
    """Make a tool of a peer that dithers in a process of its own."""

    def dither(task: Task) -> Outcome:
        try:
            release = version(peer.package)
        except PackageNotFoundError as error:
            raise ToolError(f"{peer.package} is not installed") from error
        return replace(_dither_in_child(peer, task), version=release)

    return Tool(peer.name, peer.palettes, dither)


def _dither_in_child(peer: Peer, task: Task) -> Outcome:
    with TemporaryDirectory() as folder:
        asked, result = Path(folder, "task.npz"), Path(folder, "result.npz")
        np.savez(
            asked,
            pixels=task.pixels,
            colors=np.array(task.colors),
            is_learned=task.is_learned,
            seed=task.seed,
        )
        command = [
            sys.executable,
            "-m",
            "benchmarks.quality.child",
            peer.name,
            str(asked),
            str(result),
        ]
        run_to_end(command)
        with np.load(result) as arrays:
            return Outcome(arrays["pixels"], float(arrays["cpu_s"]), "")


def run_to_end(command: list[str]) -> None:
    """Run a command with one thread.

    Raises:
        ToolError: With the last line that it wrote to standard error, if it fails.
    """
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=one_thread(),
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"it took longer than {_LIMIT_S:.0f} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ToolError(lines[-1])


def children_s() -> float:
    """Return the CPU seconds of all processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(name: str, asked: str, result: str) -> None:
    """Do the task of a file with a peer, and write what came out."""
    peer = next(peer for peer in PEERS if peer.name == name)
    for module in peer.modules:
        import_module(module)
    with np.load(asked) as arrays:
        task = Task(
            pixels=arrays["pixels"],
            colors=tuple((int(r), int(g), int(b)) for r, g, b in arrays["colors"]),
            is_learned=bool(arrays["is_learned"]),
            seed=int(arrays["seed"]),
        )
    start_s = time.process_time() + children_s()
    pixels = peer.dither(task)
    np.savez(result, pixels=pixels, cpu_s=time.process_time() + children_s() - start_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
