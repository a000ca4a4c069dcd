"""The pages about estimators: complete, their examples run, their tables are the figures."""

import doctest
import importlib.util
import re
import sys
from pathlib import Path

import pytest

from ditherlab.arguments import split_outside
from ditherlab.estimators import ESTIMATORS

ROOT = Path(__file__).resolve().parents[2]
CHOICE = ROOT / "docs" / "how-to-choose-an-estimator.md"
FAMILIES = sorted((ROOT / "docs" / "estimators").glob("*.md"))
PAGES = [CHOICE, *FAMILIES]
NAMES = ESTIMATORS.names_and_compositions


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location(
        "estimator_tables", ROOT / "benchmarks" / "estimator_tables.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_the_pages_run(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(str(page), module_relative=False)
    assert failed == 0
    assert attempted >= 4


@pytest.mark.parametrize("name", NAMES)
def test_an_estimator_has_a_section_on_exactly_one_family_page(name, benchmark):
    headings = [heading for page in FAMILIES for heading in benchmark.family_headings(page)]
    assert headings.count(name) == 1


@pytest.mark.parametrize("name", NAMES)
def test_an_estimator_is_measured_on_the_page_of_choice(name, benchmark):
    measured = {
        str(ESTIMATORS.parse(words).with_num_samples(4))
        for place in benchmark.PLACES
        for case in benchmark.read_figures(place)["cases"]
        for words in case["figures"]
    }
    assert str(ESTIMATORS.parse(name).with_num_samples(4)) in measured
    assert f"`{name}" in CHOICE.read_text()


def test_the_tables_are_made_from_the_figures(benchmark):
    for page, mark, table in benchmark.write_tables():
        text = page.read_text()
        assert benchmark.with_table(text, mark, table) == text, f"{page.name}: {mark}"


def test_an_edited_table_would_be_noticed(benchmark):
    _, mark, table = next(iter(benchmark.write_tables()))
    text = CHOICE.read_text()
    edited = text.replace("| below 0", "| above 0", 1)
    assert edited != text
    assert benchmark.with_table(edited, mark, table) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_estimators_of_the_commands_exist(page):
    words = re.findall(r"--estimators? (?:'([^']+)'|(\S+))", page.read_text())
    assert words
    for quoted, bare in words:
        for estimator in split_outside(quoted or bare, ","):
            ESTIMATORS.parse(estimator)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_links_lead_to_files_and_headings(page):
    for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", page.read_text()):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(), flags=re.MULTILINE)
            assert anchor[1:] in [anchor_of(heading) for heading in headings]


def anchor_of(heading):
    """Name a heading as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
