"""A metric of one's own: what is lost of the structure that shows from a distance.

ditherlab optimize photo.jpg --objective python:docs/examples/my_metric.py:cost
"""

import numpy as np
from PIL import Image, ImageFilter

BLUR_PX = 1.5
BLOCK_PX = 8


def cost(picture: np.ndarray, target: np.ndarray) -> float:
    """Return 1 - SSIM of the blurred pictures' lightness, over blocks of 8 x 8 pixels.

    Args:
        picture: What was drawn, uint8 `[h w 3]`.
        target: What it shall look like, the same.
    """
    seen, wanted = _to_blocks(picture), _to_blocks(target)
    mean, wanted_mean = seen.mean(axis=(1, 3)), wanted.mean(axis=(1, 3))
    variance = seen.var(axis=(1, 3))
    wanted_variance = wanted.var(axis=(1, 3))
    covariance = (seen * wanted).mean(axis=(1, 3)) - mean * wanted_mean
    lightness = (2 * mean * wanted_mean + 0.01**2) / (mean**2 + wanted_mean**2 + 0.01**2)
    structure = (2 * covariance + 0.03**2) / (variance + wanted_variance + 0.03**2)
    return 1 - float((lightness * structure).mean())


def _to_blocks(pixels: np.ndarray) -> np.ndarray:
    """Blur as the eye does, and cut into blocks `[rows, y, columns, x]`."""
    gray = Image.fromarray(pixels).convert("L").filter(ImageFilter.GaussianBlur(BLUR_PX))
    lightness = np.asarray(gray, dtype=np.float32) / 255
    height, width = lightness.shape
    size = min(BLOCK_PX, height, width)
    whole = lightness[: height // size * size, : width // size * size]
    return whole.reshape(height // size, size, width // size, size)
