"""The stage `error-diffusion`: start with error diffusion in the space of a quadratic cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.devices import is_accelerator
from ditherlab.discrete.error_diffusion import diffuse_error, diffuse_error_in_tiles
from ditherlab.kernels.error_diffusion import diffuse_error_compiled
from ditherlab.kernels.work import KernelWork
from ditherlab.problem import Problem
from ditherlab.protocol import Ability, PixelError
from ditherlab.stages.compiled_work import kernel_work, memory_of_kernels
from ditherlab.stages.stage import Bound, Progress, Stage, StageContext, StageMemory
from ditherlab.stages.state import State
from ditherlab.types import Colors
from ditherlab.vision.least_spread import LeastSpread

# How far the parts of an error vary. Otherwise flat areas show the direction in which errors
# travel, even after a polish: at 1/8 of white, Ulichney's anisotropy was 2 dB in the mean. With 0.2
# it is below 0 dB at every frequency; more costs fidelity.
_MOST_SHIFTED = 0.2

# Noise on the lightness by which a color is chosen, in parts of the step between colors. It is no
# part of the error, and breaks up the lattices that a polish would keep. More, or noise in other
# channels, costs fidelity; larger palettes show no lattices.
_NOISE, _MOST_NOISY_COLORS = 0.3, 8

# Measured CPU nanoseconds.
_WORK_PER_PIXEL, _WORK_PER_PIXEL_AND_COLOR = 550.0, 20.0


@dataclass(frozen=True)
class ErrorDiffusion(Stage):
    """Start with Floyd-Steinberg error diffusion, its weights slightly varied at random.

    On an accelerator, errors stay within tiles, which are diffused side by side.
    """

    part_of_time: ClassVar[float] = 0.0
    makes_picture: ClassVar[bool] = True

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        bound = context.bind(state.palette)
        work = kernel_work(context, bound.cost)
        indices = diffused_indices(bound, state.palette, state.generator, work)
        state.show_indices(indices.unsqueeze(0))
        yield Progress(1.0)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return frozenset({"quadratic"})

    def compiled_memory(self, problem: Problem) -> StageMemory | None:
        return memory_of_kernels(problem)

    def work(self, problem: Problem) -> float:
        work = _WORK_PER_PIXEL + _WORK_PER_PIXEL_AND_COLOR * problem.num_colors
        return problem.num_pixels * work


def diffused_indices(
    bound: Bound,
    palette: Colors,
    generator: torch.Generator,
    work: KernelWork | None = None,
) -> Int[Tensor, "h w"]:
    """Diffuse the errors of one picture in the space of its quadratic cost.

    Args:
        bound: Cost and target of one picture.
        palette: Display sRGB, `[1 k c]`.
        generator: Varies the weights of the errors.
        work: Of the compiled kernels; None leaves it to torch.
    """
    images = bound.target.images
    shifts = images.new_empty((2, *images.shape[2:]))
    shifts.uniform_(-_MOST_SHIFTED, _MOST_SHIFTED, generator=generator)
    pixel = bound.cost.pixel_error()
    colors = bound.cost.expected_color_moments(palette)[0, : pixel.values.shape[1]]
    noise = None if bound.target.colors is None else _noise(pixel, colors, generator)
    allowed = bound.allowed_colors(palette.shape[1])
    if work is not None:
        found = diffuse_error_compiled(
            work.library,
            bound.cost.quadratic_forms[0],
            colors,
            shifts=shifts,
            noise=noise,
            limits=None if allowed is None else allowed.limits,
        )
        return found.long()
    values, weights = pixel.values[0], pixel.weights[0]
    opaque = bound.target.opaque[0, 0]
    if is_accelerator(values.device):
        return diffuse_error_in_tiles(
            values, colors, weights, opaque, shifts=shifts, noise=noise, allowed=allowed
        )
    return diffuse_error(
        values, colors, weights, opaque, shifts=shifts, noise=noise, allowed=allowed
    )


def _noise(
    pixel: PixelError, colors: Float[Tensor, "c k"], generator: torch.Generator
) -> Float[Tensor, "c h w"] | None:
    """Return noise for a palette of few colors, or of grays."""
    spread = LeastSpread.of(colors, pixel.weights.mean(dim=(0, 2, 3)))
    if spread is None or (len(spread.axes) > 1 and colors.shape[1] > _MOST_NOISY_COLORS):
        return None
    noise = spread.step(pixel.values)[0]
    noise[0] *= torch.empty_like(noise[0]).uniform_(-_NOISE, _NOISE, generator=generator)
    noise[1:] = 0
    return noise
