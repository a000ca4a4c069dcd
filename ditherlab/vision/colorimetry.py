"""Constants of color spaces, usable without torch."""

# Where the line and the curve of sRGB meet: IEC 61966-2-1:1999, section 5.2.
LINEAR_KNEE = 0.0031308
ENCODED_KNEE = 0.04045

# Luminance Y: the second row of the sRGB to XYZ matrix of IEC 61966-2-1.
LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)

# The matrix of IEC 61966-2-1, with each row divided by its sum, so that white is (1, 1, 1).
LINEAR_TO_XYZ = tuple(
    tuple(weight / sum(row) for weight in row)
    for row in (
        (0.4124, 0.3576, 0.1805),
        LUMINANCE_WEIGHTS,
        (0.0193, 0.1192, 0.9505),
    )
)

# Where the line and the cube root of CIELAB meet: ISO/CIE 11664-4:2019.
LAB_KNEE = 6 / 29

# Source: Björn Ottosson, "A perceptual color space for image processing", 2020.
LINEAR_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LMS_TO_OKLAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
