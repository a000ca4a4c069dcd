"""The registry of optimizers."""

from ditherlab.lazy_classes import LazyClasses
from ditherlab.protocol import Optimizer
from ditherlab.specs import Registry

OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    LazyClasses("ditherlab.optimizers", ["Adam", "MeanField", "NaturalGradient"]),
    base=Optimizer,
)
