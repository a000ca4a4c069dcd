"""The dictionary of the theory: every term has its labels, and what they name is there."""

import ast
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from ditherlab.arguments import split_outside
from ditherlab.cli.app import app
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments.published import EXPERIMENTS
from ditherlab.objectives import parse_objective
from ditherlab.optimizers import OPTIMIZERS

ROOT = Path(__file__).resolve().parents[2]
THEORY = ROOT / "docs" / "theory"
INDEX = THEORY / "README.md"
PAGES = sorted(set(THEORY.glob("*.md")) - {INDEX})
LABELS = ["Formula", "Code", "Command", "Test", "Source"]

# What the survey names, and what its works are about.
SURVEY = """
Monte Carlo expectation; Variance loss; Easy mode; Hard mode; Log-derivative trick; Interchange of
derivative and integral; Surrogate loss; Stochastic computation graph; Black-box cost; Bias and
variance of a gradient; Enumeration; Score function (REINFORCE); Baseline; Control variate;
Leave-one-out; VarGrad; MuProp; REBAR; RELAX; Rao-Blackwellization; Local expectation; Unordered set
(without replacement); Pairwise; Average derivative; Common random numbers; Antithetic draws; ARM;
DisARM; ARSM; CARMS; Stochastic triples; Randomized automatic differentiation: random windows;
Randomized automatic differentiation: random sparsification; Pruning;
Gumbel noise; Gumbel-max; Gumbel-softmax; Temperature; Bias of relaxations; Straight-through;
Inverse-CDF drawing; Reparameterization (pathwise); Location-scale family; Perturbation analysis;
Implicit reparameterization; Measure-valued gradients; Delta method and moments; Mean-field
annealing; Natural gradient; Gibbs sampling; Stochastic gradient MCMC; Gibbs with gradients;
Cross-entropy method; Evidence lower bound; Sample-average approximation; Smoothed
perturbation analysis; Noise dithering; Uniform and triangular dither; Ordered dithering and blue
noise
"""
REQUIRED = [" ".join(term.split()) for term in SURVEY.split(";")]


@dataclass(frozen=True)
class Section:
    """A term with what stands under it."""

    page: Path
    term: str
    text: str

    @property
    def paragraphs(self):
        """What stands before the list."""
        return [part for part in self.text.split("\n* **")[0].strip().split("\n\n") if part]

    @property
    def labels(self):
        """What follows each label, its lines joined."""
        items = re.findall(r"^\* \*\*(\w+)\*\*: ((?:.|\n  )*)", self.text, flags=re.MULTILINE)
        return [(label, " ".join(words.split())) for label, words in items]

    def __getitem__(self, label):
        return dict(self.labels)[label]

    def __str__(self):
        return self.term


def sections_of(page, text):
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)[1:]
    return [Section(page, term, body) for term, body in zip(parts[::2], parts[1::2], strict=True)]


SECTIONS = [section for page in PAGES for section in sections_of(page, page.read_text())]
every_section = pytest.mark.parametrize("section", SECTIONS, ids=str)


def check_labels(section):
    assert len(section.paragraphs) == 1
    assert [label for label, _ in section.labels] == LABELS
    assert all(words for _, words in section.labels)
    assert "`" in section["Formula"]
    assert re.search(r"\b(19|20)\d\d\b", section["Source"])


def check_code(section):
    named = re.findall(r"`([\w/.-]+\.py)`, `([\w.]+)`", section["Code"])
    assert 2 * len(named) == section["Code"].count("`") / 2 > 0
    for path, symbol in named:
        assert symbol in symbols_of(ROOT / path), f"{path} defines no {symbol}"


def check_tests(section):
    nodes = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", section["Test"])
    assert 2 * len(nodes) == section["Test"].count("`") > 0
    for path, name in nodes:
        assert name in symbols_of(ROOT / path), f"{path} has no {name}"


def check_command(section):
    (command,) = re.findall(r"^`(.*)`$", section["Command"])
    program, *words = shlex.split(command)
    if program == "python":
        (script,) = words
        assert script.startswith("docs/examples/")
        assert (ROOT / script).is_file()
        return
    assert program == "ditherlab"
    given = read_words(words)
    for name in split_outside(given.get("estimators") or given.get("estimator") or "", ","):
        if name:
            ESTIMATORS.parse(name)
    if given.get("objective"):
        parse_objective(given["objective"])
    if given.get("optimizer"):
        OPTIMIZERS.parse(given["optimizer"])
    if "source" in given:
        assert (ROOT / given["source"]).is_file()
    if "name" in given:
        assert given["name"] in EXPERIMENTS


def read_words(words):
    """Let click read the command, which complains of what it does not know; run nothing."""
    command = app
    name = "ditherlab"
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(click.Context(command), name)
    # Else click remembers a `--help` without its short form.
    settings = {"help_option_names": ["-h", "--help"]}
    return command.make_context(name, list(words), **settings).params


def symbols_of(path):
    """Name what a file defines, the methods of its classes too."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


@every_section
def test_a_term_has_a_paragraph_and_all_labels(section):
    check_labels(section)


@every_section
def test_the_code_of_a_term_is_there(section):
    check_code(section)


@every_section
def test_the_test_of_a_term_is_there(section):
    check_tests(section)


@every_section
def test_the_command_of_a_term_can_be_read(section, monkeypatch):
    monkeypatch.chdir(ROOT)
    check_command(section)


def test_no_term_of_the_survey_is_missing():
    terms = [section.term for section in SECTIONS]
    assert sorted(set(REQUIRED) - set(terms)) == []
    assert len(set(terms)) == len(terms)


def test_every_estimator_has_a_term():
    named = {symbol for each in SECTIONS for symbol in re.findall(r"`(\w+)`", each["Code"])}
    classes = {strategy.__name__ for strategy in ESTIMATORS.classes.values()}
    assert sorted(classes - named) == []


def test_the_index_names_every_term_once():
    links = re.findall(r"^\* \[(.*)\]\((\S+\.md)#(\S+)\)$", INDEX.read_text(), flags=re.MULTILINE)
    expected = [(each.term, each.page.name, anchor_of(each.term)) for each in SECTIONS]
    assert sorted(links) == sorted(expected)


def anchor_of(heading):
    """Name a heading as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


GOOD = """
Some words.

* **Formula**: `1 + 1`
* **Code**: `ditherlab/estimators/st.py`, `ST`
* **Command**: `ditherlab experiment gaussian`
* **Test**: `tests/docs/test_theory_pages.py::test_the_index_names_every_term_once`
* **Source**: Nobody, "Nothing", 1999
"""


@pytest.mark.parametrize(
    ("good", "bad", "check"),
    [
        ("* **Formula**: `1 + 1`\n", "", check_labels),
        ("Some words.\n", "", check_labels),
        ("1999", "long ago", check_labels),
        ("`ST`", "`Straight`", check_code),
        ("st.py", "none.py", check_code),
        ("experiment gaussian", "experiment gauss", check_command),
        ("experiment gaussian", "experiment gaussian --fast", check_command),
        ("experiment gaussian", "compare images/coffee.png --estimators no", check_command),
        ("experiment gaussian", "compare images/tea.png", check_command),
        ("experiment gaussian", "optimize images/coffee.png --optimizer no", check_command),
        ("ditherlab experiment gaussian", "python docs/examples/no.py", check_command),
        ("test_the_index_names", "test_the_index_forgets", check_tests),
    ],
)
def test_what_is_not_there_is_noticed(good, bad, check, monkeypatch):
    monkeypatch.chdir(ROOT)
    section, broken = (
        sections_of(INDEX, f"## Term\n{text}")[0] for text in (GOOD, GOOD.replace(good, bad))
    )
    check(section)
    with pytest.raises((AssertionError, OSError, ValueError, click.UsageError)):
        check(broken)
