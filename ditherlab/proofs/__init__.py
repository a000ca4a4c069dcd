"""Proofs that estimators have the mean that they claim, for estimators of your own too."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.proofs.enumeration import Enumeration, Truth
    from ditherlab.proofs.proof import prove_unbiased

__all__ = ["Enumeration", "Truth", "prove_unbiased"]

__getattr__ = lazy_names(
    __name__,
    {"Enumeration": "enumeration", "Truth": "enumeration", "prove_unbiased": "proof"},
)
