"""Methods by name."""

from ditherlab.discrete.cross_entropy import CrossEntropy
from ditherlab.discrete.gibbs_with_gradients import GibbsWithGradients
from ditherlab.discrete.search import Method
from ditherlab.specs import Registry

METHODS: Registry[Method] = Registry.of("method", [GibbsWithGradients, CrossEntropy])
