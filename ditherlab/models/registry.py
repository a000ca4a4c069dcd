"""The registry of models."""

from ditherlab.models.model import Model
from ditherlab.models.noise import Noise
from ditherlab.models.ordered import Ordered
from ditherlab.specs import Registry

MODELS: Registry[Model] = Registry.of("model", [Noise, Ordered])
