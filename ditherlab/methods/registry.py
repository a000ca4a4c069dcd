"""Methods by name."""

from ditherlab.methods.cross_entropy import CrossEntropy
from ditherlab.methods.gibbs_with_gradients import GibbsWithGradients
from ditherlab.methods.method import Method
from ditherlab.specs import Registry

METHODS: Registry[Method] = Registry.of("method", [GibbsWithGradients, CrossEntropy])
