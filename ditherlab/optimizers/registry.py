"""The registry of optimizers."""

from ditherlab.optimizers.adam import Adam
from ditherlab.optimizers.mean_field import MeanField
from ditherlab.optimizers.natural_gradient import NaturalGradient
from ditherlab.protocol import Optimizer
from ditherlab.specs import Registry

OPTIMIZERS: Registry[Optimizer] = Registry.of("optimizer", [Adam, MeanField, NaturalGradient])
