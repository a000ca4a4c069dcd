"""Estimators by the names of the literature."""

from ditherlab.estimators.arm import ARM
from ditherlab.estimators.darn import DARN
from ditherlab.estimators.disarm import Disarm
from ditherlab.estimators.gst import GST
from ditherlab.estimators.gumbel_rao import GumbelRao
from ditherlab.estimators.gumbel_softmax import GumbelSoftmax
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.estimators.moments import Moments
from ditherlab.estimators.reinmax import Reinmax
from ditherlab.estimators.score_function import ScoreFunction
from ditherlab.estimators.st import ST
from ditherlab.estimators.st_gumbel import STGumbel
from ditherlab.protocol import Estimator
from ditherlab.specs import Registry

ESTIMATORS: Registry[Estimator] = Registry.of(
    "estimator",
    [
        ScoreFunction,
        LeaveOneOut,
        ARM,
        Disarm,
        GumbelSoftmax,
        ST,
        STGumbel,
        GumbelRao,
        GST,
        Reinmax,
        DARN,
        Moments,
    ],
    aliases={
        "reinforce": "score-function",
        "rloo": "leave-one-out",
        "local-leave-one-out": "leave-one-out(credit=local)",
        "linstat": "leave-one-out(credit=local, control=linstat)",
        "vargrad": "leave-one-out",
        "straight-through": "st",
        "zgr": "reinmax",
    },
)
