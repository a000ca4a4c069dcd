"""The figures of a dithered picture."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.quality.rows import Scores
from benchmarks.quality.task import Outcome, Pixels, Task
from ditherlab.metrics import measure
from ditherlab.vision.packaged_metrics import flip_error


def score(task: Task, outcome: Outcome) -> Scores:
    """Compare a dithered picture with its target in every figure of the tables.

    Raises:
        ValueError: If the tool did not do its task: another shape, more colors or other ones.
    """
    target, pixels = task.pixels, outcome.pixels
    colors, png = write_indexed(pixels)
    check_done(task, pixels, colors)
    figures = {
        name: float("nan") if value is None else value
        for name, value in measure(_to_tensor(target), _to_tensor(pixels)).items()
    }
    flips = {
        name: flip_error(pixels, target, pixels_per_degree=pixels_per_degree)
        for name, pixels_per_degree in (("flip35", 35.0), ("flip", 67.0), ("flip100", 100.0))
    }
    return Scores(**figures, **flips, kb=len(png) / 1024, colors=len(colors), cpu=outcome.cpu_s)


def check_done(task: Task, pixels: Pixels, colors: Pixels) -> None:
    """Refuse what is no answer to a task.

    Args:
        task: What was asked for.
        pixels: The picture that came back.
        colors: Those of the picture, `[k 3]`.

    Raises:
        ValueError: Saying what is wrong.
    """
    if pixels.shape != task.pixels.shape:
        raise ValueError(f"the picture is {pixels.shape}, its target {task.pixels.shape}")
    if len(colors) > len(task.colors):
        raise ValueError(f"the picture has {len(colors)} colors, not {len(task.colors)}")
    foreign = {(int(r), int(g), int(b)) for r, g, b in colors} - set(task.colors)
    if foreign and not task.is_learned:
        raise ValueError(f"the picture has colors that are not in the palette: {sorted(foreign)}")


def write_indexed(pixels: Pixels) -> tuple[Pixels, bytes]:
    """Return the colors of a picture, darkest sum first, and the picture as an indexed PNG.

    Raises:
        ValueError: If there are more than 256 colors.
    """
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    keys, indices = np.unique(packed, return_inverse=True)
    if len(keys) > 256:
        raise ValueError(f"the picture has {len(keys)} colors: it is not dithered")
    colors = np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1).astype(np.uint8)
    picture = Image.fromarray(indices.reshape(packed.shape).astype(np.uint8), mode="P")
    picture.putpalette(colors.tobytes())
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return colors, file.getvalue()


def _to_tensor(pixels: Pixels) -> Tensor:
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return torch.from_numpy(planes)[None].float() / 255
