"""Every room of the package is in the table of rooms, in the layers, and says what it holds."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ditherlab"
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
FILES = sorted(path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py")
MOST_LINES = 400

# Tests of code outside the package.
OTHER_TESTS = {"benchmarks"}


def read_table(text: str) -> list[list[str]]:
    """Return what each row of the table of rooms names in its first column."""
    rows = re.findall(r"^\| (`[^|]*) \|", text, flags=re.MULTILINE)
    return [re.findall(r"`([\w./]+)`", row) for row in rows]


def read_layers() -> list[set[str]]:
    """Return the names of each layer, from the top, as the table writes them."""
    text = (ROOT / "pyproject.toml").read_text()
    (contract,) = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    layers = [{name.strip() for name in layer.split("|")} for layer in contract["layers"]]
    return [
        {f"{name}/" if (PACKAGE / name).is_dir() else f"{name}.py" for name in layer}
        for layer in layers
    ]


def test_the_table_of_rooms_is_that_of_the_layers():
    table = read_table((ROOT / "CONTRIBUTING.md").read_text())
    assert [set(row) for row in table] == read_layers()


def test_the_table_names_every_room_and_every_loose_file_once():
    names = [name for row in read_table((ROOT / "CONTRIBUTING.md").read_text()) for name in row]
    assert sorted(names) == sorted([*(f"{room}/" for room in ROOMS), *FILES])


def test_a_room_that_is_left_out_would_be_noticed():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    without = re.sub(r"^\| `stages/`.*\n", "", text, flags=re.MULTILINE)
    assert len(read_table(without)) == len(read_layers()) - 1


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_one_sentence_what_it_holds(room):
    source = (PACKAGE / room / "__init__.py").read_text()
    first, *_ = (ast.get_docstring(ast.parse(source)) or "").split("\n")
    assert re.fullmatch(r"[A-Z`][^.]*\.", first), first
    assert not first.startswith(("What ", "How ", "Whether "))


def test_the_tests_of_the_package_lie_in_rooms():
    folders = {
        path.name for path in (ROOT / "tests" / "unit").iterdir() if any(path.glob("**/*.py"))
    }
    assert folders - OTHER_TESTS <= set(ROOMS)


def test_no_file_is_long():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in PACKAGE.glob("**/*.py")
    }
    assert len(lengths) > 200
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}
