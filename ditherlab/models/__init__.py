"""Models of drawn pictures with few parameters: noise before rounding, ordered dithering."""

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
