"""The examples of the page about Python run, and so does that of the readme."""

import doctest
import re
import runpy
from pathlib import Path

import pytest

import ditherlab as dl

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python.md"


@pytest.fixture
def in_checkout(tmp_path, monkeypatch):
    """Run in a folder with the pictures, where files may be written."""
    (tmp_path / "images").symlink_to(ROOT / "images")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    # The examples register classes, which no other test shall see.
    for registry in (dl.ESTIMATORS, dl.STAGES):
        monkeypatch.setattr(registry.classes, "_added", dict(registry.classes.added))


@pytest.mark.usefixtures("in_checkout")
@pytest.mark.parametrize("page", ["docs/python.md", "README.md"])
def test_the_examples_run(page):
    flags = doctest.NORMALIZE_WHITESPACE
    failed, attempted = doctest.testfile(
        str(ROOT / page), module_relative=False, optionflags=flags, encoding="utf-8"
    )
    assert failed == 0
    assert attempted > 3


def test_the_page_has_an_example_for_each_heading():
    sections = re.split(r"\n## ", PAGE.read_text())[1:-1]
    assert len(sections) == 10
    assert all(">>> " in section for section in sections)
    assert len(PAGE.read_text().split()) < 1_500


def test_every_name_of_the_table_exists():
    table = PAGE.read_text().split("## Where things are")[1]
    names = re.findall(r"`(?:ditherlab)?\.?(\w+)`", table.split("All errors")[0])
    assert len(names) > 25
    assert [name for name in names if not hasattr(dl, name)] == []


def test_the_model_of_the_examples_trains(capsys, monkeypatch):
    example = runpy.run_path(str(ROOT / "docs" / "examples" / "own_model.py"))
    monkeypatch.setitem(example["main"].__globals__, "NUM_STEPS", 20)
    example["main"]()
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(example["ESTIMATORS"])
    assert all(15 < float(line.split()[1]) < 43 for line in lines)
