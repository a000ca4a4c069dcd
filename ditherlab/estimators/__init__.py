"""Ways to estimate the gradient of an expected cost."""

from ditherlab.estimators.arm import ARM
from ditherlab.estimators.darn import DARN
from ditherlab.estimators.disarm import Disarm
from ditherlab.estimators.gst import GST
from ditherlab.estimators.gumbel_rao import GumbelRao
from ditherlab.estimators.gumbel_softmax import GumbelSoftmax
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.estimators.moments import Moments
from ditherlab.estimators.registry import ESTIMATORS
from ditherlab.estimators.reinmax import Reinmax
from ditherlab.estimators.score_function import ScoreFunction
from ditherlab.estimators.st import ST
from ditherlab.estimators.st_gumbel import STGumbel

__all__ = [
    "ARM",
    "DARN",
    "ESTIMATORS",
    "GST",
    "ST",
    "Disarm",
    "GumbelRao",
    "GumbelSoftmax",
    "LeaveOneOut",
    "Moments",
    "Reinmax",
    "STGumbel",
    "ScoreFunction",
]
