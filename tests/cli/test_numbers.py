"""Numbers longer than any that is meant: one sentence, in every option of every command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from ditherlab.cli.app import app

Run = Callable[..., Any]

NINES = "9" * 5000
NUMBERS = [NINES, f"-{NINES}", "9" * 4000, "9" * 20, "0" * 5000]
WHOLE, REAL = (click.types.IntParamType, click.types.FloatParamType)


def options(group: click.Group, path: tuple[str, ...] = ()) -> list[Any]:
    context, found = click.Context(group), []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            found += options(command, (*path, name))
            continue
        for option in command.params:
            if isinstance(option.type, WHOLE | REAL):
                words = (*path, name, max(option.opts, key=len))
                found.append(pytest.param(words, option.type, id=" ".join(words)))
    return found


@pytest.mark.parametrize(("words", "kind"), options(app))
def test_an_option_with_a_long_number_is_one_sentence(
    words: tuple[str, ...], kind: click.ParamType, run: Run
) -> None:
    for number in NUMBERS if isinstance(kind, WHOLE) else ["1e19", "-1e300", "9" * 300]:
        if number == "0" * 5000 and words[0] == "experiment":
            continue
        ended = run(*words, number, *(() if words[0] == "experiment" else ("photo.png", "x.gpl")))
        assert ended.code == 2
        assert len(ended.err.splitlines()[-1]) < 1000
        assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("--estimator", "leave-one-out(num_samples={})"),
        ("--estimator", "gumbel-softmax(tau={})"),
        ("--optimizer", "adam(learning_rate={})"),
        ("--method", "cross-entropy(num_samples={})"),
        ("--model", "ordered(size={})"),
        ("--model", "noise(learning_rate={})"),
        ("--objective", "ssim(sigma={})"),
        ("--objective", "{}*ssim"),
        ("--recipe", "nearest | polish(sweeps={})"),
        ("--temperature", "{}:1"),
        ("--gamut", "bits={}"),
        ("--palette", "#{}"),
        ("--viewing-distance", "{}cm"),
    ],
)
def test_so_is_a_word_with_a_long_number(words: tuple[str, str], photo: Path, run: Run) -> None:
    option, text = words
    others = ("--dpi", "100") if option == "--viewing-distance" else ()
    for number in (NINES, "9" * 4000, "0" * 5000):
        ended = run("optimize", photo, option, text.format(number), *others)
        if ended.code:
            assert (ended.code, len(ended.error) < 1000) == (2, True), text
        assert number != NINES or ended.code == 2


def test_a_crop_and_a_range_of_colors_too(photo: Path, run: Run) -> None:
    assert "`--crop` must be WxH+X+Y" in run("compare", photo, "--crop", f"{NINES}x1+0+0").error
    assert (
        "`--colors` must be LOW" in run("palette", "curve", photo, "--colors", f"2..{NINES}").error
    )


def test_memory_that_there_is_not_is_one_sentence(photo: Path, run: Run) -> None:
    words = ("--objective", "viewed-error", "--gradients-only", "--samples", "9" * 17)
    ended = run("compare", photo, "--crop", "4x4+0+0", "--colors", "2", *words)
    assert (ended.code, ended.error) == (
        1,
        "There is not enough memory. Make the picture smaller.",
    )
