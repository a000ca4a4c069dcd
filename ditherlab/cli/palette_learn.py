"""`ditherlab palette learn`: learn one palette for several pictures."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from ditherlab.choices import PresetName
from ditherlab.cli import clock
from ditherlab.cli.exit_codes import INTERRUPTED
from ditherlab.cli.options import (
    distance_option,
    gamut_option,
    lock_option,
    num_colors_option,
    preset_option,
)
from ditherlab.cli.palette_file import (
    PaletteDestination,
    format_option,
    output_option,
    overwrite_option,
)
from ditherlab.cli.progress import Interruption, ProgressBar
from ditherlab.cli.reading import read_source, reading_options
from ditherlab.cli.streams import write_to_stderr
from ditherlab.errors import ObjectiveError
from ditherlab.palette import Palette
from ditherlab.palette.extraction import check_num_colors
from ditherlab.request.optimize_request import OptimizeRequest

if TYPE_CHECKING:
    from ditherlab.images import Picture, ReadingOptions


@click.command(name="learn")
@click.argument("pictures", nargs=-1, required=True)
@num_colors_option
@lock_option
@gamut_option
@distance_option
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Random seed; the same seed gives the same palette.",
)
@preset_option
@reading_options
@output_option
@format_option
@overwrite_option
def learn(
    *,
    pictures: tuple[str, ...],
    colors: int,
    lock: str | None,
    gamut: str | None,
    pixels_per_degree: float | None,
    seed: int,
    preset: PresetName,
    reading: "ReadingOptions",
    output: str,
    format_name: str | None,
    overwrite: bool,
) -> int:
    """Learn one palette of K colors for all PICTURES (- for standard input).

    The palette is optimized together with the dither. All pictures have the same weight, whatever
    their size.

    \b
    Example:
      ditherlab palette learn photo.jpg --colors 8 --preset fast
      ditherlab palette learn photo.jpg photo.jpg --colors 8 --gamut rgb555 -o ours.hex
    """
    check_num_colors(colors)
    destination = PaletteDestination(output, format_name, overwrite)
    destination.check()
    request = OptimizeRequest(
        colors=colors,
        lock=lock,
        gamut=gamut,
        pixels_per_degree=pixels_per_degree,
        seed=seed,
        preset=preset,
    )
    request.palette_options.read_locked(), request.palette_options.read_gamut()
    sources = [read_source(name, reading) for name in pictures]
    found, is_interrupted = learn_palette(request, sources)
    return deliver_learned(found, destination, is_interrupted=is_interrupted)


def learn_palette(request: OptimizeRequest, pictures: "Sequence[Picture]") -> tuple[Palette, bool]:
    """Optimize pictures; return their palette and whether Ctrl-C ended the run early."""
    job = request.joint_job(pictures)
    with Interruption().listen() as interruption, ProgressBar(is_hidden=False) as bar:
        solution = job.run(clock=clock.now, on_progress=bar.show, should_stop=interruption)
    if solution.failure is not None:
        raise ObjectiveError(solution.failure)
    name = pictures[0].name if len(pictures) == 1 else ""
    limits = "" if request.gamut is None else f" of {request.gamut}"
    source = f"learned, {request.colors} colors{limits}"
    return replace(solution.palette, name=name, source=source), solution.outcome == "interrupted"


def deliver_learned(
    found: Palette, destination: PaletteDestination, *, is_interrupted: bool = False
) -> int:
    """Write a palette, report its destination, and return the exit code."""
    message = destination.write(found)
    if is_interrupted:
        write_to_stderr("Interrupted: that is the best palette so far.")
        return INTERRUPTED
    if not destination.is_stdout:
        destination.report(message)
    return 0
