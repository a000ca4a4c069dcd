"""File names that are not UTF-8 and texts that control a terminal, wherever the program shows them.

Pages, JSON, tables and messages show such characters as escapes.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import ditherlab.cli
from ditherlab.naming import escape_controls
from tests.html_pages import read_page

Run = Callable[..., Any]

NAMES = [
    b"caf\xe9",
    b"\xff\xfe",
    b"\xed\xa0\x80surrogate",
    b"red\x1b[31m",
    b"title\x1b]0;mine\x07",
    "next\u0085line\u2028".encode(),
    "turn\u202eed".encode(),
    b"two\nlines\r",
    b"<b>&amp;'\"",
    "ünïcode-🎨".encode(),
]
EVIL = "\x1b]0;mine\x07\x9b2J\x08\u202e"


@pytest.fixture(params=NAMES, ids=ascii)
def name(request: pytest.FixtureRequest, photo: Path) -> str:
    """The stem of a picture's file, in the current folder."""
    stem = os.fsdecode(request.param)
    try:
        Path(f"{stem}.png").write_bytes(photo.read_bytes())
    except OSError:
        pytest.skip("this file system only has names that are UTF-8")
    return stem


def check_text(text: str) -> None:
    """Check that a text holds nothing that controls a terminal, and can be written anywhere."""
    text.encode()
    assert [c for c in text if not c.isprintable() and c != "\n"] == []


def check_document(document: object) -> None:
    """Check that no text of a document holds controls or surrogates."""
    if isinstance(document, dict):
        for key, value in document.items():
            check_document(key)
            check_document(value)
    elif isinstance(document, list):
        for value in document:
            check_document(value)
    elif isinstance(document, str):
        check_text(document.replace("\t", ""))


def check(ended: Any, code: int = 0) -> None:
    assert ended.code == code, ended.err
    check_text(ended.out.decode())
    check_text(ended.err)


def test_a_ranking(name: str, run: Run) -> None:
    Path(f"{name}.hex").write_text("000000\nffffff\n")
    words = ("palette", "rank", f"{name}.png", "--among", f"{name}.hex", "--jobs", "1")
    check(run(*words, "--report", f"{name}.html"))
    text = read_page(Path(f"{name}.html").read_bytes())
    assert f"Palettes for {escape_controls(name)}\n" in text
    ended = run(*words, "--json")
    check_document(json.loads(ended.out))


def test_a_picture_its_report_and_its_messages(name: str, run: Run) -> None:
    Path(f"{name}.py").write_text("def f(picture): return picture.mean()\n")
    words = ("--palette", "black-and-white", "--steps", "1", "--sweeps", "1", "-v")
    check(run("optimize", f"{name}.png", *words, "--report", f"{name}.json"))
    check_document(json.loads(Path(f"{name}.json").read_bytes()))
    # The words of a function are one line.
    if "\n" not in name:
        objective = ("--objective", f"python:{name}.py:f", "--palette", "#000,#fff")
        check(run("optimize", f"{name}.png", *objective, "--steps", "1", "-o", "f.png"))
        with Image.open("f.png") as picture:
            check_document(json.loads(picture.text["ditherlab"]))
    check(run("optimize", f"none-{name}.png"), 1)
    check(run("optimize", f"{name}.png", "--objective", f"python:{name}.py:g"), 2)


def test_the_page_of_a_sweep(name: str, run: Run, threads: None) -> None:
    quick = 'palette = "#000,#fff"\nsteps = 1\nsweeps = 1\n'
    Path(f"{name}.toml").write_text(f'pictures = ["photo.png"]\n{quick}')
    ended = run("sweep", f"{name}.toml", "--report", f"{name}.html", "--json")
    check(ended)
    read_page(Path(f"{name}.html").read_bytes())
    check_document(json.loads(ended.out))
    check(run("sweep", f"{name}.toml", "--dry-run"))


@pytest.mark.parametrize("stem", [b"caf\xe9", b"red\x1b[31m"], ids=ascii)
@pytest.mark.parametrize(
    "words",
    [
        ("compare", "{}.png", "--colors", "2", "--crop", "4x4+0+0", "--gradients-only",
         "--objective", "viewed-error", "--estimators", "moments", "--repetitions", "2"),
        ("palette", "curve", "{}.png", "--colors", "2..2", "--jobs", "1"),
    ],
)  # fmt: skip
def test_other_pages(words: tuple[str, ...], stem: bytes, photo: Path, run: Run) -> None:
    name = os.fsdecode(stem)
    try:
        Path(f"{name}.png").write_bytes(photo.read_bytes())
    except OSError:
        pytest.skip("this file system only has names that are UTF-8")
    check(run(*(word.format(name) for word in words), "--report", f"{name}.html"))
    read_page(Path(f"{name}.html").read_bytes())


def toml_text(text: str) -> str:
    return json.dumps(text)


@pytest.mark.parametrize(
    "key", ["pictures", "objectives", "estimators", "palettes", "crop", "fit", "recipe", "seeds"]
)
def test_texts_of_a_sweep(key: str, photo: Path, run: Run) -> None:
    value = toml_text(f"x{EVIL}")
    lines = {"pictures": '["photo.png"]', key: f"[{value}]" if key.endswith("s") else value}
    Path("sweep.toml").write_text("".join(f"{k} = {v}\n" for k, v in lines.items()))
    ended = run("sweep", "sweep.toml", "--dry-run")
    check(ended, 2)
    assert "\\x1b" in ended.err


def test_the_key_of_a_sweep(photo: Path, run: Run) -> None:
    Path("sweep.toml").write_text(f"{toml_text(f'x{EVIL}')} = 1\n")
    check(run("sweep", "sweep.toml"), 2)


def test_what_a_function_raises_and_a_results_file_holds(
    photo: Path, run: Run, threads: None
) -> None:
    Path("f.py").write_text(f"def f(picture): raise ValueError({EVIL!r})\n")
    Path("sweep.toml").write_text(
        'pictures = ["photo.png"]\npalette = "#000,#fff"\nobjective = "python:f.py:f"\n'
    )
    check(run("optimize", photo, "--objective", "python:f.py:f"), 1)
    first = run("sweep", "sweep.toml", "--report", "sweep.html")
    check(first, 1)
    assert "Failed: " in first.err
    read_page(Path("sweep.html").read_bytes())
    (line,) = Path("sweep-results.jsonl").read_text().splitlines()
    stored = json.loads(line)
    stored["error"] = f"stored {EVIL}"
    Path("sweep-results.jsonl").write_text(json.dumps(stored) + "\n")
    again = run("sweep", "sweep.toml", "--json")
    check(again, 1)
    assert "stored \\x1b]0;mine" in again.err
    check_document(json.loads(again.out))


def test_names_in_a_palette_file(photo: Path, run: Run) -> None:
    Path("evil.gpl").write_text(f"GIMP Palette\nName: p{EVIL}\n#\n0 0 0\tblack{EVIL}\n9 9 9\tx\n")
    check(run("palette", "show", "evil.gpl"))
    check(run("palette", "join", "evil.gpl", "ega", "-o", "both.gpl"))
    check(run("palette", "rank", photo, "--among", "evil.gpl", "--jobs", "1"))
    check_document(json.loads(run("palette", "show", "evil.gpl", "--json").out))
    words = ("--steps", "1", "--sweeps", "1", "-v")
    check(run("optimize", photo, "--palette", "evil.gpl", *words))


class _Terminal:
    """Standard output that says that it is a terminal."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("written_as", ["gimp", "paint-net", "css", "hex", "jasc", "lospec-json"])
def test_a_palette_file_on_a_terminal(
    written_as: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("evil.gpl").write_text(f"GIMP Palette\nName: p{EVIL}\n#\n0 0 0\tblack{EVIL}\n9 9 9\tx\n")
    monkeypatch.setattr(sys, "stdout", _Terminal(sys.stdout))
    with pytest.raises(SystemExit) as ended:
        ditherlab.cli.main(["palette", "convert", "evil.gpl", "-", "--format", written_as])
    assert ended.value.code == 0
    check_text(capfd.readouterr().out.replace("\t", ""))


def test_a_progress_bar(photo: Path, run: Run, threads: None, terminal: Callable[..., Any]) -> None:
    name = f"evil{EVIL}.png"
    Image.new("RGB", (32, 24), "red").save(name)
    names = f"[{toml_text(name)}, 'photo.png']"
    Path("sweep.toml").write_text(
        f"pictures = {names}\npalette = '#000,#fff'\nsteps = 1\nsweeps = 1\n"
    )
    with terminal() as shown:
        run("sweep", "sweep.toml")
    assert b"\\x1b]0;mine\\x07" in shown
    assert b"\x1b]0;mine" not in shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_standard_output_of_another_encoding(
    encoding: str, start: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("names.gpl").write_text("GIMP Palette\n#\n0 0 0\tπ\n255 255 255\tü\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    process = start("palette", "show", "names.gpl")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"\\u03c0" in out


def sources() -> Iterator[Path]:
    return Path(ditherlab.cli.__file__).parents[1].rglob("*.py")


def test_everything_is_written_in_one_place() -> None:
    writers = ("click.echo(", "click.secho(", "sys.stdout.write(", "sys.stderr.write(")
    found = {
        path.name
        for path in sources()
        if any(writer in path.read_text(encoding="utf-8") for writer in writers)
    }
    assert found <= {"streams.py", "__main__.py"}
