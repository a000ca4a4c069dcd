"""The structural similarity index (SSIM) of display sRGB in [0, 1]."""

from jaxtyping import Float
from torch import Tensor

from ditherlab.vision.filtering import Taps, filter_valid

Pictures = Float[Tensor, "*batch h w"]

Windows = Float[Tensor, "*batch y x"]
"""A value of each window that lies inside the picture."""

C1 = 0.01**2
"""The constant that is added to squared means: K1 = 0.01 of a data range of 1."""

C2 = 0.03**2
"""The constant that is added to variances: K2 = 0.03 of a data range of 1."""


def structural_similarity(one: Pictures, other: Pictures, taps: Taps) -> Windows:
    """Return the SSIM of every window that lies inside two pictures.

    Args:
        one: Display sRGB in [0, 1].
        other: Display sRGB in [0, 1], of the same shape.
        taps: The weights of the window along an axis; covariances are without sample correction.

    Source: Zhou Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE TIP 2004, eq. 13.
    """
    mean_one, mean_other = filter_valid(one, taps), filter_valid(other, taps)
    product = mean_one * mean_other
    squares = mean_one.square() + mean_other.square()
    covariance = filter_valid(one * other, taps) - product
    variances = filter_valid(one.square() + other.square(), taps) - squares
    luminance, structure = similarity_factors(product, covariance, squares + C1, variances + C2)
    return luminance * structure


def similarity_factors(
    product: Tensor, covariance: Tensor, squares_plus_c1: Tensor, variances_plus_c2: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the two factors of SSIM: of luminance, and of contrast and structure.

    All arguments have one value for each window.

    Args:
        product: The product of both means.
        covariance: The covariance of both pictures.
        squares_plus_c1: The sum of both squared means, plus `C1`.
        variances_plus_c2: The sum of both variances, plus `C2`.

    Source: Zhou Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE TIP 2004, eq. 13.
    """
    return (2 * product + C1) / squares_plus_c1, (2 * covariance + C2) / variances_plus_c2
