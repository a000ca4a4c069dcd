"""The registry of models."""

from ditherlab.lazy_classes import LazyClasses
from ditherlab.models.model import Model
from ditherlab.specs import Registry

MODELS: Registry[Model] = Registry(
    "model", LazyClasses("ditherlab.models", ["Noise", "Ordered"]), base=Model
)
