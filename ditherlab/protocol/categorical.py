"""The distribution of drawn pictures: an independent categorical over the palette per pixel."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding

from ditherlab.types import Colors, DrawnImages, Indices, Logits, PictureCosts, Probs

_PART_OF_NOISE = 1 << 16

# Indices of as many colors fit into the uint8 in which draws are counted.
_FEW_COLORS = 256


@dataclass(frozen=True)
class Categorical:
    """Independent categorical pixels: `x_i ~ Cat(p_i)`, drawn picture `X_i = palette[x_i]`.

    Attributes:
        probs: The probability of each color at each pixel.
        palette: Display sRGB in [0, 1].
        learns_palette: True if estimators shall compute a gradient for the palette.
        shares_palette: True if all pictures have the same palette. Pictures are then drawn with the
            channels of a pixel next to each other, which suits palettes of many channels.
    """

    probs: Probs
    palette: Colors
    learns_palette: bool = False
    shares_palette: bool = False

    @classmethod
    def from_logits(
        cls, logits: Logits, palette: Colors, *, learns_palette: bool = False
    ) -> "Categorical":
        """Make the distribution with `probs = softmax(logits)` over the colors."""
        return Categorical(logits.softmax(dim=1), palette, learns_palette)

    def clone(self) -> "Categorical":
        """Return a deep copy."""
        return Categorical(self.probs.clone(), self.palette.clone(), self.learns_palette)

    @property
    def log_probs(self) -> Logits:
        """The log probabilities; logits that give the same distribution."""
        return self.probs.clamp_min(torch.finfo(self.probs.dtype).tiny).log()

    def draw_indices(self, num_samples: int, generator: torch.Generator) -> Indices:
        """Draw pictures by inverting the cumulative distribution of each pixel.

        One uniform number per pixel is three to four times cheaper than Gumbel noise on a CPU.
        """
        b, k, h, w = self.probs.shape
        device, dtype = self.probs.device, self.probs.dtype
        uniform = torch.rand(
            (num_samples, b, h, w), generator=generator, device=device, dtype=dtype
        )
        if k > _FEW_COLORS:
            bounds = self.probs.cumsum(dim=1).movedim(1, -1)[..., :-1].contiguous()
            places = uniform.movedim(0, -1).contiguous()
            return torch.searchsorted(bounds, places, right=True).movedim(-1, 0)
        indices = torch.zeros(uniform.shape, dtype=torch.uint8, device=device)
        cumulative = torch.zeros((b, h, w), dtype=dtype, device=device)
        for color in range(k - 1):
            cumulative += self.probs[:, color]
            indices += uniform >= cumulative
        return indices.long()

    def draw_gumbel_noise(
        self, num_samples: int, generator: torch.Generator
    ) -> Float[Tensor, "s b k h w"]:
        """Draw standard Gumbel noise for every color: `argmax(log p + g)` is an exact draw.

        Source: Chris J. Maddison et al., "A* Sampling", NeurIPS 2014, sec. 2.
        """
        noise = self.probs.new_empty((num_samples, *self.probs.shape))
        _fill_exponential(noise, generator)
        return noise.log_().neg_()

    def images(self, indices: Indices) -> DrawnImages:
        """Convert palette indices to pictures."""
        if self.shares_palette:
            return embedding(indices, self.palette[0]).movedim(-1, 2)
        s, b, h, w = indices.shape
        flat = indices.flatten(2).unsqueeze(2)
        colors = self.palette.mT.expand(s, -1, -1, -1)
        return colors.gather(3, flat.expand(-1, -1, colors.shape[2], -1)).view(s, b, -1, h, w)

    def mix(self, weights: Float[Tensor, "*s b k h w"]) -> Float[Tensor, "*s b c h w"]:
        """Mix the colors of every pixel: `sum_k weights_k C_k`."""
        mixed: Tensor = torch.einsum("bkc,...bkhw->...bchw", self.palette, weights)
        return mixed

    def along_colors(self, grads: Float[Tensor, "*s b c h w"]) -> Float[Tensor, "*s b k h w"]:
        """Return `<grad_i, C_k>`: the slope of pixel i along each color, from a pixel gradient."""
        slopes: Tensor = torch.einsum("bkc,...bchw->...bkhw", self.palette, grads)
        return slopes

    def most_probable(self) -> Int[Tensor, "b h w"]:
        """Return each pixel's most probable color, the first one if several are equal."""
        return largest_color(self.probs)

    def entropy(self) -> PictureCosts:
        """Return the mean entropy of a pixel in nats: 0 if deterministic, `log k` if uniform."""
        # Color by color: a temporary as large as the probabilities would set the peak of memory.
        num_colors = self.probs.shape[1]
        total = sum(torch.special.entr(self.probs[:, color]) for color in range(num_colors))
        return torch.as_tensor(total).mean(dim=(1, 2))

    def weigh_scores(self, indices: Indices, weights: Float[Tensor, "s b h w"]) -> Logits:
        """Return `sum_s weights_s * (onehot(indices_s) - probs)`: the score of each draw, weighted.

        Args:
            indices: Drawn pictures.
            weights: The weight of each draw at each pixel; may be an expanded view.
        """
        gradient = self.probs * -weights.sum(dim=0).unsqueeze(1)
        return gradient.scatter_add_(1, indices.transpose(0, 1), weights.transpose(0, 1))

    def gather_palette_gradient(self, indices: Indices, grad_images: DrawnImages) -> Colors:
        """Sum the gradients of drawn pixels over the samples and pixels that show each color."""
        colors = torch.zeros_like(self.palette)
        flat = indices.permute(1, 0, 2, 3).flatten(1).unsqueeze(2)
        grads = grad_images.permute(1, 0, 3, 4, 2).flatten(1, 3)
        return colors.scatter_add_(1, flat.expand_as(grads), grads)


def peaked_probs(
    indices: Int[Tensor, "h w"], palette: Colors, certainty: float
) -> Float[Tensor, "1 k h w"]:
    """Return probabilities that give `certainty` to one color, and share the rest among all."""
    num_colors = palette.shape[1]
    probs = palette.new_full((num_colors, *indices.shape), (1 - certainty) / num_colors)
    probs.scatter_add_(0, indices.unsqueeze(0), torch.full_like(probs[:1], certainty))
    return probs.unsqueeze(0)


def largest_color(values: Float[Tensor, "*s b k h w"]) -> Int[Tensor, "*s b h w"]:
    """Return the color with the largest value at each pixel, the first one if several are equal.

    On a CPU this is ten times faster than `argmax`, whose memory access strides over pictures.
    """
    if values.shape[-3] > _FEW_COLORS:
        return values.argmax(dim=-3)
    largest, *others = values.unbind(dim=-3)
    winners = torch.zeros(largest.shape, dtype=torch.uint8, device=values.device)
    for color, challengers in enumerate(others, start=1):
        winners.masked_fill_(challengers > largest, color)
        largest = torch.maximum(largest, challengers)
    return winners.long()


def _fill_exponential(noise: Tensor, generator: torch.Generator) -> None:
    """Fill with standard exponential noise.

    On a CPU, `exponential_` computes logarithms one by one; taking them of uniform numbers is three
    times faster. This needs double precision, or the tail would be cut, and works in parts to save
    memory.
    """
    if noise.device.type != "cpu":
        noise.exponential_(generator=generator)
        return
    for part in noise.view(-1).split(_PART_OF_NOISE):
        uniform = torch.rand(len(part), generator=generator, dtype=torch.float64)
        part.copy_(uniform.neg_().log1p_().neg_())
