"""The pages about the published experiments: complete, and made from the committed runs."""

import importlib.util
import json
import re
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from ditherlab.experiments.published import EXPERIMENTS

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "experiments"


@pytest.fixture(scope="module")
def script():
    loader = SourceFileLoader("make_experiments", str(ROOT / "scripts" / "make_experiments"))
    spec = importlib.util.spec_from_loader("make_experiments", loader)
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_every_experiment_has_a_page_a_run_and_a_line_in_the_list():
    listed = (PAGES / "README.md").read_text()
    for name, experiment in EXPERIMENTS.items():
        assert f"| [`{name}`]({name}.md) |" in listed
        run = json.loads((PAGES / f"{name}.json").read_text())["experiments"][0]
        assert (run["experiment"], run["title"]) == (name, experiment.title)
        assert run["source"] == experiment.source
        page = (PAGES / f"{name}.md").read_text()
        assert f"scripts/ditherlab experiment {name} --report docs/experiments/{name}.json" in page
        assert "**Published.**" in page
        assert "**Run here.**" in page
    assert {path.stem for path in PAGES.glob("*.json")} == set(EXPERIMENTS)


def test_claims_and_charts_are_written_from_the_runs(script):
    written = dict(script.files())
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.name}: run scripts/make_experiments"
        )
    assert set(PAGES.glob("*.svg")) == {path for path in written if path.suffix == ".svg"}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert targets
    assert [target for target in targets if not (PAGES / target).exists()] == []
