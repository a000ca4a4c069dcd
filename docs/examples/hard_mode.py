"""Hard mode: what is drawn depends on what is differentiated.

    python docs/examples/hard_mode.py

Pictures of 3 x 3 pixels and two colors are drawn. First the parameter is the logits: drawn
pictures do not move with them, so autograd finds nothing in the mean price. Then it is the
palette, where each pixel prefers the colors near its own, so that the palette decides both what is
drawn and how that looks: autograd finds the second of two terms, a gradient that looks fine and is
wrong. The score function brings the lost term back.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

import ditherlab as dl
from ditherlab.estimators import Exact
from ditherlab.experiments import GradientProblem
from ditherlab.protocol import Estimate
from ditherlab.protocol.categorical import Categorical

COFFEE = Path(__file__).parents[2] / "images" / "coffee.png"
NUM_GROUPS, NUM_SAMPLES = 40, 500


def main() -> None:
    """Print how far three gradients are from the exact one, for two parameters."""
    picture = dl.read_picture(COFFEE).crop(left=300, top=100, width=3, height=3)
    problem = dl.Problem(picture=picture, palette=dl.LearnedPalette(2))
    place = GradientProblem.of(problem, "flat", device="cpu")
    palette, pixels = place.model.palette, picture.to_srgb()

    def with_logits(logits: Tensor) -> Categorical:
        return Categorical.from_logits(logits, palette, learns_palette=True)

    def with_palette(colors: Tensor) -> Categorical:
        away = (pixels.unsqueeze(1) - colors[..., None, None]).square().sum(dim=2)
        return Categorical.from_logits(-100 * away, colors, learns_palette=True)

    print(f"{NUM_GROUPS * NUM_SAMPLES} draws; how far from the exact gradient, in standard errors")
    for what, make, parameter in (
        ("logits", with_logits, place.model.log_probs),
        ("palette", with_palette, palette),
    ):
        exact = differentiate_exactly(make, parameter, place)
        by_mean = estimate(make, parameter, place, lambda costs, _: costs.mean())
        by_surrogate = estimate(make, parameter, place, surrogate)
        # In units of what the good estimate scatters: a gradient of zero scatters not at all.
        error = by_surrogate.std(dim=0) / NUM_GROUPS**0.5
        for words, found in (("of the mean", by_mean), ("of the surrogate", by_surrogate)):
            off = ((found.mean(dim=0) - exact).abs() / error).max()
            print(f"  {what}: the derivative {words} is {off:.1f} off, length {length(found):.2g}")


def surrogate(costs: Tensor, log_chances: Tensor) -> Tensor:
    """Return a number whose derivative has both terms; as a number, it says nothing.

    `f` with its derivative, and `log p` with the price as a constant in front: the score function.
    The mean price of the other draws is the baseline.
    """
    others = (costs.sum() - costs) / (len(costs) - 1)
    return (costs + (costs - others).detach() * log_chances).mean()


def estimate(
    make: Callable[[Tensor], Categorical],
    parameter: Tensor,
    place: GradientProblem,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """Draw groups of pictures, and differentiate the loss of each."""
    generator = torch.Generator().manual_seed(0)
    groups = []
    for _ in range(NUM_GROUPS):
        leaf = parameter.clone().requires_grad_()
        model = make(leaf)
        draws = model.draw_indices(NUM_SAMPLES, generator)
        log_probs = model.log_probs.expand(NUM_SAMPLES, -1, -1, -1, -1)
        log_chances = log_probs.gather(2, draws.unsqueeze(2)).sum(dim=(1, 2, 3, 4))
        costs = place.cost.cost(model.images(draws))[:, 0]
        # The mean of fixed draws may not hold the parameter at all: then autograd says zero.
        total = loss(costs, log_chances) + 0 * leaf.sum()
        groups += torch.autograd.grad(total, leaf)
    return torch.stack(groups)


def differentiate_exactly(
    make: Callable[[Tensor], Categorical], parameter: Tensor, place: GradientProblem
) -> Tensor:
    """Price all 512 pictures; pull both of their gradients back to the parameter."""
    leaf = parameter.clone().requires_grad_()
    model = make(leaf)
    exact: Estimate = Exact().estimate(model.clone(), place.cost, torch.Generator())[0]
    drawn = (model.log_probs * exact.grad_logits).sum()
    looks = (model.palette * exact.grad_palette).sum()
    return torch.autograd.grad(drawn + looks, leaf)[0].detach()


def length(groups: Tensor) -> float:
    """Return the length of the mean gradient."""
    return float(groups.mean(dim=0).norm())


if __name__ == "__main__":
    main()
