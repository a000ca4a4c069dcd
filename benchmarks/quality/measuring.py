"""Run the tools on the pictures, and write a row for each as it is measured."""

import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.quality.child import in_child
from benchmarks.quality.ours import BEST, OURS
from benchmarks.quality.peers import PEERS
from benchmarks.quality.pictures import LEARNED, colors_of, read_target
from benchmarks.quality.rows import Row, append_row, read_rows
from benchmarks.quality.task import Outcome, Pixels, Task, Tool, ToolError

TOOLS: tuple[Tool, ...] = (*OURS, BEST, *(in_child(peer) for peer in PEERS))


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        num_seeds: For tools that draw random numbers.
    """

    pictures: tuple[str, ...]
    palettes: tuple[str, ...]
    tools: tuple[Tool, ...]
    num_seeds: int = 1

    def cases(self) -> Iterator[tuple[str, str, Tool, int]]:
        """Go through the pictures, palettes, tools and seeds."""
        for palette in self.palettes:
            for picture in self.pictures:
                for tool in self.tools:
                    for seed in range(self.num_seeds if tool.is_random else 1):
                        yield picture, palette, tool, seed


@dataclass(frozen=True)
class Gallery:
    """A folder with the dithered pictures, for the contact sheets."""

    folder: Path

    def path_of(self, picture: str, palette: str, tool: str, seed: int = 0) -> Path:
        """Name the file of a dithered picture."""
        words = "".join(letter if letter.isalnum() else "-" for letter in tool)
        return self.folder / f"{palette}_{picture}_{words}_{seed}.png"

    def read(self, picture: str, palette: str, tool: str) -> Pixels | None:
        """Return a dithered picture, or None if it is not there."""
        path = self.path_of(picture, palette, tool)
        return np.asarray(Image.open(path).convert("RGB")) if path.exists() else None

    def write(self, row: Row, png: bytes) -> None:
        """Keep a dithered picture."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path_of(*row.key).write_bytes(png)


def task_of(picture: str, palette: str, seed: int = 0) -> Task:
    """State what a tool has to do."""
    return Task(
        pixels=read_target(picture, palette),
        colors=colors_of(picture, palette),
        is_learned=palette in LEARNED,
        seed=seed,
    )


def measure_missing(plan: Plan, out: Path, gallery: Gallery, report: Callable[[str], None]) -> None:
    """Measure what a file of results does not hold yet.

    Args:
        plan: What is measured. What failed before is tried again.
        out: The file of results.
        gallery: Where the dithered pictures are kept.
        report: Told a line about each row.
    """
    finished = {row.key for row in (read_rows(out) if out.exists() else []) if row.scores}
    for picture, palette, tool, seed in plan.cases():
        if (picture, palette, tool.name, seed) in finished:
            continue
        task = task_of(picture, palette, seed)
        if not tool.can_do(task):
            continue
        row = _measure(tool, task, (picture, palette, tool.name, seed), gallery)
        append_row(out, row)
        report(_words(row))


def draw_missing(pictures: Iterable[str], palette: str, tool: Tool, gallery: Gallery) -> None:
    """Dither pictures again that a contact sheet needs and that are not kept."""
    for picture in pictures:
        if gallery.read(picture, palette, tool.name) is None:
            _measure(tool, task_of(picture, palette), (picture, palette, tool.name, 0), gallery)


def _measure(tool: Tool, task: Task, key: tuple[str, str, str, int], gallery: Gallery) -> Row:
    from benchmarks.quality.scores import score, write_indexed

    failure = ""
    try:
        outcome = tool.dither(task)
        scores = score(task, outcome)
    except (ToolError, ValueError) as error:
        outcome, scores, failure = Outcome(task.pixels, 0.0, ""), None, _one_line(str(error))
    picture, palette, name, seed = key
    row = Row(
        picture=picture,
        palette=palette,
        tool=name,
        seed=seed,
        version=outcome.version,
        machine=processor(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        scores=scores,
        failure=failure,
    )
    if scores is not None:
        gallery.write(row, write_indexed(outcome.pixels)[1])
    return row


def processor() -> str:
    """Name the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _one_line(message: str) -> str:
    # Paths of temporary files would differ from run to run.
    return " ".join(word for word in message.split() if "/" not in word)[:200] or "no reason given"


def _words(row: Row) -> str:
    place = f"{row.palette:8}{row.picture:10}{row.tool} {row.seed}"
    if row.scores is None:
        return f"{place}: did not run: {row.failure}"
    figures = row.scores
    return f"{place}: flip {figures.flip:.3f}, ls {figures.ls:.3f}, cpu {figures.cpu:.2f} s"
