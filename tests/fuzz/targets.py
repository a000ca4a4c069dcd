"""What is fuzzed: every reader of files, and every little language of options."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from ditherlab.errors import DitherlabError, PaletteError, PictureError, RequestError
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments import read_sweep
from ditherlab.images import Picture, ReadingOptions, parse_levels, printable, read_picture
from ditherlab.images.source_bytes import RARE_FORMATS
from ditherlab.models import MODELS
from ditherlab.naming import abbreviate, one_line
from ditherlab.objectives import parse_objective
from ditherlab.optimizers import OPTIMIZERS
from ditherlab.palette import (
    FORMATS,
    Palette,
    parse_gamut,
    parse_palette,
    resolve_colors,
    resolve_palette,
    split_palettes,
)
from ditherlab.recipe import Recipe
from ditherlab.request.like import read_like
from ditherlab.request.optimize_request import crop_picture
from ditherlab.schedules import parse_temperatures
from ditherlab.stages import METHODS
from tests.png_files import chromaticities_chunk, gamma_chunk, png
from tests.property.palette_samples import SAMPLES

RANDOM = np.random.default_rng(1).integers(0, 256, (6, 7, 3), dtype=np.uint8)
GRAY = RANDOM[:, :, 0]


@dataclass(frozen=True)
class Target:
    """A reader and valid inputs of it.

    Attributes:
        name: For reports.
        seeds: Valid inputs, which are damaged.
        run: Reads an input; raises whatever but the errors that users may see.
        num_examples: How many damaged inputs are tried by default, about 3 CPU seconds' worth.
    """

    name: str
    seeds: Sequence[bytes]
    run: Callable[[bytes], None]
    num_examples: int


def _check_message(error: DitherlabError) -> None:
    # The command line shortens words and joins lines before it prints a message.
    message = abbreviate(one_line(str(error)))
    assert message
    assert message.endswith((".", "?")), message
    assert printable(message).isprintable()


def _read_picture(data: bytes) -> None:
    try:
        picture = read_picture(BytesIO(data), ReadingOptions(allow_formats=RARE_FORMATS))
    except PictureError as error:
        assert str(error).startswith("standard input")
        _check_message(error)
    else:
        assert isinstance(picture, Picture)
        assert picture.pixels.shape == (*picture.opaque.shape, 3)
        assert all(len(note.splitlines()) == 1 for note in picture.notes)


def _read_palette(data: bytes) -> None:
    try:
        palette = parse_palette(data, "some.file")
    except PaletteError as error:
        assert "some.file" in str(error)
        _check_message(error)
    else:
        assert isinstance(palette, Palette)
        assert [palette.entries[place] for place in palette.places] == list(palette.colors)


def _read_sweep(data: bytes) -> None:
    if b"python" in data:
        return
    with TemporaryDirectory() as folder:
        Image.fromarray(RANDOM).save(Path(folder) / "a.png")
        path = Path(folder) / "sweep.toml"
        path.write_bytes(data)
        try:
            read_sweep(path, max_cells=20)
        except RequestError as error:
            _check_message(error)


def _read_like(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "like.png"
        path.write_bytes(data)
        try:
            read_like(str(path), {})
        except DitherlabError as error:
            _check_message(error)


def _like(**settings: object) -> bytes:
    """Write a picture with the settings of a run."""
    notes = PngInfo()
    stated = {
        "fit": "none",
        "objective": "perceptual",
        "strength": 1.0,
        "seed": 0,
        "recipe": "error-diffusion | polish",
        **settings,
    }
    notes.add_text("ditherlab", json.dumps(stated))
    return _picture("PNG", Image.fromarray(GRAY), pnginfo=notes)


def _words(parse: Callable[[str], object]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        words = data.decode(errors="surrogateescape")
        # Python code that a mutation names would be run.
        if "python" in words.lower():
            return
        try:
            parse(words)
        except DitherlabError as error:
            _check_message(error)

    return run


def _crop(words: str) -> None:
    crop_picture(Picture(RANDOM, np.ones(RANDOM.shape[:2], dtype=bool)), words)


def _picture(file_format: str, image: Image.Image | None = None, **options: object) -> bytes:
    file = BytesIO()
    (image or Image.fromarray(RANDOM)).save(file, file_format, **options)
    return file.getvalue()


def _pictures() -> dict[str, list[bytes]]:
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgba = Image.fromarray(np.dstack([RANDOM, GRAY]))
    indexed = Image.fromarray(RANDOM).quantize(8)
    stated = {"exif": exif, "icc_profile": profile}
    deep = Image.fromarray(GRAY.astype(np.uint16) * 257)
    rows = b"".join(b"\0" + row.tobytes() for row in RANDOM)
    chunks = {
        "cICP": bytes([9, 16, 0, 1]),
        "gAMA": gamma_chunk(0.7),
        "cHRM": chromaticities_chunk(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
        "tRNS": bytes([0, 1, 0, 2, 0, 3]),
    }
    return {
        "png": [
            _picture("PNG", rgba, dpi=(72, 72), **stated),
            _picture("PNG", indexed, transparency=3),
            _picture("PNG", deep, transparency=257),
            png(7, 6, 8, 2, rows, **chunks),
            png(4, 1, 2, 0, b"\0\x1b", tRNS=b"\0\1"),
        ],
        "jpeg": [
            _picture("JPEG", **stated),
            _picture("JPEG", progressive=True),
            _picture("JPEG", Image.fromarray(RANDOM).convert("CMYK")),
        ],
        "gif": [
            _picture("GIF", indexed, transparency=2),
            _picture("GIF", indexed, save_all=True, append_images=[indexed.rotate(180)]),
        ],
        "webp": [_picture("WEBP", rgba, **stated), _picture("WEBP", lossless=True)],
        "tiff": [
            _picture("TIFF", rgba, compression="tiff_lzw", **stated),
            _picture("TIFF", deep, tiffinfo={281: 4095}),
            _picture("TIFF", Image.fromarray(GRAY.astype(np.float32))),
            _picture("TIFF", indexed, compression="packbits"),
            _picture("TIFF", compression="jpeg"),
        ],
        "avif": [_picture("AVIF", rgba)],
        "jpeg2000": [_picture("JPEG2000")],
        "bmp, ppm, qoi, ico": [
            _picture("BMP"),
            _picture("BMP", indexed),
            _picture("PPM"),
            _picture("PPM", deep),
            b"P3 2 1 15 0 1 2 3 4 15",
            _picture("QOI"),
            _picture("ICO"),
        ],
        "rare formats": [
            _picture("PCX"),
            _picture("PCX", indexed),
            _picture("DDS"),
            _picture("SGI"),
            _picture("TGA"),
            _picture("XBM", Image.fromarray(GRAY > 99)),
        ],
    }


LIKES = [
    _like(palette=["#000000", "(#ff00ff)", "#ffffff"], transparent_index=1),
    _like(palette=4, locked=["#000000"], gamut="rgb444", panel="e-ink-4"),
    _like(palette=[], panel=[], palette_shown={}, cells="zx-spectrum", max_evaluations=9),
]
SWEEPS = [
    b'pictures = ["a.png"]\ncolors = [2, 4]\nseeds = [0, 1]\n',
    b'picture = "a.png"\npalette = ["pico-8", "#000,#fff"]\nstrength = [0.5, 1]\n'
    b'crop = "4x4+0+0"\n',
    b'pictures = "a.png"\nestimators = ["st", "reinmax"]\nobjective = "ssim(sigma=1)"\n[[also]]\n'
    b'lock = "#000"\ngamut = "rgb444"\ncolors = 3\nmax_seconds = 1.5\n',
]

_LANGUAGES: dict[str, tuple[Callable[[str], object], list[str], int]] = {
    "--objective": (
        parse_objective,
        [
            "viewed-error(blur_px=1.3)+0.1*viewed-ssim(contrast=2)",
            "ssim(sigma=1.5)",
            "perceptual(pixels_per_degree=67, crisp=0.05)",
            "variance(c=0.5) + 2*flip",
        ],
        800,
    ),
    "--estimator": (
        ESTIMATORS.parse,
        [
            "leave-one-out(num_samples=8, credit=local)",
            "common-random-numbers(estimator=arsm(num_samples=2), noise_seed=3)",
            "gumbel-softmax(tau=0.5)",
            "reinforce",
            "moments(order=2)",
        ],
        800,
    ),
    "--optimizer and --model and --method": (
        lambda words: [
            _refused(registry.parse, words) for registry in (OPTIMIZERS, MODELS, METHODS)
        ],
        [
            "adam(learning_rate=0.1)",
            "ordered(size=8)",
            "noise(scope=pixel, shape=normal)",
            "cross-entropy(num_samples=64, elite=0.1)",
        ],
        1200,
    ),
    "--recipe": (
        Recipe.parse,
        [
            "learn-palette(steps=80) | error-diffusion | polish(sweeps=20, temperature=0.1)",
            "nearest | descend(estimator=reinmax, temperature=1:0.1) | draw(by=mode)",
            "cells | polish",
        ],
        900,
    ),
    "--crop": (_crop, ["4x4+0+0", "7x6+0+0", "1x1+6+5"], 900),
    "--lock and --palette": (
        lambda words: [
            _refused(resolve_palette, words),
            _refused(lambda text: resolve_colors(text, "--lock"), words),
            [_refused(resolve_palette, part) for part in split_palettes(words)],
        ],
        ["#000,#fff", "pico-8", "(#f0f),000,#ff8000", "pico-8,ega", "./a.gpl"],
        1500,
    ),
    "--gamut": (parse_gamut, ["rgb332", "bits=4", "#000,#f80,#fff", "e-ink-6"], 1500),
    "--levels": (parse_levels, ["0:4095", "auto", "-1:1e3"], 900),
    "--temperature": (parse_temperatures, ["1:0.1", "0.5:0.5", "2"], 900),
}


def _refused(parse: Callable[[str], object], words: str) -> None:
    try:
        parse(words)
    except DitherlabError as error:
        _check_message(error)


TARGETS = [
    *(
        Target(f"picture of {name}", seeds, _read_picture, 500)
        for name, seeds in _pictures().items()
    ),
    *(
        Target(
            f"palette of {known.name}",
            SAMPLES[known.name],
            _read_palette,
            500 if known.name == "png" else 800,
        )
        for known in FORMATS
    ),
    *(
        Target(f"words of {name}", [text.encode() for text in texts], _words(parse), num_examples)
        for name, (parse, texts, num_examples) in _LANGUAGES.items()
    ),
    Target("like of a picture", LIKES, _read_like, 500),
    Target("sweep file", SWEEPS, _read_sweep, 250),
]

by_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
