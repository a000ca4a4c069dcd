"""Time whole runs on a GPU, beside the CPU of the same machine, as JSON lines.

    python -m benchmarks.gpu [--device cuda:1] [--most-seconds 240] > gpu.jsonl

The first line describes the machine. The others are runs, the small pictures first: seconds of the
whole run and of each stage, the cost that it ended with, and the peak of the GPU's memory. Each run
is made twice, and the second one is told: the first one loads the libraries of the device. Cases
that would not fit into the time are left out.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from ditherlab.errors import DeviceError
from ditherlab.images import Picture
from ditherlab.palette import named_palette
from ditherlab.problem import LearnedPalette, Problem, find_device
from ditherlab.recipe.default import Shorthands, default_recipe
from ditherlab.solver.snapshot import Snapshot
from ditherlab.solver.solver import optimize

PHOTO = Path(__file__).resolve().parent.parent / "images" / "astronaut.png"
SIDES_PX = (256, 512, 1024, 2048, 4096)

# A larger side takes at most this many times as long: it has four times the pixels, and more room
# to keep the device busy.
MOST_GROWTH = 4.5

# Beyond this side, the CPU alone would take all of the time.
LARGEST_ON_CPU_PX = 512


@dataclass(frozen=True)
class Case:
    """One run.

    Attributes:
        name: The name in the figures.
        side_px: Of the square picture.
        palette: A name, or the number of colors to learn.
    """

    name: str
    side_px: int
    palette: str | int

    def problem(self) -> Problem:
        """Scale the photo to the side, and state the problem."""
        with Image.open(PHOTO) as photo:
            image = photo.convert("RGB").resize((self.side_px, self.side_px))
        opaque = np.ones((self.side_px, self.side_px), dtype=bool)
        palette = self.palette
        return Problem(
            picture=Picture(pixels=np.array(image), opaque=opaque),
            palette=LearnedPalette(palette) if isinstance(palette, int) else named_palette(palette),
        )


def list_cases(sides_px: Sequence[int] = SIDES_PX) -> list[Case]:
    """Return all cases, from small to large pictures."""
    palettes: dict[str, str | int] = {"fixed": "pico-8", "learned": 16}
    return [
        Case(name, side_px, palette) for side_px in sides_px for name, palette in palettes.items()
    ]


def run_case(
    case: Case, device: torch.device, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Any]:
    """Make a run, and return its figures."""
    problem = case.problem()
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    seen: list[Snapshot] = []
    start_s = clock()
    solution = optimize(
        problem,
        default_recipe(problem, Shorthands()),
        device=str(device),
        clock=clock,
        on_progress=seen.append,
        # Each report waits for the device; those at the ends of stages cannot be left out.
        seconds_between_reports=3600,
    )
    seconds = clock() - start_s
    ends_s = {snapshot.stage: snapshot.seconds for snapshot in seen}
    begins_s = [0.0, *ends_s.values()]
    stages = zip(ends_s.items(), begins_s, strict=False)
    return {
        "case": case.name,
        "side_px": case.side_px,
        "num_colors": problem.num_colors,
        "recipe": str(solution.recipe),
        "device": str(device),
        "seconds": round(seconds, 4),
        "stages_s": {stage: round(end - begin, 4) for (stage, end), begin in stages},
        "cost": solution.history.snapshots[-1].cost,
        "peak_bytes": torch.cuda.max_memory_allocated(device) if on_gpu else None,
    }


def measure(
    cases: Sequence[Case],
    device: torch.device,
    most_seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[dict[str, Any]]:
    """Run all cases that fit into the time: on the device, and the small ones on the CPU."""
    end_s = clock() + most_seconds
    latest_s: dict[tuple[str, str], float] = {}
    for case in cases:
        places = [device]
        if case.side_px <= LARGEST_ON_CPU_PX and device.type != "cpu":
            places.append(torch.device("cpu"))
        for place in places:
            known = (case.name, place.type)
            if clock() + 2 * MOST_GROWTH * latest_s.get(known, 0.0) > end_s:
                continue
            run_case(case, place, clock)
            row = run_case(case, place, clock)
            latest_s[known] = row["seconds"]
            yield row


def describe_machine(device: torch.device) -> dict[str, Any]:
    """Return what the figures may depend on."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {"machine": name, "torch": torch.__version__, "num_threads": torch.get_num_threads()}


def main() -> None:
    """Measure, and print JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or mps")
    parser.add_argument("--most-seconds", type=float, default=240.0)
    asked = parser.parse_args()
    try:
        device = find_device(asked.device)
    except DeviceError as error:
        sys.exit(f"benchmarks.gpu needs a GPU. {error}")
    print(json.dumps(describe_machine(device)), flush=True)
    for row in measure(list_cases(), device, asked.most_seconds):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
