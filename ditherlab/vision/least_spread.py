"""The least spread of palette colors around a mean, which no arrangement of dots can avoid."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.types import Images

# More colors have neighbors so near that their spread hardly shows, and too many simplices.
_MOST_COLORS = 32

# Palettes that are thinner than this part of their length, in one direction, count as flat in it.
_THIN = 0.03

# Simplices whose volume is that of a smaller cube, in diameters of the palette, are left out.
_LEAST_SOLID = 3e-3

# Outside of a palette, where a share of a corner is below 0, slopes fall to 0 at this share.
_RIM = 0.1

# Simplices within this part of the palette's squared diameter of others count as Delaunay's.
_TOLERANCE = 1e-9

# Numbers held at once while pixels are compared with facets.
_PART = 1 << 21


@dataclass(frozen=True, eq=False)
class LeastSpread:
    """The slope of the least spread that dots of a palette have around their mean.

    Of all mixtures of palette colors with the mean `y`, the one with the least mean squared
    distance `V(y)` from `y` uses the corners of the Delaunay simplex that contains `y`: lifted to
    `(T, |T|^2)`, they are a facet of the lower convex hull. The slope of `V` is `2 (c - y)`, with
    `c` the center of the simplex's circumsphere. Between two grays `a` and `b`, `V` is
    `(y - a) (b - y)`. The prices `|T_k - y|^2 - V'(y) (T_k - y)` of the corners are equal, so that
    none of them is preferred because it lies nearer; those of all other colors are higher.

    Source: Herbert Edelsbrunner and Raimund Seidel, "Voronoi Diagrams and Arrangements", Discrete
    and Computational Geometry 1, 1986, for the lifted triangulation.

    Attributes:
        axes: Directions in which the palette extends, orthonormal with the weights of the channels.
        weights: Of squared distances in each channel.
        slopes: The slope of each facet in these directions.
        offsets: The height of each facet at the origin.
        steps: How far the corners of each facet are apart, in the channels of the cost.
        shares: The affine maps from a place to the shares of all corners but one, for each facet.
        longest: The longest edge of each simplex, and the greatest length of a slope: the
            circumspheres of slivers are huge.
    """

    axes: Float[Tensor, "r c"]
    weights: Float[Tensor, "c"]
    slopes: Float[Tensor, "f r"]
    offsets: Float[Tensor, "f"]
    steps: Float[Tensor, "f c"]
    shares: Float[Tensor, "f r s"]
    longest: Float[Tensor, "f"]

    @classmethod
    def of(cls, colors: Float[Tensor, "c k"], weights: Float[Tensor, "c"]) -> "LeastSpread | None":
        """Triangulate a palette.

        Args:
            colors: In the channels of a cost.
            weights: Of squared distances in each channel.

        Returns:
            None for a single color, and for more than 32 that are not all on one line.
        """
        scales = weights.double().cpu().sqrt()
        points = (colors.double().cpu() * scales.unsqueeze(1)).T.unique(dim=0)
        _, sizes, directions = torch.linalg.svd(points - points.mean(dim=0), full_matrices=False)
        directions = directions[sizes > _THIN * sizes.max().clamp_min(1e-12)]
        if not len(directions) or (len(directions) > 1 and len(points) > _MOST_COLORS):
            return None
        places = points @ directions.T
        slopes, offsets, members = _facets(places)
        values = points[members]
        steps = (values.amax(dim=1) - values.amin(dim=1)) / scales
        corners = places[members]
        inverse = torch.linalg.inv((corners[:, 1:] - corners[:, :1]).mT)
        shares = torch.cat([inverse, -inverse @ corners[:, :1].mT], dim=2)
        longest = torch.cdist(corners, corners).amax(dim=(1, 2))
        parts = (directions * scales, weights, slopes, offsets, steps, shares, longest)
        return cls(*(part.to(colors) for part in parts))

    def slope(self, means: Images) -> Images:
        """Return the slope of the least spread at mean colors, in the channels of the cost.

        Args:
            means: In the channels of the cost. Outside of the palette, the slope falls to 0.
        """

        def slope(pixels: Float[Tensor, "c n"]) -> Float[Tensor, "c n"]:
            places = self.axes @ pixels
            facets = self._facet_at(places)
            slopes = self.slopes.T[:, facets] - 2 * places
            longest = self.longest[facets]
            slopes *= longest / slopes.square().sum(dim=0).sqrt_().maximum(longest)
            slopes *= (1 + self._least_share(places, facets) / _RIM).clamp(0, 1)
            return (self.axes.T @ slopes) / self.weights.unsqueeze(1)

        return self._map_pixels(slope, means)

    def step(self, means: Images) -> Images:
        """Return how far the corners around mean colors are apart, in the channels of the cost."""
        return self._map_pixels(lambda x: self.steps.T[:, self._facet_at(self.axes @ x)], means)

    def _facet_at(self, places: Float[Tensor, "r n"]) -> Int[Tensor, "n"]:
        # The lower hull is convex: the plane of its facet at a place is the highest one there.
        return torch.addmm(self.offsets.unsqueeze(1), self.slopes, places).argmax(dim=0)

    def _least_share(
        self, places: Float[Tensor, "r n"], facets: Int[Tensor, "n"]
    ) -> Float[Tensor, "n"]:
        """Return the least share of a corner in the mixture; it is below 0 outside of a simplex."""
        shares = self.shares.movedim(0, 2)[..., facets]
        first = (shares[:, :-1] * places).sum(dim=1) + shares[:, -1]
        return torch.minimum(first.amin(dim=0), 1 - first.sum(dim=0))

    def _map_pixels(self, change: Callable[[Tensor], Tensor], images: Images) -> Images:
        """Apply a function of pixels `[c n]` to some rows at a time."""
        mapped = torch.empty_like(images)
        num_rows = max(1, _PART // (images.shape[-1] * max(3, len(self.slopes))))
        for image, result in zip(images, mapped, strict=True):
            for top in range(0, images.shape[-2], num_rows):
                rows = (slice(None), slice(top, top + num_rows))
                result[rows] = change(image[rows].flatten(1)).view_as(result[rows])
        return mapped


def _facets(
    places: Float[Tensor, "k r"],
) -> tuple[Float[Tensor, "f r"], Float[Tensor, "f"], Int[Tensor, "f n"]]:
    """Return the lower hull of the lifted colors: slopes, heights at 0, and corners."""
    num_colors, rank = places.shape
    if rank == 1:
        order = places[:, 0].argsort()
        members = torch.stack([order[:-1], order[1:]], dim=1)
        levels = places[members, 0]
        return levels.sum(dim=1, keepdim=True), -levels.prod(dim=1), members
    members = torch.combinations(torch.arange(num_colors), rank + 1)
    edges = places[members[:, 1:]] - places[members[:, :1]]
    diameter = torch.cdist(places, places).max()
    is_solid = torch.linalg.det(edges).abs() > (_LEAST_SOLID * diameter) ** rank
    members, edges = members[is_solid], edges[is_solid]
    heights = places.square().sum(dim=1)
    slopes = torch.linalg.solve(edges, heights[members[:, 1:]] - heights[members[:, :1]])
    offsets = heights[members[:, 0]] - (slopes * places[members[:, 0]]).sum(dim=1)
    above = heights - slopes @ places.T - offsets.unsqueeze(1)
    is_lowest = (above >= -_TOLERANCE * diameter**2).all(dim=1)
    return slopes[is_lowest], offsets[is_lowest], members[is_lowest]
