"""First palettes for a picture, in OKLab: k-means, and colors as far apart as possible."""

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.devices import one_thread
from ditherlab.kernels import kernels_for
from ditherlab.kernels.nearest import find_nearest
from ditherlab.vision.color import srgb_to_oklab

_MAX_POINTS = 1 << 16


@one_thread()
def cluster_colors(
    srgb: Float[Tensor, "n c"],
    num_colors: int,
    generator: torch.Generator,
    *,
    locked: Float[Tensor, "l c"] | None = None,
    num_rounds: int = 20,
) -> Float[Tensor, "k c"]:
    """Cluster the colors of pixels in OKLab: k-means++, then Lloyd's rounds.

    Args:
        srgb: The pixels' colors in display sRGB, with c = 1 or 3 channels; at least `num_colors`
            different ones.
        num_colors: The size of the palette.
        generator: On the device of the pixels; large pictures are sampled.
        locked: Fewer colors than `num_colors` that come first and do not move; the other colors
            start far from them.
        num_rounds: The number of Lloyd's rounds.

    Returns:
        The locked colors, then the mean display sRGB color of each other cluster.

    Source: David Arthur and Sergei Vassilvitskii, "k-means++: The Advantages of Careful Seeding",
    SODA 2007.
    """
    if len(srgb) > _MAX_POINTS:
        chosen = torch.randint(len(srgb), (_MAX_POINTS,), generator=generator, device=srgb.device)
        srgb = srgb[chosen]
    locked = srgb[:0] if locked is None else locked
    points = srgb_to_oklab(srgb.expand(-1, 3), dim=1)
    anchors = srgb_to_oklab(locked.expand(-1, 3), dim=1)
    seeds = _seed_centers(points, num_colors - len(locked), anchors, generator)
    centers = torch.cat([anchors, points[seeds]])
    for _ in range(num_rounds):
        labels = _nearest_centers(points, centers)
        centers = _mean_of_clusters(points, labels, centers)
        centers[: len(anchors)] = anchors
    labels = _nearest_centers(points, centers)
    nearest = srgb[torch.cdist(centers, points).argmin(dim=1)]
    colors = _mean_of_clusters(srgb, labels, nearest)
    return torch.cat([locked, colors[len(locked) :]])


def spread_colors(
    srgb: Float[Tensor, "n c"], num_colors: int, *, locked: Float[Tensor, "l c"] | None = None
) -> Float[Tensor, "k c"]:
    """Select pixels one by one, each the farthest in OKLab from those selected before.

    The selected colors lie at the rim of the picture's gamut; dithering mixes the others from them.

    Args:
        srgb: The pixels' colors in display sRGB, with c = 1 or 3 channels; at least one.
        num_colors: The size of the palette.
        locked: Fewer colors than `num_colors` that come first. Without any, the pixel farthest from
            the mean comes first.

    Returns:
        The locked colors, then the selected ones, in display sRGB. Colors repeat if the pixels have
        too few different ones.

    Source: Teofilo F. Gonzalez, "Clustering to Minimize the Maximum Intercluster Distance",
    Theoretical Computer Science 38, 1985.
    """
    locked = srgb[:0] if locked is None else locked
    points = srgb_to_oklab(srgb.expand(-1, 3), dim=1)
    nearest = torch.full((len(points),), torch.inf, device=points.device, dtype=points.dtype)
    anchors = srgb_to_oklab(locked.expand(-1, 3), dim=1)
    for anchor in anchors if len(anchors) else points.mean(dim=0, keepdim=True):
        nearest = torch.minimum(nearest, (points - anchor).square().sum(dim=1))
    chosen: list[Tensor] = []
    for number in range(num_colors - len(locked)):
        chosen.append(nearest.argmax())
        distance = (points - points[chosen[-1]]).square().sum(dim=1)
        # Distances to the mean serve for the first color only.
        nearest = distance if not (number or len(anchors)) else torch.minimum(nearest, distance)
    return torch.cat([locked, srgb[torch.stack(chosen)]])


def _seed_centers(
    points: Float[Tensor, "n 3"],
    num_colors: int,
    anchors: Float[Tensor, "l 3"],
    generator: torch.Generator,
) -> Tensor:
    nearest = torch.full((len(points),), torch.inf, device=points.device, dtype=points.dtype)
    for anchor in anchors:
        nearest = torch.minimum(nearest, (points - anchor).square().sum(dim=1))
    chosen: list[Tensor] = []
    if not len(anchors):
        chosen.append(torch.randint(len(points), (1,), generator=generator, device=points.device))
    while len(chosen) < num_colors:
        if chosen:
            distance = (points - points[chosen[-1]]).square().sum(dim=1)
            nearest = torch.minimum(nearest, distance)
        # Once all colors are taken, all distances may be zero; any pixel then serves.
        weights = nearest + torch.finfo(nearest.dtype).tiny
        chosen.append(torch.multinomial(weights, 1, generator=generator))
    return torch.cat(chosen)


def _nearest_centers(points: Float[Tensor, "n 3"], centers: Float[Tensor, "k 3"]) -> Tensor:
    library = kernels_for(points.device)
    if library is None or points.dtype != torch.float32:
        return torch.cdist(points, centers).argmin(dim=1)
    return find_nearest(library, points, centers)


def _mean_of_clusters(points: Tensor, labels: Tensor, empty: Tensor) -> Tensor:
    sums = torch.zeros_like(empty).index_add_(0, labels, points)
    # An accelerator would wait for the number of bins of `bincount`.
    ones = torch.ones_like(labels, dtype=torch.int32)
    sizes = ones.new_zeros(len(empty)).index_add_(0, labels, ones).unsqueeze(1)
    return torch.where(sizes > 0, sums / sizes.clamp_min(1), empty)
