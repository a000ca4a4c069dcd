"""The registry of estimators, by their names in the literature."""

from ditherlab.estimators.arm import ARM
from ditherlab.estimators.arsm import ARSM
from ditherlab.estimators.carms import CARMS
from ditherlab.estimators.common_random_numbers import CommonRandomNumbers
from ditherlab.estimators.darn import DARN
from ditherlab.estimators.disarm import Disarm
from ditherlab.estimators.exact import Exact
from ditherlab.estimators.gst import GST
from ditherlab.estimators.gumbel_rao import GumbelRao
from ditherlab.estimators.gumbel_softmax import GumbelSoftmax
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.estimators.local_expectation import LocalExpectation
from ditherlab.estimators.measure_valued import MeasureValued
from ditherlab.estimators.moments import Moments
from ditherlab.estimators.pairwise import Pairwise
from ditherlab.estimators.random_sparsification import RandomSparsification
from ditherlab.estimators.random_windows import RandomWindows
from ditherlab.estimators.rao_blackwell import RaoBlackwell
from ditherlab.estimators.rebar import Rebar
from ditherlab.estimators.reinmax import Reinmax
from ditherlab.estimators.relax import Relax
from ditherlab.estimators.score_function import ScoreFunction
from ditherlab.estimators.st import ST
from ditherlab.estimators.st_gumbel import STGumbel
from ditherlab.estimators.stochastic_triples import StochasticTriples
from ditherlab.estimators.unordered_set import UnorderedSet
from ditherlab.protocol import Estimator
from ditherlab.specs import Registry

ESTIMATORS: Registry[Estimator] = Registry.of(
    "estimator",
    [
        ScoreFunction,
        LeaveOneOut,
        ARM,
        Disarm,
        ARSM,
        CARMS,
        Rebar,
        Relax,
        LocalExpectation,
        RaoBlackwell,
        MeasureValued,
        StochasticTriples,
        Pairwise,
        UnorderedSet,
        GumbelSoftmax,
        ST,
        STGumbel,
        GumbelRao,
        GST,
        Reinmax,
        DARN,
        Moments,
        Exact,
        RandomWindows,
        RandomSparsification,
        CommonRandomNumbers,
    ],
    aliases={
        "reinforce": "score-function",
        "rloo": "leave-one-out",
        "local-leave-one-out": "leave-one-out(credit=local)",
        "linstat": "leave-one-out(credit=local, control=linstat)",
        "muprop": "score-function(control=muprop)",
        "vargrad": "leave-one-out",
        "straight-through": "st",
        "zgr": "reinmax",
    },
)
