"""The gamut of a palette seen from a distance, and mapping the colors of pictures into it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ditherlab.types import Images, Mask
from ditherlab.vision.color import (
    lab_response,
    lab_to_srgb,
    linear_to_srgb,
    linear_to_xyz,
    srgb_to_lab,
    srgb_to_linear,
    xyz_to_linear,
)
from ditherlab.vision.convex_hull import ConvexHull

# Each slice of the gamut has at least this many points, as its straight edges are curved in CIELAB,
# where the nearest point is computed; each edge has at least two.
_NUM_POINTS = 128
_FEWEST_PARTS = 2

# Directions that differ less, in radians, count as one.
_SAME_DIRECTION = 1e-4

# Cells along each edge of the sRGB cube.
_NUM_CELLS = 32

# Bits of each channel by which colors are told apart: all three fit into 63.
_COLOR_BITS = 21

_CHUNK_COLORS = 1 << 12
_CHUNK_PIXELS = 1 << 18
_NUM_PROBES = 1 << 11
_GOLDEN = (math.sqrt(5) - 1) / 2
_TOLERANCE = 1e-5

# The part of the pixels that may lie below, and above, the range that compression fits.
_OUTLIERS = 0.005


@dataclass(frozen=True, eq=False)
class Gamut:
    """The colors that dithering can show: the convex hull of a palette in linear light.

    The hull is also stored as slices of equal luminance, each a convex polygon in X and Z. Between
    two neighboring luminances of the palette, the corners move along straight lines.

    Attributes:
        hull: The half-spaces in linear light.
        luminances: The luminances of the palette's outermost colors, in ascending order.
        corners: X and Z of the corners of each slice, in the order of their directions.
    """

    hull: ConvexHull
    luminances: Float[Tensor, " l"]
    corners: Float[Tensor, "l d 2"]

    @classmethod
    def of(cls, palette: Float[Tensor, "k 3"]) -> "Gamut":
        """Compute the gamut of a palette in display sRGB."""
        linear = srgb_to_linear(palette)
        hull = ConvexHull.of(linear)
        xyz = linear_to_xyz(linear[hull.vertices], dim=1)
        luminances, directions = xyz[:, 1].unique(), _directions(hull)
        slices = [_farthest(_slice(xyz, luminance), directions) for luminance in luminances]
        return cls(hull, luminances, torch.stack(slices))

    def holds(self, srgb: Float[Tensor, "n 3"]) -> Bool[Tensor, " n"]:
        """Return which colors in display sRGB are inside, or on the border."""
        return self.hull.excess(srgb_to_linear(srgb)) <= _TOLERANCE

    def clip(self, srgb: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """Replace colors outside the gamut by the nearest one, lightness before hue and chroma.

        The lightness becomes the nearest one in the gamut, then `(a*, b*)` becomes the nearest at
        this lightness. Colors inside the gamut do not change.

        Args:
            srgb: Display sRGB.

        Returns:
            Display sRGB; a continuous function of the colors.
        """
        chunks = [self._clip_some(chunk) for chunk in srgb.split(_CHUNK_COLORS)]
        return torch.cat(chunks) if chunks else srgb

    def _clip_some(self, srgb: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        is_outside = ~self.holds(srgb)
        xyz = linear_to_xyz(srgb_to_linear(srgb[is_outside]), dim=1)
        held = xyz[:, 1].clamp(self.luminances[0], self.luminances[-1])
        above = torch.searchsorted(self.luminances, held).clamp(1, len(self.luminances) - 1)
        below = (above - 1).clamp_min(0)
        gap = (self.luminances[above] - self.luminances[below]).clamp_min(_TOLERANCE**2)
        part = ((held - self.luminances[below]) / gap).clamp(0, 1)[:, None, None]
        corners = torch.lerp(self.corners[below], self.corners[above], part)
        x, z = _nearest_on_edge(corners, xyz[:, ::2]).unbind(1)
        linear = xyz_to_linear(torch.stack([x, held, z], dim=1), dim=1).clamp(0, 1)
        return srgb.index_put((is_outside,), linear_to_srgb(linear))


def clip_images(images: Images, palette: Float[Tensor, "k c"]) -> Images:
    """Clip the colors of pictures, in display sRGB, to the gamut of a palette.

    Colors inside the gamut do not change. Of the others, those in a cell of the sRGB cube that the
    border may cross are clipped exactly; the rest are interpolated between the clipped corners of
    their cell, which is fast. Gray pictures (c = 1) are clamped to the palette's darkest and
    lightest gray.
    """
    if images.shape[1] == 1:
        return images.clamp(palette.min(), palette.max())
    gamut = Gamut.of(palette)
    pixels = images.movedim(1, -1).reshape(-1, 3).clone()
    # In chunks, because the cells of all pixels would take more memory than the pictures.
    is_outside = torch.cat([~gamut.holds(chunk) for chunk in pixels.split(_CHUNK_PIXELS)])
    outside = pixels[is_outside]
    is_crossed = _cells_at_border(gamut.hull)[_cells(outside).long().unbind(1)]
    near, places = _distinct(outside[is_crossed])
    outside[is_crossed] = gamut.clip(near)[places]
    outside[~is_crossed] = _interpolate(gamut, outside[~is_crossed])
    pixels[is_outside] = outside
    return _as_images(pixels, images)


def _cells_at_border(hull: ConvexHull) -> Bool[Tensor, "r g b"]:
    """Return the cells of the sRGB cube that reach into the gamut."""
    steps = torch.arange(_NUM_CELLS + 1, device=hull.normals.device) / _NUM_CELLS
    linear = srgb_to_linear(steps.to(hull.normals))
    lows = torch.cartesian_prod(*[linear[:-1]] * 3)
    highs = torch.cartesian_prod(*[linear[1:]] * 3)
    return (hull.place_boxes(lows, highs) <= _TOLERANCE).view((_NUM_CELLS,) * 3)


def _distinct(srgb: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "u 3"], Int[Tensor, " n"]]:
    """Return the different colors, to half a millionth, and the place of each color among them."""
    bits = torch.tensor([2 * _COLOR_BITS, _COLOR_BITS, 0], device=srgb.device)
    most = (1 << _COLOR_BITS) - 1
    levels = (srgb.clamp(0, 1) * most).round().long()
    packed, places = (levels << bits).sum(dim=1).unique(return_inverse=True)
    return ((packed[:, None] >> bits) & most).to(srgb) / most, places


def _interpolate(gamut: Gamut, srgb: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """Interpolate colors between the clipped corners of their cells."""
    chunks = srgb.split(_CHUNK_PIXELS)
    # The colors of a picture fill few cells; only the corners of these are clipped.
    is_near = torch.zeros((_NUM_CELLS + 1,) * 3, dtype=torch.bool, device=srgb.device)
    for chunk in chunks:
        for corner, _ in _corners_of_cells(chunk):
            is_near[corner.unbind(1)] = True
    nodes = is_near.nonzero()
    clipped = srgb.new_zeros((*is_near.shape, 3))
    clipped[nodes.unbind(1)] = gamut.clip(nodes.to(srgb.dtype) / _NUM_CELLS)
    mixed = []
    for chunk in chunks:
        sums = torch.zeros_like(chunk)
        for corner, weight in _corners_of_cells(chunk):
            sums += weight * clipped[corner.unbind(1)]
        mixed.append(sums)
    return torch.cat(mixed) if mixed else srgb


def compress_images(images: Images, opaque: Mask, palette: Float[Tensor, "k c"]) -> Images:
    """Fit the lightness range of pictures into that of a palette, then clip to its gamut.

    Contrast and chroma shrink by the same factor and never grow; a range that is small enough is
    only shifted.

    Args:
        images: Display sRGB.
        opaque: The pixels whose lightness counts.
        palette: Display sRGB.

    Returns:
        Display sRGB.
    """
    num_channels = images.shape[1]
    pixels = images.expand(-1, 3, -1, -1).movedim(1, -1).reshape(-1, 3)
    lab = srgb_to_lab(pixels, dim=1)
    lightness = lab[opaque.reshape(-1), 0].sort().values
    if not len(lightness):
        return images
    last = len(lightness) - 1
    low, high = lightness[round(_OUTLIERS * last)], lightness[round((1 - _OUTLIERS) * last)]
    reachable = srgb_to_lab(palette.expand(-1, 3), dim=1)[:, 0]
    darkest, lightest = reachable.min(), reachable.max()
    factor = ((lightest - darkest) / (high - low).clamp_min(_TOLERANCE)).clamp_max(1)
    start = torch.minimum(low.clamp_min(darkest), lightest - (high - low) * factor)
    lab = torch.cat([(lab[:, :1] - low) * factor + start, lab[:, 1:] * factor], dim=1)
    compressed = _as_images(lab_to_srgb(lab, dim=1), images.expand(-1, 3, -1, -1))
    return clip_images(compressed[:, :num_channels], palette)


def mean_distance(images: Images, opaque: Mask, palette: Float[Tensor, "k c"]) -> float:
    """Return the mean distance of pictures from the gamut of a palette, in Delta E*ab.

    The mean is over at most 2048 opaque pixels, evenly spread, so the time does not grow with the
    picture.
    """
    pixels = images.movedim(1, -1)[opaque[:, 0]]
    if len(pixels) > _NUM_PROBES:
        # Multiples of the golden ratio; equal steps would fall on few columns of the picture.
        parts = torch.arange(_NUM_PROBES, dtype=torch.float64, device="cpu") * _GOLDEN % 1
        pixels = pixels[(parts * len(pixels)).long().to(pixels.device)]
    row = pixels.T[None, :, None]
    if images.shape[1] == 1:
        clipped = clip_images(row, palette)
    else:
        clipped = Gamut.of(palette).clip(pixels).T[None, :, None]
    return float(mean_difference(row, clipped, torch.ones_like(row[:, :1], dtype=torch.bool)))


def mean_difference(images: Images, others: Images, opaque: Mask) -> Tensor:
    """Return the mean distance in CIELAB, Delta E*ab, of the opaque pixels of two pictures."""
    labs = [srgb_to_lab(each.expand(-1, 3, -1, -1), dim=1) for each in (images, others)]
    distances = (labs[0] - labs[1]).square().sum(dim=1, keepdim=True).sqrt()
    return distances[opaque].mean() if bool(opaque.any()) else distances.new_zeros(())


def _cells(srgb: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    return (srgb.clamp(0, 1) * _NUM_CELLS).floor().clamp_max(_NUM_CELLS - 1)


def _corners_of_cells(srgb: Float[Tensor, "n 3"]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the eight corners of each color's cell, one by one, with their weights."""
    cells = _cells(srgb)
    parts = srgb.clamp(0, 1) * _NUM_CELLS - cells
    for offset in product((0, 1), repeat=3):
        is_far = torch.tensor(offset, dtype=torch.bool, device=srgb.device)
        weights = torch.where(is_far, parts, 1 - parts).prod(dim=1, keepdim=True)
        yield (cells + is_far).long(), weights


def _directions(hull: ConvexHull) -> Float[Tensor, "d 2"]:
    """Return a direction to each corner that a slice can have: between two edges of slices.

    The edges are where a slice cuts the faces, so their normals are those of faces, in the plane of
    X and Z.
    """
    # A plane `<n, rgb>` is a plane `<m, xyz>` with `m = n M^-1`.
    planes = hull.normals @ xyz_to_linear(torch.eye(3).to(hull.normals), dim=1).T
    sideways = planes[:, ::2]
    angles = torch.atan2(sideways[:, 1], sideways[:, 0]).sort().values
    gaps = torch.cat([angles[1:], angles[:1] + 2 * math.pi]) - angles
    is_corner = gaps > _SAME_DIRECTION
    between = (angles + gaps / 2)[is_corner]
    return torch.stack([between.cos(), between.sin()], dim=1)


def _slice(xyz: Float[Tensor, "m 3"], luminance: Tensor) -> Float[Tensor, "p 2"]:
    """Return points whose convex hull is the slice of the gamut at a luminance."""
    dark, light = xyz[xyz[:, 1] <= luminance], xyz[xyz[:, 1] >= luminance]
    rise = (light[None, :, 1] - dark[:, None, 1]).clamp_min(torch.finfo(xyz.dtype).tiny)
    part = ((luminance - dark[:, None, 1]) / rise).clamp(0, 1)[..., None]
    return torch.lerp(dark[:, None, ::2], light[None, :, ::2], part).reshape(-1, 2)


def _farthest(points: Float[Tensor, "p 2"], normals: Float[Tensor, "d 2"]) -> Tensor:
    return points[(normals @ points.T).argmax(dim=1)]


def _nearest_on_edge(
    corners: Float[Tensor, "n d 2"], wanted: Float[Tensor, "n 2"]
) -> Float[Tensor, "n 2"]:
    """Find the point on the edge of each polygon that is nearest in CIELAB to a wanted point."""
    num_parts = max(_FEWEST_PARTS, -(-_NUM_POINTS // corners.shape[1]))
    steps = torch.arange(num_parts, device=corners.device, dtype=corners.dtype) / num_parts
    following = corners.roll(-1, dims=1)
    points = torch.lerp(corners[:, :, None], following[:, :, None], steps[:, None])
    points = points.flatten(1, 2)
    # At a fixed luminance, a* depends on X alone, and b* on Z alone.
    scales = corners.new_tensor([500.0, 200.0])
    places = lab_response(points) * scales
    sides = places.roll(-1, dims=1) - places
    offsets = (lab_response(wanted) * scales)[:, None] - places
    parts = (offsets * sides).sum(dim=2) / sides.square().sum(dim=2).clamp_min(_TOLERANCE)
    parts = parts.clamp(0, 1)[..., None]
    chosen = (offsets - sides * parts).square().sum(dim=2).argmin(dim=1)[:, None, None]
    start = points.gather(1, chosen.expand(-1, 1, 2))
    end = points.roll(-1, dims=1).gather(1, chosen.expand(-1, 1, 2))
    return torch.lerp(start, end, parts.gather(1, chosen))[:, 0]


def _as_images(pixels: Float[Tensor, "n 3"], like: Images) -> Images:
    b, _, h, w = like.shape
    return pixels.reshape(b, h, w, 3).movedim(-1, 1)
