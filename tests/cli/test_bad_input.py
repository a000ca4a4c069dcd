"""What is wrong is said in one line, with the right exit code, and no file is left behind."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import ditherlab.images.picture_file

COULD_NOT, WRONG_USAGE = 1, 2

Run = Callable[..., Any]


def files() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


@pytest.fixture
def refuse(run: Run) -> Callable[..., str]:
    """Call the program, which must fail and leave everything as it was; return its message."""

    def call(*arguments: object, code: int, stdin: bytes = b"") -> str:
        before = files()
        ended = run(*arguments, stdin=stdin)
        assert (ended.code, files()) == (code, before)
        message: str = ended.error
        return message

    return call


@pytest.fixture
def broken(photo: Path) -> None:
    """Files that are no pictures, or none any more."""
    Image.open(photo).save("photo.jpg")
    for name in ("photo.png", "photo.jpg"):
        data = Path(name).read_bytes()
        Path(f"truncated-{name}").write_bytes(data[: len(data) * 2 // 3])
    Path("text.png").write_text("hello")
    Path("empty.png").touch()
    Path("folder.png").mkdir()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.png", "There is no file missing.png."),
        ("folder.png", "folder.png is a folder. Name a picture in it."),
        ("", ". is a folder. Name a picture in it."),
        ("photo.png/photo.png", "photo.png/photo.png cannot be read: not a directory."),
        ("text.png", "text.png is not a picture of a known format"),
        ("truncated-photo.png", "truncated-photo.png is a damaged picture: "),
        ("truncated-photo.jpg", "truncated-photo.jpg is a damaged picture: "),
        ("empty.png", "empty.png is empty."),
        ("-", "standard input is empty."),
        ("two\nlines\x1b[1m.png", "There is no file two\\nlines\\x1b[1m.png."),
    ],
)
def test_a_source_that_is_no_picture(
    source: str, message: str, broken: None, refuse: Callable[..., str]
) -> None:
    assert refuse("optimize", source, code=COULD_NOT).startswith(message)


def test_standard_input_that_is_no_picture(refuse: Callable[..., str]) -> None:
    message = refuse("optimize", "-", stdin=b"hello", code=COULD_NOT)
    assert message.startswith("standard input is not a picture of a known format")


def test_a_decompression_bomb(
    photo: Path, refuse: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ditherlab.images.picture_file.Image, "MAX_IMAGE_PIXELS", 500)
    message = refuse("optimize", photo, code=COULD_NOT)
    assert message.startswith("photo.png has more than")
    assert "Make the picture smaller" in message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seed", "-1"], "The seed must be from 0 to 2^63 - 1, got -1."),
        (["--steps", "-1"], "The number of steps must be at least 1, got -1."),
        (["--steps", "0"], "The number of steps must be at least 1, got 0."),
        (["--steps", "few"], "Invalid value for '--steps': 'few' is not a valid integer."),
        (["--steps", "1.5"], "Invalid value for '--steps': '1.5' is not a valid integer."),
        (["--seed", "x"], "Invalid value for '--seed': 'x' is not a valid integer."),
        (["--colors", "x"], "Invalid value for '--colors': 'x' is not a valid integer."),
        (["--colors", "1"], "The number of colors must be from 2 to 256, got 1."),
        (["--colors", "257"], "The number of colors must be from 2 to 256, got 257."),
        (["--colors", "4", "--palette", "nes"], "`--palette` fixes all colors, and `--colors`"),
        (["--measured", "nes"], "`--measured` says what a fixed palette looks like"),
        (["--measured", "#00", "--palette", "nes"], "`--measured`: '#00' is not a color"),
        (
            ["--measured", "#000,#fff,#f00", "--palette", "black-and-white"],
            "`--measured` must be as many colors as `--palette`, 2, got 3. Give one for each",
        ),
        (["--fit", "tight"], "Invalid value for '--fit': 'tight' is not one of"),
        (["--fit", "clip"], "The fit of colors to learn must be none, got 'clip': "),
        (["--fit", "compress", "--colors", "4"], "The fit of colors to learn must be none, got"),
        (
            ["--lock", "#000", "--palette", "nes"],
            "`--palette` fixes all colors, and `--lock`",
        ),
        (["--lock", "#00", "--colors", "4"], "`--lock`: '#00' is not a color"),
        (["--lock", "pico8"], "`--lock` must be a name, a file or colors such as '#000,#fff'"),
        (
            ["--lock", "pico-8"],
            "The locked colors must be fewer than the 16 colors of the palette, got 16. ",
        ),
        (
            ["--lock", "pico-8", "--colors", "8"],
            "The locked colors must be fewer than the 8 colors of the palette, got 16. ",
        ),
        (["--max-seconds", "0"], "The time must be above 0 seconds, got 0."),
        (["--max-seconds", "nan"], "The time must be above 0 seconds, got nan."),
        (["--max-seconds", "soon"], "Invalid value for '--max-seconds'"),
        (["--temperature", "hot"], "A temperature must be two positive numbers START:END"),
        (["--temperature", "1:0"], "A temperature must be two positive numbers START:END"),
        (["--temperature", ""], "A temperature must be two positive numbers START:END"),
        (["--learning-rate", "0"], "`mean-field(learning_rate=...)` must be above 0"),
        (["--learning-rate", "nan"], "`mean-field(learning_rate=...)` must be above 0"),
        (["--samples", "0", "--estimator", "st"], "`st(num_samples=...)` must be at least 1"),
        (["--samples", "1", "--estimator", "rloo"], "`leave-one-out(num_samples=...)` must be"),
        (["--samples", "4"], "`--samples` means nothing to `moments`"),
        (["--samples", "4", "--estimator", "st(num_samples=2)"], "`--samples` and `num_samples`"),
        (
            ["--learning-rate", "1", "--optimizer", "adam(learning_rate=2)"],
            "`--learning-rate` and `learning_rate` in",
        ),
        (
            ["--temperature", "1", "--estimator", "gumbel-softmax(tau=2)"],
            "`--temperature` and `tau` in",
        ),
        (["--device", "gpu"], "The device must be auto, cpu, cuda or mps, got 'gpu'."),
        (["--device", "cpu:x"], "The device must be auto, cpu, cuda or mps, got 'cpu:x'."),
        (["-q", "-v"], "`--quiet` and `--verbose` are opposites"),
        (["--draw", "best"], "Invalid value for '--draw': 'best' is not one of"),
        (["--preset", "worst"], "Invalid value for '--preset': 'worst' is not one of"),
        (["--report", "run.txt"], "`--report` must be a file that ends in .json, got 'run.txt'."),
        (["--report", "-"], "`--report` must be a file that ends in .json, got '-'."),
        (
            ["--report", "a.json", "-o", "./a.json"],
            "`--output` must be a file that ends in",
        ),
        (["--json", "-o", "-"], "`--json` and `-o -` both need standard output."),
        (["another.png"], "Got unexpected extra argument"),
    ],
)
def test_wrong_usage(
    words: list[str], message: str, photo: Path, refuse: Callable[..., str]
) -> None:
    assert refuse("optimize", photo, *words, code=WRONG_USAGE).startswith(message)


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["optimise", "photo.png"], "'optimize'"),
        (["palette", "lst"], "'list'"),
        (["optimize", "photo.png", "--palete", "nes"], "'--palette'"),
        (["optimize", "photo.png", "--palette", "pico8"], "`pico-8`"),
        (["optimize", "photo.png", "--objective", "viewed-eror"], "`viewed-error`"),
        (["optimize", "photo.png", "--objective", "sim+variance"], "`ssim`"),
        (["optimize", "photo.png", "--objective", "ssim(sigm=2)"], "`sigma`"),
        (["optimize", "photo.png", "--estimator", "gumbel-sofmax"], "`gumbel-softmax`"),
        (["optimize", "photo.png", "--estimator", "score-function(base=ema)"], "`baseline`"),
        (["optimize", "photo.png", "--estimator", "score-function(baseline=em)"], "`ema`"),
        (["optimize", "photo.png", "--optimizer", "meanfield"], "`mean-field`"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    words: list[str], nearest: str, photo: Path, refuse: Callable[..., str]
) -> None:
    message = refuse(*words, code=WRONG_USAGE)
    assert "Did you mean" in message
    assert nearest in message


@pytest.mark.parametrize("option", ["--objective", "--estimator", "--optimizer", "--palette"])
@pytest.mark.parametrize("word", ["xyzzy", ""])
def test_a_name_like_no_other_is_answered_with_all_names(
    option: str, word: str, photo: Path, refuse: Callable[..., str]
) -> None:
    assert "There are: " in refuse("optimize", photo, option, word, code=WRONG_USAGE)


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        ("#fff", "`--palette`: A palette must be 2 to 256 different colors, got 1."),
        ("#fff,#ffffff", "`--palette`: A palette must be 2 to 256 different colors, got 1."),
        (",".join(f"{n:06x}" for n in range(257)), "`--palette`: A palette must be 2 to 256"),
        ("#fff,#00g", "`--palette`: '#00g' is not a color: 'g' is not a hexadecimal digit."),
        ("#fff,#0000", "`--palette`: '#0000' is not a color: it has 4 hexadecimal digits."),
        ("#fff,", "`--palette`: '' is not a color: it has no digits."),
    ],
)
def test_a_palette_spelled_out_wrongly(
    palette: str, message: str, photo: Path, refuse: Callable[..., str]
) -> None:
    assert refuse("optimize", photo, "--palette", palette, code=WRONG_USAGE).startswith(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ffffff\n", "bad.hex: A palette must be 2 to 256 different colors, got 1."),
        ("ffffff\n00000g\n", "bad.hex, line 2: '00000g' is not a color: 'g' is not"),
        ("GIMP Palette\n12 300 4\n", "bad.hex, line 2: '12 300 4' is not a color: 300 is above"),
        ("", "bad.hex is empty."),
    ],
)
def test_a_palette_file_that_holds_none(
    content: str, message: str, photo: Path, refuse: Callable[..., str]
) -> None:
    Path("bad.hex").write_text(content)
    ended = refuse("optimize", photo, "--palette", "bad.hex", code=COULD_NOT)
    assert ended.startswith(message)


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        ("missing.hex", "missing.hex does not exist."),
        ("./", "./ is a folder."),
        ("photo.png", "photo.png must be a picture of at most 256 different colors"),
    ],
)
def test_a_palette_file_that_is_none(
    palette: str, message: str, photo: Path, refuse: Callable[..., str]
) -> None:
    ended = refuse("optimize", photo, "--palette", palette, code=COULD_NOT)
    assert ended.startswith(message)


@pytest.mark.parametrize("words", [["--colors", "256"]])
def test_transparency_needs_an_entry_of_its_own(
    words: list[str], holed: Path, refuse: Callable[..., str]
) -> None:
    for command in ("optimize", "compare"):
        message = refuse(command, holed, *words, "--alpha", "cut", code=WRONG_USAGE)
        assert message.startswith("A palette beside transparency must have at most 255 colors")


@pytest.mark.parametrize("objective", ["ssim", "viewed-ssim", "viewed-error+0.1*ssim"])
def test_a_picture_below_the_window_of_the_objective(
    objective: str, photo: Path, refuse: Callable[..., str]
) -> None:
    Image.open(photo).resize((40, 10)).save("low.png")
    message = refuse("optimize", "low.png", "--objective", objective, code=COULD_NOT)
    assert "must be at least 11 pixels high and wide, got 40 x 10" in message
    assert "`viewed-error`" in message


@pytest.mark.parametrize(
    ("words", "what_works"),
    [
        (["--objective", "variance", "--estimator", "st"], "`moments`"),
        (["--objective", "variance", "--estimator", "leave-one-out"], "`moments`"),
        (["--objective", "ssim+variance"], ""),
        (["--optimizer", "mean-field", "--estimator", "st"], "`moments`"),
        (["--optimizer", "mean-field", "--objective", "ssim"], "`adam`"),
        (["--optimizer", "mean-field", "--objective", "variance"], "`adam`"),
    ],
)
def test_an_impossible_pair_is_answered_with_what_works(
    words: list[str], what_works: str, photo: Path, refuse: Callable[..., str]
) -> None:
    assert what_works in refuse("optimize", photo, *words, code=WRONG_USAGE)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_device_that_is_not_there(device: str, photo: Path, refuse: Callable[..., str]) -> None:
    message = refuse("optimize", photo, "--device", device, code=COULD_NOT)
    assert f"got '{device}'. There is: " in message


@pytest.mark.parametrize("option", ["-o", "--report"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing/a.x", "missing/a.x cannot be written: there is no folder missing."),
        ("photo.png/a.x", "photo.png/a.x cannot be written: photo.png is not a folder."),
        ("old.x", "old.x exists already. Use --overwrite"),
        ("a" * 300 + ".x", "a" * 300 + ".x cannot be written: file name too long."),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    option: str, path: str, message: str, photo: Path, refuse: Callable[..., str]
) -> None:
    suffix = {"-o": ".png", "--report": ".json"}[option]
    path, message = path.replace(".x", suffix), message.replace(".x", suffix)
    Path(f"old{suffix}").write_text("old")
    # The source is missing, too: had anything been done before, that would be the message.
    ended = refuse("optimize", "missing.png", option, path, code=COULD_NOT)
    assert ended.startswith(message)


def test_a_report_that_is_a_folder(photo: Path, refuse: Callable[..., str]) -> None:
    Path("folder.json").mkdir()
    message = refuse("optimize", photo, "--report", "folder.json", code=COULD_NOT)
    assert message == "folder.json is a folder. Name a file in it."


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("words", [[], ["-o", "a.png"], ["--report", "a.json"]])
def test_a_folder_that_must_not_be_written_to(
    words: list[str], photo: Path, folder: Path, refuse: Callable[..., str]
) -> None:
    folder.chmod(0o500)
    try:
        message = refuse("optimize", photo, *words, code=COULD_NOT)
    finally:
        folder.chmod(0o700)
    assert "permission denied" in message


def test_what_takes_the_place_of_the_output_during_the_run_is_kept(
    photo: Path, refuse: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.cli.destination.check_writable", lambda *_, **__: None)
    Path("old.png").write_text("old")
    message = refuse("optimize", photo, "--steps", "2", "-o", "old.png", code=COULD_NOT)
    assert message.startswith("old.png exists already.")


def test_a_cost_that_becomes_infinite_keeps_the_last_good_picture(
    photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.stages.State.is_finite", lambda _: False)
    ended = run("optimize", photo, "--steps", "5")
    assert ended.code == COULD_NOT
    assert ended.err.startswith("Error: The cost became infinite or NaN: photo-dithered.png is")
    assert Path("photo-dithered.png").read_bytes().startswith(b"\x89PNG")
