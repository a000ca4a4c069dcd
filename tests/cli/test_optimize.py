"""`ditherlab optimize`: what its options do, and the picture that it writes."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

Optimize = Callable[..., Any]

INDEXED = 3
THIRTY_TWO_GRAYS = ",".join(f"{level * 8:02x}" * 3 for level in range(32))


def settings(ended: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ended.out)
    return document


def names() -> set[str]:
    return {path.name for path in Path().iterdir()}


def rgb(path: str | Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def is_indexed(path: str | Path | BytesIO) -> bool:
    with Image.open(path) as image:
        return image.format == "PNG" and image.mode == "P"


def test_the_picture_is_indexed_and_as_large_as_the_source(photo: Path, optimize: Optimize) -> None:
    optimize(photo, "--palette", "pico-8")
    with Image.open("photo-dithered.png") as image:
        assert (image.format, image.mode, image.size) == ("PNG", "P", (32, 24))


@pytest.mark.parametrize(
    ("palette", "num_bits"),
    [("black-and-white", 1), ("game-boy", 2), ("pico-8", 4), (THIRTY_TWO_GRAYS, 8)],
)
def test_a_pixel_has_as_few_bits_as_the_palette_allows(
    palette: str, num_bits: int, photo: Path, optimize: Optimize
) -> None:
    optimize(photo, "--palette", palette, "-o", "out.png")
    header = Path("out.png").read_bytes()[:33]
    assert (header[24], header[25]) == (num_bits, INDEXED)


@pytest.mark.parametrize(
    "words", [[], ["--colors", "5"], ["--palette", "nes"], ["--objective", "variance"]]
)
def test_every_pixel_is_from_the_palette(words: list[str], photo: Path, optimize: Optimize) -> None:
    palette = settings(optimize(photo, "--json", "-o", "out.png", *words))["palette"]
    shown = {"#{:02x}{:02x}{:02x}".format(*color) for color in rgb("out.png").reshape(-1, 3)}
    assert shown <= set(palette)
    assert len(palette) == len(set(palette))


def test_sixteen_colors_are_learned_by_default(photo: Path, optimize: Optimize) -> None:
    document = settings(optimize(photo, "--json"))
    assert (len(document["palette"]), document["colors_used"]) == (16, 16)


def test_as_many_colors_are_learned_as_asked_for(photo: Path, optimize: Optimize) -> None:
    assert len(settings(optimize(photo, "--json", "--colors", "5"))["palette"]) == 5


def test_a_palette_may_be_a_file(photo: Path, optimize: Optimize) -> None:
    Path("two.hex").write_text("112233\nffeedd\n")
    Image.open(photo).convert("1").save("two.png")
    by_list = settings(optimize(photo, "--json", "--palette", "two.hex"))
    by_picture = settings(optimize(photo, "--json", "--palette", "two.png"))
    assert by_list["palette"] == ["#112233", "#ffeedd"]
    assert set(by_picture["palette"]) == {"#000000", "#ffffff"}


def test_without_a_name_the_output_is_numbered(photo: Path, optimize: Optimize) -> None:
    for _ in range(3):
        optimize(photo)
    assert names() == {
        "photo.png",
        "photo-dithered.png",
        "photo-dithered-2.png",
        "photo-dithered-3.png",
    }


def test_the_output_lies_in_the_current_folder(photo: Path, optimize: Optimize) -> None:
    Path("album").mkdir()
    photo.rename("album/photo.jpg.png")
    assert optimize("album/photo.jpg.png").out.startswith(b"Wrote photo.jpg-dithered.png.\n")
    assert names() == {"album", "photo.jpg-dithered.png"}


def test_standard_input_and_output(photo: Path, optimize: Optimize) -> None:
    data = photo.read_bytes()
    optimize("-", stdin=data)
    piped = optimize("-", "-o", "-", stdin=data).out
    assert piped == Path("stdin-dithered.png").read_bytes()
    assert is_indexed(BytesIO(piped))


def test_overwriting_replaces_the_output(photo: Path, optimize: Optimize) -> None:
    Path("out.png").write_text("old")
    optimize(photo, "-o", "out.png", "--overwrite")
    assert is_indexed("out.png")
    assert names() == {"photo.png", "out.png"}


def test_overwriting_without_a_name_needs_no_number(photo: Path, optimize: Optimize) -> None:
    for _ in range(2):
        optimize(photo, "--overwrite")
    assert names() == {"photo.png", "photo-dithered.png"}


def test_the_text_chunks_hold_the_settings_and_nothing_that_changes(
    photo: Path, optimize: Optimize
) -> None:
    document = settings(optimize(photo, "--json", "--seed", "12", "-o", "out.png"))
    with Image.open("out.png") as image:
        text = dict(image.text)
    assert set(text) == {"Software", "ditherlab"}
    said = json.loads(text["ditherlab"])
    assert said["palette"] == 16
    assert said["seed"] == 12
    told = ("objective", "estimator", "optimizer", "temperature", "steps", "draw", "fit")
    told += ("start", "polish", "sweeps", "polish_temperature", "strength", "recipe")
    assert {word: said[word] for word in told} == {word: document[word] for word in told}
    assert set(said) == {"palette", "seed", *told}
    assert "photo" not in str(text)
    assert "out.png" not in str(text)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--objective", "variance", "--colors", "4"],
        ["--estimator", "gumbel-softmax", "--palette", "pico-8"],
        ["--objective", "ssim", "--estimator", "leave-one-out", "--draw", "sample"],
    ],
)
def test_the_same_command_gives_the_same_bytes(
    words: list[str], photo: Path, optimize: Optimize
) -> None:
    optimize(photo, "-o", "first.png", *words)
    optimize(photo, "-o", "second.png", *words)
    assert Path("first.png").read_bytes() == Path("second.png").read_bytes()


def test_another_seed_gives_another_picture(photo: Path, optimize: Optimize) -> None:
    for seed in (1, 2):
        optimize(photo, "--palette", "game-boy", "--seed", seed, "-o", f"{seed}.png")
    assert (rgb("1.png") != rgb("2.png")).any()


def test_alpha_is_cut_at_one_half(holed: Path, optimize: Optimize) -> None:
    document = settings(
        optimize(holed, "--json", "--alpha", "cut", "--palette", "pico-8", "-o", "out.png")
    )
    with Image.open("out.png") as image:
        assert image.mode == "P"
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    expected = np.where(np.arange(32) < 10, 0, 255) * np.ones((24, 1))
    expected[0, 1] = 255
    assert (alpha == expected).all()
    assert len(document["palette"]) == 16
    assert document["notes"] != []


@pytest.mark.parametrize("words", [[], ["--palette", "pico-8"], ["--objective", "ssim"]])
def test_a_fully_transparent_picture_is_written_as_it_is(
    words: list[str], folder: Path, optimize: Optimize
) -> None:
    Image.new("RGBA", (20, 16)).save("clear.png")
    ended = optimize("clear.png", *words)
    said = "Every pixel is transparent: clear-dithered.png shows the source unchanged.\n"
    assert ended.err.startswith(said)
    with Image.open("clear-dithered.png") as image:
        assert image.size == (20, 16)
        assert not np.asarray(image.convert("RGBA"))[..., 3].any()


def test_fewer_colors_than_asked_for_are_said(folder: Path, optimize: Optimize) -> None:
    Image.new("RGB", (16, 16), (10, 200, 30)).save("flat.png")
    ended = optimize("flat.png", "--json")
    assert "Colors used: 1 of 16.\n" in ended.err
    assert settings(ended)["colors_used"] == 1
    assert (rgb("flat-dithered.png") == (10, 200, 30)).all()


def test_repeated_colors_are_noted(photo: Path, optimize: Optimize) -> None:
    ended = optimize(photo, "--json", "--palette", "#fff,#ffffff,#000,FFF")
    assert "which keep their places and are not drawn: 2.\n" in ended.err
    assert settings(ended)["palette"] == ["#ffffff", "#000000"]


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (40, 10)])
@pytest.mark.parametrize("words", [[], ["--palette", "pico-8"], ["--estimator", "st"]])
def test_pictures_below_the_window_have_no_windowed_metrics(
    size: tuple[int, int], words: list[str], photo: Path, optimize: Optimize
) -> None:
    Image.open(photo).resize(size).save("small.png")
    document = settings(optimize("small.png", "--json", *words))
    metrics = document["metrics"]
    assert [metrics[name] for name in ("raw", "vs", "ls")] == [None] * 3
    assert metrics["vp"] > 0
    assert (document["width"], document["height"]) == size


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("straight-through", "st"),
        ("reinforce", "score-function"),
        ("vargrad", "leave-one-out"),
        ("rloo", "leave-one-out"),
    ],
)
def test_an_alias_resolves_to_the_one_name(
    alias: str, name: str, photo: Path, optimize: Optimize
) -> None:
    document = settings(optimize(photo, "--json", "--estimator", alias, "--steps", "1"))
    assert document["estimator"].partition("(")[0] == name


@pytest.mark.parametrize(
    ("objective", "defaults"),
    [
        ("perceptual", ["moments", "mean-field", "mode"]),
        ("viewed-error", ["moments", "mean-field", "mode"]),
        ("variance", ["moments", "adam", "sample"]),
        ("variance(c=1)", ["moments", "mean-field", "mode"]),
        ("ssim", ["gumbel-softmax", "adam", "mode"]),
        ("viewed-ssim", ["gumbel-softmax", "adam", "mode"]),
        ("viewed-error+0.1*viewed-ssim", ["gumbel-softmax", "adam", "mode"]),
    ],
)
def test_each_objective_has_defaults_that_work(
    objective: str, defaults: list[str], photo: Path, optimize: Optimize
) -> None:
    document = settings(optimize(photo, "--json", "--objective", objective))
    # What it left open, the colors to learn have settled.
    assert document["objective"] == {"perceptual": "perceptual(palette=learned)"}.get(
        objective, objective
    )
    assert [document[word] for word in ("estimator", "optimizer", "draw")] == defaults


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        (["--objective", "ssim(sigma=1)"], "objective", "ssim(sigma=1)"),
        (
            ["--estimator", "score-function(baseline=ema)"],
            "estimator",
            "score-function(baseline=ema)",
        ),
        (["--estimator", "st", "--samples", "3"], "estimator", "st(num_samples=3)"),
        (["--optimizer", "adam"], "optimizer", "adam"),
        (["--learning-rate", "0.5"], "optimizer", "mean-field(learning_rate=0.5)"),
        (
            ["--optimizer", "adam", "--learning-rate", "0.5"],
            "optimizer",
            "adam(learning_rate=0.5)",
        ),
        (["--temperature", "0.5:0.25"], "temperature", [0.5, 0.25]),
        (["--temperature", "0.5"], "temperature", [0.5, 0.5]),
        (["--steps", "7"], "steps", 7),
        (["--seed", "8"], "seed", 8),
        (["--draw", "sample"], "draw", "sample"),
        (["--device", "cpu"], "device", "cpu"),
    ],
)
def test_an_option_reaches_the_run(
    words: list[str], key: str, value: object, photo: Path, optimize: Optimize
) -> None:
    assert settings(optimize(photo, "--json", *words))[key] == value


@pytest.mark.parametrize(
    ("fewer", "more"),
    [
        (["--learning-rate", "0.1"], ["--learning-rate", "0.9"]),
        (["--temperature", "1"], ["--temperature", "0.0001"]),
        (["--draw", "mode"], ["--draw", "sample"]),
        (
            ["--estimator", "st", "--draw", "sample", "--samples", "1"],
            ["--estimator", "st", "--draw", "sample", "--samples", "9"],
        ),
        (["--steps", "1"], ["--steps", "9"]),
        (["--objective", "viewed-error"], ["--objective", "viewed-error(blur_px=2)"]),
        (["--optimizer", "mean-field"], ["--optimizer", "adam"]),
    ],
)
def test_an_option_changes_the_picture(
    fewer: list[str], more: list[str], photo: Path, optimize: Optimize
) -> None:
    optimize(photo, "--palette", "pico-8", "-o", "fewer.png", *fewer)
    optimize(photo, "--palette", "pico-8", "-o", "more.png", *more)
    assert (rgb("fewer.png") != rgb("more.png")).any()


def test_a_gray_palette_is_matched_on_luminance(photo: Path, optimize: Optimize) -> None:
    Image.open(photo).convert("L").save("gray.png")
    document = settings(optimize("gray.png", "--json", "--colors", "4"))
    assert all(len({color[1:3], color[3:5], color[5:7]}) == 1 for color in document["palette"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
@pytest.mark.cuda
def test_cuda_gives_a_picture_too(photo: Path, optimize: Optimize) -> None:
    document = settings(optimize(photo, "--json", "--palette", "pico-8", "--device", "cuda"))
    assert document["device"].startswith("cuda")
    assert is_indexed("photo-dithered.png")


@pytest.mark.parametrize("objective", ["viewed-error", "viewed-ssim", "variance"])
def test_locked_colors_come_first_and_stay(objective: str, photo: Path, optimize: Optimize) -> None:
    words = ["--colors", "5", "--lock", "#fe0102,#000,#fe0102", "--objective", objective]
    document = settings(optimize(photo, "--json", *words))
    assert document["locked"] == ["#fe0102", "#000000"]
    assert document["palette"][:2] == document["locked"]
    assert len(document["palette"]) == 5


def test_locked_colors_may_be_one_or_a_name_or_a_file(photo: Path, optimize: Optimize) -> None:
    Path("two.hex").write_text("112233\nffeedd\n")
    assert settings(optimize(photo, "--json", "--lock", "#123"))["palette"][0] == "#112233"
    for words, first in (("game-boy", "#0f380f"), ("two.hex", "#112233")):
        document = settings(optimize(photo, "--json", "--lock", words))
        assert document["palette"][0] == first


def test_a_colored_lock_makes_a_gray_picture_colored(folder: Path, optimize: Optimize) -> None:
    ramp = np.repeat(np.arange(0, 256, 8, dtype=np.uint8)[None, :, None], 24, axis=0)
    Image.fromarray(ramp.repeat(3, axis=2)).save("gray.png")
    locked = settings(optimize("gray.png", "--json", "--colors", "4", "--lock", "#f00"))
    assert locked["palette"][0] == "#ff0000"
    gray = settings(optimize("gray.png", "--json", "--colors", "4", "--lock", "#777"))
    assert gray["palette"][0] == "#777777"
    assert all(len({color[1:3], color[3:5], color[5:]}) == 1 for color in gray["palette"])


def test_the_fit_changes_the_aim_and_not_what_figures_are_against(
    photo: Path, optimize: Optimize
) -> None:
    words = ("--json", "--palette", "game-boy", "--overwrite", "-o", "out.png", "--fit")
    ended = {fit: settings(optimize(photo, *words, fit)) for fit in ("auto", "none", "clip")}
    assert {fit: document["fit"] for fit, document in ended.items()} == {
        "auto": "clip",
        "none": "none",
        "clip": "clip",
    }
    assert ended["auto"]["metrics"] == ended["clip"]["metrics"] != ended["none"]["metrics"]
    assert ended["clip"]["baselines"] == ended["none"]["baselines"]
    assert any("--fit none" in note for note in ended["auto"]["notes"])
    assert not any("--fit" in note for note in ended["none"]["notes"])


def test_what_is_measured_is_optimized_and_what_is_nominal_is_written(
    photo: Path, optimize: Optimize
) -> None:
    nominal, measured = "#000,#fff,#f00", "#201020,#b0b8b0,#701010"
    words = ("--json", "--palette", nominal, "--fit", "none", "--overwrite", "-o", "out.png")
    document = settings(optimize(photo, *words, "--measured", measured))
    assert document["palette"] == ["#000000", "#ffffff", "#ff0000"]
    assert document["palette_shown"] == measured.split(",")
    written = rgb("out.png")
    spelled = {"#{:02x}{:02x}{:02x}".format(*color) for color in written.reshape(-1, 3)}
    assert spelled <= set(document["palette"])
    assert "palette_shown" not in settings(optimize(photo, *words))


def test_a_named_palette_may_know_what_is_shown(photo: Path, optimize: Optimize) -> None:
    document = settings(optimize(photo, "--json", "--palette", "e-ink-6-measured"))
    assert (
        document["palette"]
        == settings(optimize(photo, "--json", "--palette", "e-ink-6"))["palette"]
    )
    assert document["palette_shown"][1] == "#a8b4b6"
