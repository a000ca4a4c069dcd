"""Ways to estimate the gradient of an expected cost."""

from ditherlab.estimators.gumbel_softmax import GumbelSoftmax
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.estimators.moments import Moments
from ditherlab.estimators.registry import ESTIMATORS
from ditherlab.estimators.score_function import ScoreFunction
from ditherlab.estimators.st import ST

__all__ = ["ESTIMATORS", "ST", "GumbelSoftmax", "LeaveOneOut", "Moments", "ScoreFunction"]
