"""Kill commands at random moments, and write what is left.

python -m benchmarks.faults [--kills N] [--seed N] [--out FILE] [--tasks NAME...]
"""

import argparse
import json
import random
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.faults.killing import Kill, kill, undisturbed
from benchmarks.faults.tasks import TASKS

_RECORDED = Path(__file__).with_name("recorded.jsonl")
_SIGNALS = (signal.SIGKILL, signal.SIGTERM)

# Some signals come after the end, so that all of the run is covered.
_LATEST = 1.05

# What goes on where it was is resumed after every kill, any other command after every fifth.
_SELDOM = 5


def main() -> None:
    """Kill, write one line of JSON for each kill, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--kills", type=int, default=30, help="Of each command by each signal.")
    parser.add_argument("--seed", type=int, default=0, help="Of the moments.")
    parser.add_argument("--out", type=Path, default=_RECORDED, help="The file to write.")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    asked = parser.parse_args()
    kills = []
    with tempfile.TemporaryDirectory() as folder, asked.out.open("w") as file:
        for one in kill_all(asked.tasks, asked.kills, asked.seed, Path(folder)):
            kills.append(one)
            file.write(f"{json.dumps(asdict(one))}\n")
            file.flush()
            if not one.is_good:
                print(f"Not good: {one}", flush=True)
    print(table(kills))


def kill_all(names: Sequence[str], num_kills: int, seed: int, folder: Path) -> Iterator[Kill]:
    """Kill each command by each signal at random moments."""
    for name in names:
        task = TASKS[name]
        seconds, expected = undisturbed(task, folder / "undisturbed")
        for number in _SIGNALS:
            moments = random.Random(f"{seed} {name} {number.name}")
            for count in range(num_kills):
                at_s = moments.uniform(0, _LATEST * seconds)
                goes_on = task.results is not None or task.checkpoint is not None
                is_tried = goes_on or count % _SELDOM == 0
                yield kill(
                    name,
                    task,
                    folder / "killed",
                    number=number,
                    at_s=at_s,
                    expected=expected if is_tried else None,
                )


def table(kills: Sequence[Kill]) -> str:
    """Return a Markdown table with a row for each command and signal."""
    rows = [
        "| command | signal | kills | ended by it | damaged files | orphans | tracebacks "
        "| equal afterwards | longest to end, s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    groups = dict.fromkeys((one.task, one.signal) for one in kills)
    for name, number in groups:
        group = [one for one in kills if (one.task, one.signal) == (name, number)]
        tried = [one for one in group if one.is_equal_again is not None]
        rows.append(
            f"| `{name}` | {number} | {len(group)} "
            f"| {sum(one.exit_code != 0 for one in group)} "
            f"| {sum(len(one.damaged) for one in group)} "
            f"| {sum(one.num_orphans for one in group)} "
            f"| {sum(one.has_traceback for one in group)} "
            f"| {sum(bool(one.is_equal_again) for one in tried)} of {len(tried)} "
            f"| {max(one.seconds_to_end for one in group):.1f} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
