"""The convex hull of colors: its outermost colors, and the half-spaces that bound it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

# Colors are moved by at most this much, so that those in one plane, or on one line, have a hull of
# their own too, with faces that are thin and not degenerate.
_JITTER = 1e-6

_LEAST_ABOVE = 1e-12
_FEWEST_COLORS = 4


@dataclass(frozen=True, eq=False)
class ConvexHull:
    """A convex body, as the intersection of half-spaces `<normal, x> <= offset`.

    Attributes:
        vertices: The numbers of the colors that are outermost.
        normals: The outward unit normal of each face.
        offsets: The offset of each face.
    """

    vertices: Int[Tensor, " v"]
    normals: Float[Tensor, "f 3"]
    offsets: Float[Tensor, " f"]

    @classmethod
    def of(cls, colors: Float[Tensor, "k 3"]) -> "ConvexHull":
        """Compute the hull of at least one color; it is exact to about a millionth.

        Example:
            >>> corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
            >>> hull = ConvexHull.of(torch.cat([corners, torch.full((1, 3), 0.5)]))
            >>> hull.vertices.tolist()
            [0, 1, 2, 3, 4, 5, 6, 7]
        """
        exact = colors.to("cpu", torch.float64)
        num_copies = -(-_FEWEST_COLORS // len(exact))
        generator = torch.Generator("cpu").manual_seed(0)
        points = exact.repeat(num_copies, 1)
        noise = torch.rand(points.shape, generator=generator, dtype=points.dtype, device="cpu")
        faces = _faces(points + _JITTER * (2 * noise - 1))
        vertices = (faces.corners.flatten() % len(exact)).unique()
        offsets = (faces.normals @ exact[vertices].T).max(dim=1).values
        return cls(vertices.to(colors.device), faces.normals.to(colors), offsets.to(colors))

    def excess(self, colors: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
        """Return how far colors are outside of the farthest face; below 0 inside."""
        return (colors @ self.normals.T - self.offsets).max(dim=1).values

    def place_boxes(
        self, lows: Float[Tensor, "n 3"], highs: Float[Tensor, "n 3"]
    ) -> Float[Tensor, " n"]:
        """Return how far boxes are outside of the face that separates them best.

        It is below 0 for a box that reaches into the hull, and for some that lie beside an edge.
        """
        centers, halves = (lows + highs) / 2, (highs - lows) / 2
        nearest = centers @ self.normals.T - halves @ self.normals.abs().T
        return (nearest - self.offsets).max(dim=1).values


@dataclass(frozen=True, eq=False)
class _Faces:
    """Triangles, counterclockwise from outside, a corner of each, and their unit normals."""

    corners: Int[Tensor, "f 3"]
    normals: Float[Tensor, "f 3"]
    anchors: Float[Tensor, "f 3"]

    @classmethod
    def through(cls, points: Float[Tensor, "k 3"], corners: Int[Tensor, "f 3"]) -> "_Faces":
        first, second, third = points[corners].unbind(1)
        normals = torch.linalg.cross(second - first, third - first)
        return cls(corners, normals / normals.norm(dim=1, keepdim=True), first)

    def heights(self, point: Float[Tensor, " 3"]) -> Float[Tensor, " f"]:
        """Return how far a point lies above each face."""
        return ((point - self.anchors) * self.normals).sum(dim=1)


def _faces(points: Float[Tensor, "k 3"]) -> _Faces:
    """Return the faces of the hull; it grows by one point after the other.

    The faces that see the new point are replaced by those between it and their common border.

    Source: Joseph O'Rourke, "Computational Geometry in C", 2nd edition 1998, section 4.2, the
    incremental algorithm.
    """
    start = _first_corners(points)
    faces = _tetrahedron(points, start)
    for number in range(len(points)):
        if number in start:
            continue
        sees = faces.heights(points[number]) > _LEAST_ABOVE
        if not bool(sees.any()):
            continue
        edges = [(face[i], face[i - 2]) for face in faces.corners[sees].tolist() for i in range(3)]
        removed = set(edges)
        border = [edge for edge in edges if edge[::-1] not in removed]
        new = _Faces.through(points, torch.tensor([(*edge, number) for edge in border]))
        faces = _Faces(
            torch.cat([faces.corners[~sees], new.corners]),
            torch.cat([faces.normals[~sees], new.normals]),
            torch.cat([faces.anchors[~sees], new.anchors]),
        )
    return faces


def _first_corners(points: Float[Tensor, "k 3"]) -> list[int]:
    """Return four points that are far from one another: each from all before it."""
    offsets = points - points[0]
    chosen = [int(offsets.square().sum(dim=1).argmax())]
    offsets = points - points[chosen[0]]
    for _ in range(3):
        # What is left of the offsets is perpendicular to all that were chosen.
        distances = offsets.square().sum(dim=1)
        chosen.append(int(distances.argmax()))
        axis = offsets[chosen[-1]] / distances.max().sqrt()
        offsets = offsets - (offsets @ axis)[:, None] * axis
    return chosen


def _tetrahedron(points: Float[Tensor, "k 3"], corners: list[int]) -> _Faces:
    a, b, c, d = corners
    faces = _Faces.through(points, torch.tensor([(a, b, c), (a, c, d), (a, d, b), (b, d, c)]))
    opposite = torch.tensor([d, b, c, a])
    is_inverted = ((points[opposite] - faces.anchors) * faces.normals).sum(dim=1) > 0
    if not bool(is_inverted.any()):
        return faces
    return _Faces.through(points, faces.corners.flip(1))
