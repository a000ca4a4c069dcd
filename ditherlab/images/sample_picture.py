"""Sample pictures that are installed with scikit-image: `sample:astronaut`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ditherlab.errors import RequestError
from ditherlab.images.label import printable
from ditherlab.naming import nearest_name
from ditherlab.vision.packaged_metrics import require_package

PREFIX = "sample:"

# The files of all single pictures that were ever installed, by the names of their functions in
# `skimage.data`.
_FILES = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cell": "cell.png",
    "checkerboard": "chessboard_GRAY.png",
    "chelsea": "chelsea.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "colorwheel": "color.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "horse": "horse.png",
    "hubble-deep-field": "hubble_deep_field.jpg",
    "immunohistochemistry": "ihc.png",
    "logo": "logo.png",
    "microaneurysms": "microaneurysms.png",
    "moon": "moon.png",
    "page": "page.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "shepp-logan-phantom": "phantom.png",
    "text": "text.png",
}

# Pictures and stacks that scikit-image downloads when they are first used.
_DOWNLOADED = (
    *("brain", "cells3d", "eagle", "human-mitosis", "kidney", "lily", "nickel-solidification"),
    *("palisades-of-vogt", "protein-transport", "skin", "vortex"),
)


def sample_name(source: object) -> str | None:
    """Return the name in `sample:NAME`; None for any other source, such as a path.

    Example:
        >>> sample_name("sample:Hubble_Deep_Field"), sample_name("./sample:x"), sample_name("-")
        ('hubble-deep-field', None, None)
    """
    if not isinstance(source, str) or not source.startswith(PREFIX):
        return None
    return source.removeprefix(PREFIX).strip().lower().replace("_", "-")


def sample_path(name: str) -> Path:
    """Return the file of a sample picture, which is never downloaded.

    Raises:
        RequestError: If no such picture is installed; the message suggests one, or lists all.
    """
    require_package("scikit-image", PREFIX, module="skimage")
    spec = find_spec("skimage")
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    installed = {
        known: path
        for folder in folders
        for known, file in _FILES.items()
        if (path := Path(folder) / "data" / file).is_file()
    }
    if name not in installed:
        got = f"'{printable(name)}'" if name else "no name"
        is_downloaded = name in _FILES or name in _DOWNLOADED
        why = ", which would be downloaded" if is_downloaded else ""
        hint = nearest_name("" if is_downloaded else name, installed)
        raise RequestError(
            f"A sample picture must be one that is installed with scikit-image, got {got}{why}. "
            f"{hint}"
        )
    return installed[name]
