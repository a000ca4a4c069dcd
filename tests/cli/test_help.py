"""Every command explains itself, and its examples work."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from PIL import Image

import ditherlab
from ditherlab import __main__ as program
from ditherlab.cli.app import app
from ditherlab.cli.lazy_group import LazyGroup

ROOT = Path(__file__).parents[2]


def walk(command: click.Command, path: str = "ditherlab") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part
            yield from walk(part, f"{path} {name}")


def examples(command: click.Command) -> list[str]:
    _, _, lines = (command.help or "").partition("Example:\n")
    return [line.strip() for line in lines.splitlines() if line.strip()]


COMMANDS = dict(walk(app))
LEAVES = [path for path, command in COMMANDS.items() if not isinstance(command, click.Group)]
EXAMPLES = [(path, line) for path in COMMANDS for line in examples(COMMANDS[path])]


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_has_help_and_an_example(path: str) -> None:
    command = COMMANDS[path]
    assert command.get_short_help_str()
    assert any(path in line for line in examples(command))


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in LEAVES])
def test_a_group_lists_the_help_of_its_commands_without_loading_them(path: str) -> None:
    group = COMMANDS[path]
    assert isinstance(group, LazyGroup)
    assert {name: home.help for name, home in group.homes.items()} == {
        name: COMMANDS[f"{path} {name}"].get_short_help_str(limit=1000) for name in group.homes
    }


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_has_help(path: str) -> None:
    for option in COMMANDS[path].params:
        if isinstance(option, click.Option):
            assert option.help and option.help.endswith((".", "]")), option.name


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_and_option_is_in_the_manual(path: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")]
    manual = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert path in manual
    for option in COMMANDS[path].params:
        if isinstance(option, click.Option):
            words = "|".join(re.escape(word) for word in option.opts)
            assert re.search(rf"(?<![\w-])({words})(?![\w-])", manual), option.opts


@pytest.mark.parametrize(("path", "line"), EXAMPLES)
def test_an_example_runs(
    path: str, line: str, run: Callable[..., Any], pixels: np.ndarray, threads: None
) -> None:
    Image.fromarray(pixels).save("photo.jpg")
    Path("sweep.toml").write_text('pictures = ["photo.jpg"]\ncolors = 2\nsteps = 2\n')
    # Of a pipe, the end.
    program = line[line.index("ditherlab") :]
    name, *arguments = shlex.split(program.partition(">")[0])
    assert name == "ditherlab"
    hasten = {
        "optimize": ["--sweeps" if "--cells" in arguments else "--steps", "2"],
        "compare": ["--repetitions", "2", "--samples", "2", "--seeds", "1", "--max-seconds", "1.5"],
        "palette learn": [] if "--preset" in arguments else ["--preset", "fast"],
        "palette curve": ["--colors", "2..2", "--max-pixels", "50"],
    }
    quick = hasten.get(path.removeprefix("ditherlab "), [])
    if "--recipe" in arguments or "--like" in arguments:
        # They say all of it; the picture that settings are taken from is made first.
        quick = []
        run("optimize", "photo.jpg", "--steps", "2")
        Image.fromarray(pixels).save("other.jpg")
    assert run(*arguments, *quick, stdin=Path("photo.jpg").read_bytes()).code == 0


@pytest.mark.parametrize("path", COMMANDS)
def test_both_spellings_of_help_go_to_standard_output(path: str, run: Callable[..., Any]) -> None:
    _, *words = path.split()
    short, long = run(*words, "-h"), run(*words, "--help")
    assert (long.code, long.err) == (0, "")
    assert long.out.startswith(b"Usage: ")
    assert short == long


def test_the_version(run: Callable[..., Any]) -> None:
    ended = run("--version")
    assert ended.code == 0
    assert ended.out.decode().split() == ["ditherlab,", "version", ditherlab.__version__]


@pytest.mark.parametrize("words", [[], ["palette"]])
def test_a_group_without_a_command_shows_its_help_and_fails(
    words: list[str], run: Callable[..., Any]
) -> None:
    ended = run(*words)
    assert (ended.code, ended.out) == (2, b"")
    assert ended.err.startswith("Usage: ")


def test_help_lists_and_wrong_usage_do_not_wait_for_torch(photo: Path) -> None:
    code = (
        "import sys\n"
        "from ditherlab.cli import main\n"
        "for words in ('--help', 'palette --help', 'optimize --help', 'palette list',\n"
        "              'palette show pico-8',\n"
        "              'palette convert pico-8 x.gpl', 'palette join pico-8 ega -o x.hex',\n"
        "              'palette extract photo.png --method wu -o y.hex',\n"
        "              'optimize missing.png', 'optimize photo.png -o photo.png',\n"
        "              'optimize photo.png --palette pico8'):\n"
        "    try:\n"
        "        main(words.split())\n"
        "    except SystemExit:\n"
        "        assert 'torch' not in sys.modules, words\n"
        "    if words in ('--help', 'palette --help'):\n"
        "        heavy = {'numpy', 'PIL', 'jaxtyping', 'importlib.metadata', 'tomllib'}\n"
        "        assert not heavy & set(sys.modules), words\n"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_installed_command_is_the_program() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = scripts["scripts"]["ditherlab"].partition(":")
    assert getattr(import_module(module), function) is program.main


def test_the_package_is_the_program(start: Callable[..., Any]) -> None:
    out, err = start("--version").communicate()
    assert ditherlab.__version__ in out.decode()
    assert err == b""
