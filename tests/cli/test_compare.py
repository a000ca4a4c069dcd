"""`ditherlab compare`: figures of gradients and of runs, its page, and what it refuses."""

import base64
import io
import json
import re
import shlex
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ditherlab.cli import main
from ditherlab.cli.progress import CountdownBar
from ditherlab.protocol import Cost, Target
from tests.objectives import Brightness, BrightnessCost

FIGURES = {
    "name",
    "words",
    "unbiased",
    "bias",
    "bias_floor",
    "variance",
    "relative_error",
    "relative_error_below",
    "cosine",
    "evaluations",
    "backward_passes",
    "ms_per_gradient",
    "num_repetitions",
}
RUN = {
    "estimator",
    "budget",
    "seed",
    "outcome",
    "reason",
    "cost",
    "expected_cost",
    "entropy",
    "seconds",
    "steps",
    "evaluations",
    "backward_passes",
    "temperature",
    "curve",
}
CURVE = {"seconds", "evaluations", "backward_passes", "expected_cost", "entropy"}


@dataclass(frozen=True)
class Brittle(Brightness):
    """Prices gradients and baselines, and in every run no more than a step and a look."""

    num_good_binds: list[int] = field(default_factory=list)

    def bind(self, target: Target) -> Cost:
        self.num_good_binds[0] -= 1
        is_good = self.num_good_binds[0] >= 0
        return (Brightness() if is_good else Brightness(num_good=5)).bind(target)


class Page(HTMLParser):
    """What a page shows; `open` holds the tags that were never closed, or wrongly."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.texts: list[str] = []
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.open += [] if tag in self.VOID else [tag]
        attributes = dict(attrs)
        if tag == "html":
            assert attributes["lang"] == "en"
        if tag == "img":
            assert attributes["alt"]
            kind, _, data = (attributes["src"] or "").partition(",")
            assert kind == "data:image/png;base64"
            self.pictures.append(data)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.fixture
def compare(run: Callable[..., Any], photo: Path) -> Callable[..., dict[str, Any]]:
    def call(*arguments: object) -> dict[str, Any]:
        gradients_only = () if "--max-seconds" in arguments else ("--gradients-only",)
        words = ("--repetitions", "3", "--json", *gradients_only, *arguments)
        ended = run("compare", photo, *words)
        assert ended.code == 0, ended.err
        document: dict[str, Any] = json.loads(ended.out)
        return document

    return call


def test_all_estimators_that_fit_are_compared_and_the_others_named(compare):
    document = compare("--colors", "4", "--samples", "2", "--repetitions", "2")
    names = {estimator["name"] for estimator in document["estimators"]}
    assert {"leave-one-out", "linstat", "moments", "reinmax"} <= names
    reasons = {entry["name"]: entry["reason"] for entry in document["left_out"]}
    assert reasons.keys() == {"arm", "disarm", "exact", "unordered-set"}
    assert "needs a palette of 2 colors" in reasons["arm"]
    assert "at most 65536 pictures, got 4 colors on 32 x 24 pixels" in reasons["exact"]
    assert all(set(estimator) == FIGURES for estimator in document["estimators"])
    assert document["complete"]
    assert (document["runs"], document["summaries"], document["budgets"]) == ([], [], None)


@dataclass(frozen=True)
class Compared:
    """What one comparison said and wrote, and where it was called."""

    document: dict[str, Any]
    page: str
    folder: Path


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, pixels: np.ndarray) -> Compared:
    """A comparison of three estimators, with all that it can tell: it takes some seconds."""
    folder = tmp_path_factory.mktemp("compared")
    Image.fromarray(pixels).save(folder / "<i>&.png")
    out = io.TextIOWrapper(io.BytesIO())
    words = (
        "compare", str(folder / "<i>&.png"), "--repetitions", "2", "--seeds", "2", "--seed", "5",
        "--colors", "3", "--estimators", "st,reinmax,moments(order=0)", "--max-seconds", "3",
        "--report", str(folder / "page.html"), "--json", "--quiet",
    )  # fmt: skip
    with redirect_stdout(out), pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    out.seek(0)
    page = (folder / "page.html").read_text(encoding="utf-8")
    return Compared(json.loads(out.read()), page, folder)


def test_estimators_are_run_under_equal_time_and_equal_evaluations(compared):
    document = compared.document
    assert len(document["palette"]) == document["colors"] == 3
    runs, budgets = document["runs"], document["budgets"]
    assert [(run["budget"], run["seed"], run["estimator"]) for run in runs] == [
        (budget, seed, name)
        for budget in ("equal-time", "equal-evaluations")
        for seed in (5, 6)
        for name in ("st", "reinmax", "moments(order=0)")
    ]
    assert all(set(run) == RUN and set(run["curve"]) == CURVE for run in runs)
    for run in runs:
        if run["budget"] == "equal-time":
            assert run["outcome"] == "out-of-time"
            assert run["seconds"] >= budgets["seconds"]
        else:
            assert run["outcome"] == "out-of-evaluations"
            # A run that can afford no step, on a busy machine, still takes one, and then looks.
            assert run["evaluations"] <= max(budgets["evaluations"], 8)
        curve = run["curve"]
        assert len({len(numbers) for numbers in curve.values()}) == 1
        assert curve["evaluations"][-1] == run["evaluations"]
        assert curve["expected_cost"][-1] == run["expected_cost"]
        assert 0 < run["cost"] < 1
    assert set(document["baselines"]) == {"nearest", "floyd-steinberg"}
    for summary in document["summaries"]:
        costs = [
            run["cost"]
            for run in runs
            if (run["estimator"], run["budget"]) == (summary["estimator"], summary["budget"])
        ]
        assert summary["cost"]["mean"] == pytest.approx(sum(costs) / 2)
        best = min(baseline["cost"] for baseline in document["baselines"].values())
        assert summary["difference"]["mean"] == pytest.approx(sum(costs) / 2 - best)


def test_a_black_box_is_compared(run, photo, monkeypatch):
    def black_box(words):
        assert words == "black-box"
        return Brightness()

    monkeypatch.setattr("ditherlab.objectives.parse_objective", black_box)
    words = ("--objective", "black-box", "--colors", "2", "--repetitions", "2", "--seeds", "1")
    ended = run("compare", photo, *words, "--max-seconds", "2", "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    names = {estimator["name"] for estimator in document["estimators"]}
    assert {"leave-one-out", "score-function", "arm"} <= names
    assert "st" in {entry["name"] for entry in document["left_out"]}
    assert {run["estimator"] for run in document["runs"]} == names


def test_a_run_that_fails_is_told_and_the_others_go_on(run, photo, monkeypatch):
    monkeypatch.setattr(
        "ditherlab.objectives.parse_objective", lambda words: Brittle(num_good_binds=[2])
    )
    words = ("--colors", "2", "--repetitions", "2", "--seeds", "2", "--max-seconds", "2")
    estimators = ("--estimators", "leave-one-out,score-function")
    ended = run("compare", photo, *words, *estimators, "--report", "a.json")
    assert ended.code == 0, ended.err
    runs = json.loads(Path("a.json").read_bytes())["runs"]
    assert [run["outcome"] for run in runs] == ["not-finite"] * 4
    assert b"failed" in ended.out


def test_the_page_stands_alone(compared, pixels):
    text = compared.page
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert page.tags["svg"] == 3
    assert page.tags["h1"] == 1
    assert page.tags["script"] == page.tags["link"] == page.tags["iframe"] == 0
    # What an attribute or a style could fetch: the only address is SVG's name.
    without_pictures = re.sub(r"base64,[^\"]+", "", text)
    addresses = re.findall(r"(?:https?:)?//[^\s\"'<>)]+|url\(|@import", without_pictures)
    assert set(addresses) == {"http://www.w3.org/2000/svg"}
    for name in ("st", "reinmax", "moments(order=0)", "nearest", "floyd-steinberg"):
        assert page.texts.count(name) >= 3, name
    pictures = [Image.open(io.BytesIO(base64.b64decode(data))) for data in page.pictures]
    assert [picture.size for picture in pictures] == [(32, 24)] * 6
    assert np.array_equal(np.array(pictures[0]), pixels)
    assert {picture.mode for picture in pictures[1:]} == {"P"}
    assert "Estimators compared on <i>&" in page.texts
    command = next(text for text in page.texts if text.startswith("ditherlab compare"))
    assert shlex.split(command)[2:5] == ["<i>&.png", "--colors", "3"]
    assert str(compared.folder) not in text


def test_the_page_of_gradients_alone(run, photo):
    words = ("--repetitions", "2", "--estimators", "st", "--colors", "2", "--gradients-only")
    assert run("compare", photo, *words, "--report", "page.html").code == 0
    page = Page()
    page.feed(Path("page.html").read_text(encoding="utf-8"))
    assert (page.tags["svg"], len(page.pictures), page.open) == (1, 1, [])


def test_ctrl_c_keeps_what_is_done(run, photo, terminal, monkeypatch):
    show = CountdownBar.show

    def press_in_the_first_run(bar, what, seconds_left):
        show(bar, what, seconds_left)
        if what.startswith("run 1/12"):
            monkeypatch.setattr(CountdownBar, "show", show)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(CountdownBar, "show", press_in_the_first_run)
    with terminal() as shown:
        ended = run(
            "compare", photo, "--colors", "2", "--estimators", "st,moments", "--repetitions", "2",
            "--report", "page.html", "--json", "--max-seconds", "400",
        )  # fmt: skip
    assert ended.code == 130
    assert b"run 1/12" in shown
    assert re.search(rb"\d:\d\d left", shown)
    document = json.loads(ended.out)
    assert not document["complete"]
    assert [estimator["name"] for estimator in document["estimators"]] == ["st", "moments"]
    assert document["runs"] == []
    assert "Ended early" in Path("page.html").read_text(encoding="utf-8")


def test_two_colors_let_antithetic_pairs_in(compare):
    document = compare("--palette", "black-and-white", "--estimators", "arm,disarm")
    assert [estimator["evaluations"] for estimator in document["estimators"]] == [2, 2]


def test_an_exact_expectation_is_its_own_reference(compare):
    document = compare("--objective", "viewed-error", "--colors", "3", "--estimators", "moments,st")
    moments, straight_through = document["estimators"]
    assert document["reference"]["relative_error"] == 0
    assert moments["relative_error"] is None
    assert moments["relative_error_below"] < 1e-5 < straight_through["relative_error"]
    assert straight_through["relative_error_below"] is None


def test_a_crop_and_given_logits_place_the_comparison(compare):
    np.save("logits.npy", np.zeros((2, 12, 14)))
    document = compare(
        "--crop", "14x12+3+2", "--at", "logits.npy", "--colors", "2", "--estimators",
        "leave-one-out(num_samples=3, credit=local),moments(order=0),"
        "random-windows(num_strips=2, estimator=leave-one-out(credit=local, num_samples=2))",
    )  # fmt: skip
    assert (document["width"], document["height"]) == (14, 12)
    assert [estimator["words"] for estimator in document["estimators"]] == [
        "leave-one-out(num_samples=3, credit=local)",
        "moments(order=0)",
        "random-windows(estimator=leave-one-out(num_samples=2, credit=local), num_strips=2)",
    ]


def test_the_table_is_for_people(run, photo):
    words = ("--repetitions", "2", "--estimators", "st", "--colors", "2", "--gradients-only")
    ended = run("compare", photo, *words)
    assert ended.code == 0
    table = ended.out.decode()
    assert table.splitlines()[1].startswith("st ")
    assert "Reference: 8 x leave-one-out" in table


def test_an_error_below_that_of_the_reference_is_only_bounded(run, photo):
    """In the text, on the page with its plot, and in the numbers."""
    words = ("--objective", "ssim", "--colors", "2", "--repetitions", "6", "--gradients-only")
    words += ("--estimators", "moments,st", "--crop", "16x16+0+0", "--report")
    table = run("compare", photo, *words, "page.html").out.decode()
    rows = [line.split() for line in table.splitlines()]
    bound = re.fullmatch(r"<([\d.e-]+)", rows[1][1])
    assert rows[1][0] == "moments"
    assert bound
    assert float(rows[2][1]) > 0
    assert "An error after `<` is below what the reference can tell." in table
    page = Path("page.html").read_text(encoding="utf-8")
    assert f"relative error &lt;{bound[1]}, bias 0 (floor" in page
    assert f"<td>&lt;{bound[1]}</td>" in page
    run("compare", photo, *words, "figures.json")
    document = json.loads(Path("figures.json").read_text())
    moments, straight_through = document["estimators"]
    assert moments["relative_error"] is None
    assert moments["relative_error_below"] >= document["reference"]["relative_error"] > 0
    assert straight_through["relative_error"] > straight_through["bias_floor"]


def test_rounding_is_no_bias_and_a_measured_bias_is_shown(run, photo):
    words = ("--objective", "viewed-error", "--colors", "3", "--repetitions", "3")
    names = "moments,linstat,moments(order=0)"
    ended = run("compare", photo, *words, "--estimators", names, "--gradients-only")
    rows = [line.split() for line in ended.out.decode().splitlines()]
    biases = {row[0]: row[2] for row in rows[1:4]}
    assert (biases["moments"], biases["linstat"]) == ("<floor", "<floor")
    assert float(biases["moments(order=0)"]) > 0


def test_no_process_is_left_behind(run, photo, monkeypatch):
    closed = []

    class Watched(BrightnessCost):
        def close(self):
            closed.append(self)

    bound = []

    class Watching(Brightness):
        def bind(self, target):
            bound.append(Watched(self.abilities, self))
            return bound[-1]

    monkeypatch.setattr("ditherlab.objectives.parse_objective", lambda words: Watching())
    words = ("--colors", "2", "--repetitions", "2", "--seeds", "1", "--max-seconds", "1")
    ended = run("compare", photo, *words, "--estimators", "leave-one-out")
    assert ended.code == 0, ended.err
    assert {id(cost) for cost in closed} == {id(cost) for cost in bound}
    # That of the gradients is the first one bound, and gone before the runs.
    assert closed[0] is bound[0]
