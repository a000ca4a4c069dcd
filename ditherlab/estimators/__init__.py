"""Estimators of the gradient of an expected cost, one per module."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
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
    from ditherlab.estimators.registry import ESTIMATORS
    from ditherlab.estimators.reinmax import Reinmax
    from ditherlab.estimators.relax import Relax
    from ditherlab.estimators.score_function import ScoreFunction
    from ditherlab.estimators.st import ST
    from ditherlab.estimators.st_gumbel import STGumbel
    from ditherlab.estimators.stochastic_triples import StochasticTriples
    from ditherlab.estimators.unordered_set import UnorderedSet

__all__ = [
    "ARM",
    "ARSM",
    "CARMS",
    "DARN",
    "ESTIMATORS",
    "GST",
    "ST",
    "CommonRandomNumbers",
    "Disarm",
    "Exact",
    "GumbelRao",
    "GumbelSoftmax",
    "LeaveOneOut",
    "LocalExpectation",
    "MeasureValued",
    "Moments",
    "Pairwise",
    "RandomSparsification",
    "RandomWindows",
    "RaoBlackwell",
    "Rebar",
    "Reinmax",
    "Relax",
    "STGumbel",
    "ScoreFunction",
    "StochasticTriples",
    "UnorderedSet",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ARM": "arm",
        "ARSM": "arsm",
        "CARMS": "carms",
        "DARN": "darn",
        "ESTIMATORS": "registry",
        "GST": "gst",
        "ST": "st",
        "CommonRandomNumbers": "common_random_numbers",
        "Disarm": "disarm",
        "Exact": "exact",
        "GumbelRao": "gumbel_rao",
        "GumbelSoftmax": "gumbel_softmax",
        "LeaveOneOut": "leave_one_out",
        "LocalExpectation": "local_expectation",
        "MeasureValued": "measure_valued",
        "Moments": "moments",
        "Pairwise": "pairwise",
        "RandomSparsification": "random_sparsification",
        "RandomWindows": "random_windows",
        "RaoBlackwell": "rao_blackwell",
        "Rebar": "rebar",
        "Reinmax": "reinmax",
        "Relax": "relax",
        "STGumbel": "st_gumbel",
        "ScoreFunction": "score_function",
        "StochasticTriples": "stochastic_triples",
        "UnorderedSet": "unordered_set",
    },
)
