"""Color profiles for tests."""

from PIL import ImageCms


def swapped_profile() -> bytes:
    """Take the sRGB profile and exchange what red and blue mean."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for old, new in ((b"rXYZ", b"-XYZ"), (b"bXYZ", b"rXYZ"), (b"-XYZ", b"bXYZ")):
        place = data.index(old, 128)
        data[place : place + 4] = new
    return bytes(data)
