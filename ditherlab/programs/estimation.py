"""An estimate of the gradient of an expected cost for the logits of categorical variables."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.naming import spell_value
from ditherlab.programs.autocast import autocast_type, set_autocast
from ditherlab.programs.categories import Categories
from ditherlab.programs.choice import AnyEstimator, check_temperature, choose_estimator
from ditherlab.programs.function_cost import Draws, Function, FunctionCost
from ditherlab.protocol import Estimate, Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import seeded_generator

# Logits of fewer bits are computed in this type.
_LEAST_TYPE = torch.float32


@dataclass(frozen=True)
class LogitsEstimate:
    """An estimate of the expected cost of drawn categories, and of its gradient.

    Attributes:
        value: The mean cost of hard draws of each element of the batch, a scalar without a batch;
            float32 for logits of fewer bits.
        grad_logits: The gradient of the expected cost of each element for its logits, in their
            shape.
        num_evaluations: Draws that were priced for each element of the batch.
        num_backward_passes: Those of them that were also differentiated.
        state: What lasts until the next call, such as a moving baseline; None for most estimators.
    """

    value: Float[Tensor, "..."]
    grad_logits: Float[Tensor, "..."]
    num_evaluations: int
    num_backward_passes: int
    state: Any = None


@dataclass(frozen=True, eq=False)
class Run:
    """A call of an estimator for the logits of a program.

    Attributes:
        estimator: The estimator.
        categories: The shape of the variables.
        model: Their distribution, as one of pictures.
        cost: The cost, as one of pictures.
        generator: Source of everything random, on the device of the logits.
        temperature: Replaces the own one of a relaxation; None keeps it.
    """

    estimator: Estimator
    categories: Categories
    model: Categorical
    cost: FunctionCost
    generator: torch.Generator
    temperature: float | None

    @classmethod
    def of(
        cls,
        cost: Function,
        logits: Tensor,
        estimator: AnyEstimator,
        *,
        num_samples: int | None,
        num_batch_dims: int,
        draws: Draws,
        generator: torch.Generator | None,
        temperature: float | None,
        follows_value: bool = False,
    ) -> "Run":
        """Check the arguments of `estimate`, and lay out the variables as pictures.

        Args:
            cost: As in `estimate`.
            logits: As in `estimate`.
            estimator: As in `estimate`.
            num_samples: As in `estimate`.
            num_batch_dims: As in `estimate`.
            draws: As in `estimate`.
            generator: As in `estimate`.
            temperature: As in `estimate`.
            follows_value: True to keep the derivative of the value in what the cost uses.
        """
        categories = Categories.of(logits, num_batch_dims)
        chosen = choose_estimator(estimator, num_samples, categories, draws)
        check_temperature(chosen, temperature)
        wide = logits.detach()
        if wide.dtype.itemsize < _LEAST_TYPE.itemsize:
            wide = wide.to(_LEAST_TYPE)
        palette = categories.unit_vectors(wide) if draws == "one-hots" else categories.numbers(wide)
        return cls(
            chosen,
            categories,
            categories.model(wide, palette),
            FunctionCost(
                cost,
                categories,
                draws,
                logits.dtype,
                autocast_type(logits.device),
                follows_value,
            ),
            choose_generator(generator, logits.device),
            temperature,
        )

    def estimate(self, state: Any) -> tuple[Estimate, Any]:
        """Draw and weigh, as `Estimator.estimate` does.

        Only the cost is computed in the types that `torch.autocast` asks for.
        """
        with set_autocast(self.generator.device, None):
            return self.estimator.estimate(
                self.model, self.cost, self.generator, state, self.temperature
            )

    def price_draws(self) -> Tensor:
        """Return the mean cost of hard draws of each element of the batch, and nothing else."""
        drawn = self.model.draw_indices(self.estimator.num_draws, self.generator)
        return self.per_element(self.cost.cost(self.model.images(drawn)).mean(dim=0))

    def logit_gradient(self, estimate: Estimate) -> Tensor:
        """Return the gradient of an estimate in the shape of the logits."""
        with set_autocast(self.generator.device, None):
            return self.categories.logits(estimate.grad_logits)

    def per_element(self, values: Float[Tensor, "b"]) -> Tensor:
        """Return a value for each element of the batch."""
        return values.reshape(self.categories.batch)


def estimate(
    cost: Function,
    logits: Float[Tensor, "..."],
    estimator: AnyEstimator = "leave-one-out",
    *,
    num_samples: int | None = None,
    num_batch_dims: int = 0,
    draws: Draws = "one-hots",
    generator: torch.Generator | None = None,
    state: Any = None,
    temperature: float | None = None,
) -> LogitsEstimate:
    """Estimate `d E[cost(x)] / d logits` for independent categorical variables `x`.

    Each variable is drawn with `softmax(logits)` over the last axis. Nothing is differentiated
    through the logits, and no gradient reaches what `cost` uses: `expected_cost` does both.

    Args:
        cost: Takes draws `[s *batch *variables k]`, one-hots of the type and on the device of the
            logits, and returns the cost of each, `[s]` or `[s *batch]`. It is called with any
            number `s` of draws, and for relaxations with mixtures of one-hots.
        logits: Unnormalized log probabilities `[*batch *variables k]`.
        estimator: An estimator, its class, or its words such as `rebar(tau=0.3)`.
        num_samples: Draws of each element of the batch; None for the estimator's own number.
        num_batch_dims: The number of leading axes of the logits that are a batch, whose elements
            have costs of their own that do not depend on one another.
        draws: `indices` for costs that take categories, int64 `[s *batch *variables]`; they have no
            gradient.
        generator: On the device of the logits; None for torch's default one (off the CPU, for one
            that it seeds), so that `torch.manual_seed` decides the draws.
        state: The state of the last estimate; None at first.
        temperature: For relaxations, replaces their own temperature.

    Returns:
        The estimate; its state goes into the next call.

    Raises:
        AbilityError: If the estimator needs what only pictures have, or a gradient that the cost
            lacks; the message names what works.
        RequestError: For unknown words, or a cost of the wrong shape.

    Example:
        >>> target = torch.tensor([0, 2, 1])
        >>> def num_errors(x):
        ...     return (x.argmax(dim=-1) != target).sum(dim=-1).float()
        >>> g = torch.Generator().manual_seed(0)
        >>> found = estimate(num_errors, torch.zeros(3, 3), num_samples=1000, generator=g)
        >>> found.grad_logits.argmin(dim=-1).tolist()  # downhill is towards the target
        [0, 2, 1]
    """
    run = Run.of(
        cost,
        logits,
        estimator,
        num_samples=num_samples,
        num_batch_dims=num_batch_dims,
        draws=draws,
        generator=generator,
        temperature=temperature,
    )
    found, state = run.estimate(state)
    return LogitsEstimate(
        run.per_element(found.value),
        run.logit_gradient(found).to(logits.dtype),
        found.num_evaluations,
        found.num_backward_passes,
        state,
    )


def choose_generator(generator: torch.Generator | None, device: torch.device) -> torch.Generator:
    """Return the generator; if there is none, torch's default one, or one that it seeds.

    Raises:
        RequestError: If it is no generator, or one on another device.
    """
    if generator is not None:
        if not isinstance(generator, torch.Generator):
            raise RequestError(
                f"The generator must be a `torch.Generator`, got {spell_value(generator)}. Make it "
                "by `torch.Generator().manual_seed(0)`."
            )
        if generator.device.type != device.type:
            raise RequestError(
                f"The generator must be on the device of the logits, {device}, got one on "
                f"{generator.device}. Make it by `torch.Generator('{device.type}')`."
            )
        return generator
    if device.type == "cpu":
        return torch.default_generator
    # The seed is drawn on the CPU, so that an accelerator need not be waited for.
    return seeded_generator(int(torch.randint(2**63 - 1, ())), device)
