"""The registry of estimators, by their names in the literature."""

from ditherlab.lazy_classes import LazyClasses
from ditherlab.protocol import Estimator
from ditherlab.specs import Registry

ESTIMATORS: Registry[Estimator] = Registry(
    "estimator",
    LazyClasses(
        "ditherlab.estimators",
        [
            "ScoreFunction",
            "LeaveOneOut",
            "ARM",
            "Disarm",
            "ARSM",
            "CARMS",
            "Rebar",
            "Relax",
            "LocalExpectation",
            "RaoBlackwell",
            "MeasureValued",
            "StochasticTriples",
            "Pairwise",
            "UnorderedSet",
            "GumbelSoftmax",
            "ST",
            "STGumbel",
            "GumbelRao",
            "GST",
            "Reinmax",
            "DARN",
            "Moments",
            "Exact",
            "RandomWindows",
            "RandomSparsification",
            "CommonRandomNumbers",
        ],
    ),
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
    base=Estimator,
)
