"""Python files that exit, hang or print when they are loaded, in every command that takes one."""

import os
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ditherlab.cli import main

Run = Callable[..., Any]

START = "import os, signal, sys, time\n"

FUNCTION = """
def cost(picture, target):
    return float(abs(picture.astype(float) - target).mean())
"""

IDLE = """
from dataclasses import dataclass
from ditherlab.stages import Progress, Stage

@dataclass(frozen=True)
class Idle(Stage):
    def run(self, context, state):
        print("noise")
        os.write(1, b"noise")
        yield Progress(share=1.0)
"""

TALK = 'print("noise"); os.write(1, b"noise"); sys.__stdout__.write("noise")'
OBJECTIVE = ("--objective", "python:code.py:cost", "--steps", "1", "--preset", "fast")
STAGE = ("--recipe", "nearest | python:stage.py:Idle")
COMPARED = ("--objective", "python:code.py:cost", "--crop", "4x4+0+0", "--colors", "2")
OPTIMIZE = [
    pytest.param(("optimize", "photo.png", "--palette", "pico-8", *words), id=name)
    for name, words in {"objective": OBJECTIVE, "stage": STAGE}.items()
]
COMMANDS = [
    *OPTIMIZE,
    pytest.param(("compare", "photo.png", *COMPARED), id="compare"),
    pytest.param(("sweep", "objective.toml"), id="sweep"),
    pytest.param(("sweep", "stage.toml"), id="sweep-stage"),
]


@pytest.fixture(autouse=True)
def sweeps(photo: Path) -> None:
    for name, words in (("objective", OBJECTIVE), ("stage", STAGE)):
        lines = f'pictures = ["photo.png"]\npalette = "pico-8"\n{words[0][2:]} = "{words[1]}"\n'
        Path(f"{name}.toml").write_text(lines)


def write(beginning: str) -> None:
    for name, end in (("code.py", FUNCTION), ("stage.py", IDLE)):
        Path(name).write_text(f"{START}{beginning}\n{end}")


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("code", ["os._exit(0)", "sys.exit()", "1 / 0"])
def test_a_file_that_exits_is_one_sentence_and_exit_code_1(
    code: str, words: tuple[str, ...], run: Run
) -> None:
    write(code)
    before = set(Path().iterdir())
    ended = run(*words)
    assert ended.code == 1
    assert "`python:" in ended.error
    assert set(Path().iterdir()) == before


@pytest.mark.parametrize("words", COMMANDS[:3])
def test_a_file_that_hangs_ends_with_the_time(
    words: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count()
    monkeypatch.setattr("ditherlab.cli.clock.now", lambda: float(next(ticks)))
    write("time.sleep(10**6)")
    ended = run(*words, "--max-seconds", "7")
    assert ended.code == 1
    assert "was still being loaded when the time was up." in ended.error


@pytest.mark.parametrize("words", COMMANDS)
def test_a_file_that_hangs_ends_with_ctrl_c(words: tuple[str, ...], run: Run) -> None:
    write("os.kill(os.getppid(), signal.SIGINT)\ntime.sleep(10**6)")
    ended = run(*words)
    assert (ended.code, ended.err.strip()) == (130, "Error: Interrupted; nothing was written.")


@pytest.mark.parametrize("words", OPTIMIZE)
def test_what_a_file_prints_stays_out_of_the_picture(
    words: tuple[str, ...], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(TALK)
    with pytest.raises(SystemExit) as ended:
        main([*words, "-o", "-"])
    out, err = capfdbinary.readouterr()
    assert ended.value.code == 0
    assert b"noise" in err
    assert b"noise" not in out
    with Image.open(BytesIO(out)) as picture:
        picture.load()
    assert out.startswith(b"\x89PNG")
    assert out.endswith(b"IEND\xaeB`\x82")


def test_an_objective_runs_in_other_processes_only(run: Run) -> None:
    write("open('log', 'a').write(f'{os.getpid()} ')")
    assert run(*OPTIMIZE[0].values[0]).code == 0
    assert str(os.getpid()) not in Path("log").read_text().split()


@pytest.mark.parametrize(
    "call", ["sys.exit('bye')", "sys.exit()", "sys.exit(0)", "raise SystemExit"]
)
def test_a_stage_that_exits_while_it_runs_has_failed(call: str, photo: Path, run: Run) -> None:
    Path("stage.py").write_text(START + IDLE.replace('print("noise")', call))
    ended = run("optimize", photo, "--palette", "ega", *STAGE)
    assert ended.code == 1
    assert "`python:stage.py:Idle` failed: SystemExit" in ended.err
    assert Path("photo-dithered.png").exists()
