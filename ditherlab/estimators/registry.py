"""Estimators by the names of the literature."""

from ditherlab.estimators.gumbel_softmax import GumbelSoftmax
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.estimators.moments import Moments
from ditherlab.estimators.score_function import ScoreFunction
from ditherlab.estimators.st import ST
from ditherlab.protocol import Estimator
from ditherlab.specs import Registry

ESTIMATORS: Registry[Estimator] = Registry.of(
    "estimator",
    [ScoreFunction, LeaveOneOut, GumbelSoftmax, ST, Moments],
    aliases={
        "reinforce": "score-function",
        "rloo": "leave-one-out",
        "vargrad": "leave-one-out",
        "straight-through": "st",
    },
)
