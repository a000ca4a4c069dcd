"""The time of each kernel by itself, in nanoseconds a pixel.

Usage: python -m benchmarks.speed.kernel_times
"""

import time
from collections.abc import Callable, Iterator

import click
import torch

from benchmarks.speed.pictures import ROOT
from ditherlab.images import read_picture
from ditherlab.kernels import QuadraticForm, kernels_for
from ditherlab.kernels.error_diffusion import diffuse_error_compiled
from ditherlab.kernels.library import Library
from ditherlab.kernels.mean_field import CompiledMeanField
from ditherlab.kernels.measures import compare_rows, filter_mirrored
from ditherlab.kernels.palette_sums import sum_for_indices, sum_for_probs
from ditherlab.kernels.polish import CompiledPolish, SweepSettings
from ditherlab.palette_learning.first_palette import first_palette
from ditherlab.problem import LearnedPalette, Problem
from ditherlab.stages.stage import Bound
from ditherlab.vision.filtering import gaussian_taps

_NUM_COLORS = 16
_NUM_RUNS = 5


def _cpu_s(run: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> float:
    """Return the least CPU time of some runs."""
    times = []
    for _ in range(_NUM_RUNS):
        prepare()
        start_s = time.process_time()
        run()
        times.append(time.process_time() - start_s)
    return min(times)


def kernel_times(library: Library) -> Iterator[tuple[str, float, str]]:
    """Yield the name of each kernel, its CPU seconds, and what the seconds are divided by."""
    picture = read_picture(ROOT / "images/astronaut.png")
    problem = Problem(picture=picture, palette=LearnedPalette(_NUM_COLORS))
    bound = Bound.of(problem, problem.target())
    form: QuadraticForm = bound.cost.quadratic_forms[0]
    palette, _ = first_palette(bound.target, _NUM_COLORS, torch.Generator())
    table = bound.cost.expected_color_moments(palette)[0, : len(form.values)].contiguous()
    indices = diffuse_error_compiled(library, form, table)
    yield "error diffusion", _cpu_s(lambda: diffuse_error_compiled(library, form, table)), "pixel"
    yield from _polish_times(library, form, table, indices)
    sums = _cpu_s(lambda: sum_for_indices(library, form, indices, _NUM_COLORS))
    yield "palette sums, indices", sums, "pixel"
    shape = (_NUM_COLORS, *indices.shape)
    probs = torch.randn(shape, generator=torch.Generator().manual_seed(1)).mul_(3).softmax(dim=0)
    field = CompiledMeanField(library, form, probs)
    field.set_colors(table)
    yield "field", _cpu_s(field.estimate), "pixel"
    yield "palette sums, probabilities", _cpu_s(lambda: sum_for_probs(library, field)), "pixel"
    pixels = torch.arange(indices.numel())
    yield "best responses", _cpu_s(lambda: field.respond(pixels, 1e-3)), "pixel"
    images, opaque = bound.target.images, bound.target.opaque
    rows, taps = range(picture.height), gaussian_taps(1.5)
    similarity = _cpu_s(lambda: compare_rows(library, images, images, opaque, rows=rows, taps=taps))
    yield "SSIM and PSNR of a picture", similarity, "pixel"
    yield (
        "blur of 13 x 13",
        _cpu_s(lambda: filter_mirrored(library, images, (1 / 13,) * 13)),
        "pixel",
    )


def _polish_times(
    library: Library, form: QuadraticForm, table: torch.Tensor, indices: torch.Tensor
) -> Iterator[tuple[str, float, str]]:
    polish = CompiledPolish(library, form, indices.clone())
    polish.set_colors(table)
    polish.set_cache(1000)

    def sweep() -> int:
        visits = [
            polish.visit(phase, range(count), SweepSettings(least_gain=1e-12))
            for phase, count in enumerate(polish.num_tiles)
        ]
        return sum(visit.num_moves for visit in visits)

    def settle() -> None:
        while sweep():
            pass
        polish.look_everywhere()

    settle()
    at_rest = _cpu_s(sweep, settle)
    yield "sweep over a settled picture, weights of tiles kept", at_rest, "pixel"
    again = CompiledPolish(library, form, polish.indices)
    again.set_colors(table)
    polish = again
    yield "the same, weights computed again", _cpu_s(sweep, polish.look_everywhere), "pixel"
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(indices.numel(), (indices.numel(),), generator=generator)
    colors = torch.randint(_NUM_COLORS, (indices.numel(),), generator=generator).to(torch.uint8)
    # Both compute the slopes twice.
    moves = _cpu_s(lambda: polish.replay(pixels, colors))
    none = _cpu_s(lambda: polish.replay(pixels[:0], colors[:0]))
    yield "a flip of a pixel, three channels", moves - none, "move"


@click.command()
def main() -> None:
    """Print the time of each kernel on 512 x 512 pixels with 16 colors."""
    library = kernels_for("cpu")
    if library is None:
        raise click.ClickException("There are no compiled kernels here.")
    torch.set_num_threads(1)
    with torch.no_grad():
        for name, seconds, unit in kernel_times(library):
            click.echo(f"{name:55} {seconds * 1e9 / 512**2:8.1f} ns a {unit}")


if __name__ == "__main__":
    main()
