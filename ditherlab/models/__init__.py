"""Models of drawn pictures with few parameters: noise before rounding, ordered dithering."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.models.mask import low_power_db, rank_mask, white_noise_mask
    from ditherlab.models.model import BoundModel, Model
    from ditherlab.models.noise import Noise
    from ditherlab.models.ordered import Ordered, RepeatedMask
    from ditherlab.models.registry import MODELS
    from ditherlab.models.rounding import Rounding
    from ditherlab.models.void_and_cluster import void_and_cluster_mask

__all__ = [
    "MODELS",
    "BoundModel",
    "Model",
    "Noise",
    "Ordered",
    "RepeatedMask",
    "Rounding",
    "low_power_db",
    "rank_mask",
    "void_and_cluster_mask",
    "white_noise_mask",
]

__getattr__ = lazy_names(
    __name__,
    {
        "MODELS": "registry",
        "BoundModel": "model",
        "Model": "model",
        "Noise": "noise",
        "Ordered": "ordered",
        "RepeatedMask": "ordered",
        "Rounding": "rounding",
        "low_power_db": "mask",
        "rank_mask": "mask",
        "void_and_cluster_mask": "void_and_cluster",
        "white_noise_mask": "mask",
    },
)
