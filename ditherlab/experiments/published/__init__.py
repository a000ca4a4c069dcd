"""Reproductions of published experiments, one module each, with the claims they check."""

from collections.abc import Mapping

from ditherlab.experiments.published.bernoulli_toy import BernoulliToy
from ditherlab.experiments.published.digits_vae import DigitsVAE
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import Chart, Claim, Findings, Series
from ditherlab.experiments.published.gaussian import Gaussian
from ditherlab.experiments.published.noise_dither import NoiseDither
from ditherlab.experiments.published.polynomial import Polynomial
from ditherlab.experiments.published.rebar_toy import RebarToy
from ditherlab.experiments.published.tuning import Tuning
from ditherlab.naming import kebab_case

EXPERIMENTS: Mapping[str, Experiment] = {
    kebab_case(type(experiment).__name__): experiment
    for experiment in (
        Gaussian(),
        RebarToy(),
        DigitsVAE(),
        Polynomial(),
        BernoulliToy(),
        Tuning(),
        NoiseDither(),
    )
}
"""The experiments by name."""

__all__ = [
    "EXPERIMENTS",
    "Chart",
    "Claim",
    "Experiment",
    "Findings",
    "OnProgress",
    "Series",
]
