"""The settings that an earlier picture carries, as options of `optimize`."""

import json
import warnings
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import path_label
from ditherlab.images.source_bytes import read_source_bytes
from ditherlab.palette import named_palettes

# The text chunk of a PNG that holds the settings.
_CHUNK = "ditherlab"

_PYTHON = ("python:", "python-object:")

_KINDS = {
    "fit": str,
    "objective": str,
    "strength": int | float,
    "seed": int,
    "recipe": str,
    "palette": list | int,
}


def read_like(
    path: str, typed: Mapping[str, object], *, limits_evaluations: bool = False
) -> dict[str, Any]:
    """Return the options that give the settings of an earlier picture.

    Args:
        path: A PNG that ditherlab wrote.
        typed: Options that were typed, by name: a palette, a number of colors or a machine
            replaces the palette of the picture, and others the setting of the same name.
        limits_evaluations: Whether the caller limits the evaluations, which is not an option.

    Raises:
        RequestError: If the file carries no settings, or some that name code to run.
    """
    label = path_label(path)
    settings = _read_settings(path, label)
    # Learned colors may get other limits; every other option of the palette replaces all of it.
    is_typed = any(name in typed for name in ("palette", "colors", "cells"))
    options = {
        **({} if is_typed else _palette_options(settings, label)),
        **{name: settings[name] for name in ("fit", "objective", "strength", "seed", "recipe")},
    }
    if options["fit"] != "none" and is_typed and "fit" not in typed:
        # The fit of another palette says nothing about this one.
        options["fit"] = "auto"
    if "max_evaluations" in settings and not limits_evaluations:
        raise RequestError(
            f"{label} was made within {settings['max_evaluations']} evaluations, which the command "
            "line does not limit. Use `optimize(..., limits=Limits(evaluations=...))`."
        )
    options.update(typed)
    for name in ("objective", "recipe"):
        if name not in typed and any(word in options[name] for word in _PYTHON):
            raise RequestError(
                f"{label} was made with Python code, `{options[name]}`, which is never run from "
                f"the settings of a picture. Give it by hand: `--{name}`."
            )
    return options


def _read_settings(path: str, label: str) -> Mapping[str, Any]:
    try:
        data = read_source_bytes(path, label, ("PNG",))
    except PictureError as error:
        raise RequestError(f"`--like` must be a PNG that ditherlab wrote: {error}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=["PNG"]) as image:
                text = getattr(image, "text", {}).get(_CHUNK)
    # On damaged files, Pillow raises many kinds of errors.
    except Exception as error:
        raise RequestError(f"`--like` must be a PNG that ditherlab wrote, got {label}.") from error
    try:
        settings: dict[str, Any] = json.loads(text or "")
    except (ValueError, RecursionError):
        settings = {}
    is_whole = isinstance(settings, dict) and all(
        isinstance(settings.get(name), kind) for name, kind in _KINDS.items()
    )
    if not is_whole:
        raise RequestError(
            f"`--like` must be a PNG that ditherlab wrote, got {label}, which carries no settings."
        )
    return settings


def _palette_options(settings: Mapping[str, Any], label: str) -> dict[str, Any]:
    """Return the options of the palette; colors are spelled out, so that no file is read."""
    if "cells" in settings:
        return {"cells": str(settings["cells"])}
    palette, panel = settings["palette"], settings.get("panel")
    panel = panel if isinstance(panel, str) else None
    is_known = panel in named_palettes()
    place = settings.get("transparent_index")
    transparent = {"transparent_index": place if isinstance(place, int) else None}
    if isinstance(palette, int):
        locked = panel if is_known else _colors(settings.get("locked"), label)
        return {
            "colors": palette,
            "lock": locked,
            "gamut": _gamut(settings, label),
            **transparent,
        }
    measured = _colors(settings.get("palette_shown"), label)
    colors = panel if is_known else _colors(palette, label)
    return {"palette": colors, "measured": measured, **transparent}


def _colors(colors: object, label: str) -> str | None:
    if colors is None:
        return None
    if not isinstance(colors, list) or not all(
        str(color).startswith(("#", "(")) for color in colors
    ):
        raise RequestError(f"The settings of {label} hold a palette that is not a list of colors.")
    return ",".join(str(color) for color in colors)


def _gamut(settings: Mapping[str, Any], label: str) -> str | None:
    words = settings.get("gamut")
    if words is None:
        return None
    if not isinstance(words, str) or Path(words).suffix:
        raise RequestError(f"The settings of {label} hold a gamut that is not understood.")
    return words
