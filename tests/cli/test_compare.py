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
import torch
from PIL import Image

from ditherlab.cli import main
from ditherlab.cli.progress import CountdownBar
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.types import DrawCosts, DrawnImages

FIGURES = {
    "name",
    "words",
    "unbiased",
    "bias",
    "bias_floor",
    "variance",
    "relative_error",
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
class Brightness(Objective):
    """A black box without a gradient; NaN after some calls."""

    num_good: int = 1_000_000

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value"})

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        return BrightnessCost(self.abilities, [self.num_good])


@dataclass(frozen=True, eq=False)
class BrightnessCost(Cost):
    abilities: frozenset[Ability]
    left: list[int]

    def cost(self, images: DrawnImages) -> DrawCosts:
        self.left[0] -= 1
        return images.mean(dim=(2, 3, 4)) * (1 if self.left[0] >= 0 else torch.nan)


@dataclass(frozen=True)
class Brittle(Brightness):
    """Prices gradients and baselines, and in every run no more than a step and a look."""

    num_good_binds: list[int] = field(default_factory=list)

    def bind(self, target: Target) -> Cost:
        self.num_good_binds[0] -= 1
        num_good = self.num_good if self.num_good_binds[0] >= 0 else 5
        return BrightnessCost(self.abilities, [num_good])


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
    assert reasons.keys() == {"arm", "disarm", "carms", "exact", "unordered-set"}
    assert "needs a palette of 2 colors" in reasons["arm"]
    assert "must be at least 3, got 2" in reasons["carms"]
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


def test_a_report_must_have_a_form_that_the_command_knows(run, photo):
    ended = run("compare", photo, "--report", "page.pdf")
    assert (ended.code, ended.err) == (
        2,
        "Error: `--report` must be a file that ends in .json or .html, got 'page.pdf'.\n",
    )
    ended = run("optimize", photo, "--report", "page.html")
    assert "must be a file that ends in .json, got 'page.html'" in ended.error


def test_two_colors_let_antithetic_pairs_in(compare):
    document = compare("--palette", "black-and-white", "--estimators", "arm,disarm")
    assert [estimator["evaluations"] for estimator in document["estimators"]] == [2, 2]


def test_an_exact_expectation_is_its_own_reference(compare):
    document = compare("--objective", "viewed-error", "--colors", "3", "--estimators", "moments,st")
    moments, straight_through = document["estimators"]
    assert document["reference"]["relative_error"] == 0
    assert moments["relative_error"] < 1e-5 < straight_through["relative_error"]


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


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--crop", "64"], 2, "`--crop` must be WxH+X+Y in pixels, got '64'"),
        (["--crop", "30x30+0+0"], 2, "must lie inside the picture of 32 x 24 pixels"),
        (["--crop", "0x5+0+0"], 2, "must lie inside"),
        (["--samples", "0"], 2, "0 is not in the range"),
        (["--estimators", "all,st"], 2, "`all` must stand alone, got 'all,st'"),
        (["--at", "nan.npy", "--colors", "2"], 2, "The logits must be finite"),
        (["--at", "large.npy", "--colors", "2"], 2, "The logits must be finite"),
        (["--estimators", "reinmx"], 2, "Unknown estimator `reinmx`. Did you mean `reinmax`?"),
        (["--estimators", "arm"], 2, "`arm` needs a palette of 2 colors, got 16"),
        (["--objective", "variance", "--estimators", "st"], 2, "does not offer"),
        (["--at", "nowhere.npy"], 2, "or a .npy file that exists, got 'nowhere.npy'"),
        (["--at", "photo.png"], 2, "'photo.png' is not a .npy file of numbers"),
        (["--at", "wrong.npy"], 2, "must have the shape [16, 24, 32] (colors, height, width)"),
        (["--repetitions", "1"], 2, "1 is not in the range"),
        (["--colors", "2", "--palette", "cga"], 2, "give one of the two"),
    ],
)
def test_what_cannot_be_compared_is_refused(words, code, message, run, photo):
    np.save("wrong.npy", np.zeros((3, 4, 4)))
    np.save("nan.npy", np.full((2, 24, 32), np.nan))
    np.save("large.npy", np.full((2, 24, 32), 1e300))
    ended = run("compare", photo, *words)
    assert ended.code == code
    assert message in ended.error


FUNCTIONS = """
import os, signal, time
from contextlib import suppress

num_calls = 0
with suppress(FileNotFoundError):
    os.unlink("hangs")

def hang(picture):
    while True: time.sleep(1)

def interrupt_and_hang(picture):
    # Several workers compute at once, and only one of them presses Ctrl-C.
    with suppress(FileExistsError):
        os.close(os.open("pressed", os.O_CREAT | os.O_EXCL))
        os.kill(os.getppid(), signal.SIGINT)
    hang(picture)

def nan(picture):
    return float("nan")

def large(picture):
    return 1e300

def fail_later(picture):
    global num_calls
    num_calls += 1
    if num_calls > 100: raise ValueError
    return picture.mean()

def hang_later(picture):
    global num_calls
    num_calls += 1
    if num_calls > 20:
        os.close(os.open("hangs", os.O_CREAT))
        time.sleep(1e6)
    return picture.mean()
"""


@pytest.fixture
def functions(folder):
    Path("costs.py").write_text(FUNCTIONS, encoding="utf-8")
    return folder


@pytest.mark.usefixtures("functions")
def test_a_cost_that_never_returns_ends_with_the_time(run, photo):
    words = ("--objective", "python:costs.py:hang", "--colors", "2", "--max-seconds", "2")
    ended = run("compare", photo, *words, "--report", "a.json")
    assert (ended.code, Path("a.json").exists()) == (1, False)
    assert ended.err.count("Error") == 1
    assert "The time was up before there was a reference gradient" in ended.err


@pytest.mark.usefixtures("functions")
def test_a_cost_that_hangs_later_leaves_what_was_done(run, photo, monkeypatch):
    # Time goes by only while the cost hangs, however long it takes to get there.
    hanging_s = [0.0]

    def now():
        hanging_s[0] += 0.1 * Path("hangs").exists()
        return hanging_s[0]

    monkeypatch.setattr("ditherlab.cli.clock.now", now)
    monkeypatch.setattr("ditherlab.black_box.worker_pool.num_cores", lambda: 1)
    monkeypatch.setattr("ditherlab.objectives.black_box_objective.num_cores", lambda: 1)
    ended = run(
        "compare", photo, "--objective", "python:costs.py:hang_later", "--colors", "2", "--json",
        "--estimators", "leave-one-out(num_samples=2),score-function", "--repetitions", "2",
        "--max-seconds", "8", "--seeds", "1",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert not document["complete"]
    assert document["reference"]["repetitions"] >= 2
    assert document["runs"]
    assert "The time was up: these are the figures so far." in ended.err


@pytest.mark.usefixtures("functions")
def test_ctrl_c_ends_a_cost_that_never_returns(run, photo):
    words = ("--objective", "python:costs.py:interrupt_and_hang", "--colors", "2")
    ended = run("compare", photo, *words)
    assert ended.code == 130
    assert "Interrupted; nothing was written." in ended.err


@pytest.mark.parametrize("name", ["nan", "large"])
@pytest.mark.usefixtures("functions")
def test_a_cost_that_is_not_finite_is_refused(name, run, photo):
    words = ("--objective", f"python:costs.py:{name}", "--colors", "2", "--repetitions", "2")
    ended = run("compare", photo, *words, "--gradients-only")
    assert (ended.code, ended.out) == (1, b"")
    assert "The cost must be finite where the gradients are taken" in ended.error


def test_a_transparent_picture_is_refused(run, folder):
    Image.new("RGBA", (12, 12)).save("nothing.png")
    for colors in (("--colors", "2"), ("--palette", "cga")):
        ended = run("compare", "nothing.png", *colors)
        assert ended.code == 1
        assert "must have a pixel that is not transparent, got none in 12 x 12" in ended.error


def test_what_is_left_out_is_named(run, photo):
    words = ("--samples", "1", "--colors", "2", "--repetitions", "2", "--gradients-only")
    ended = run("compare", photo, *words, "--crop", "12x12+0+0")
    assert ended.code == 0, ended.err
    told = [line for line in ended.out.decode().splitlines() if line.startswith("Left out: ")]
    assert len(set(told)) == len(told)
    assert any(line.startswith("Left out: leave-one-out: `leave-one-out(") for line in told)


def test_what_does_not_fit_into_memory_is_left_out_or_refused(run, photo, monkeypatch):
    needs = "needs about .* of memory, and .* are free"
    words = ("--colors", "2", "--repetitions", "2", "--gradients-only", "--json")
    free = 1_000_000
    monkeypatch.setattr("ditherlab.experiments.comparison.free_memory_bytes", lambda _: free)
    ended = run("compare", photo, *words)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    large = [e["name"] for e in document["left_out"] if re.search(needs, e["reason"])]
    assert large
    assert document["estimators"]
    ended = run("compare", photo, *words, "--estimators", large[0])
    assert ended.code == 1
    assert re.search(needs, ended.error)
    free = 1
    assert run("compare", photo, *words).code == 1


@pytest.mark.usefixtures("functions")
def test_a_report_names_no_folder(run, photo):
    objective = f"python:{Path('costs.py').absolute()}:fail_later"
    np.save("at.npy", np.zeros((2, 24, 32)))
    words = (
        "--objective", f"2*{objective}+ssim", "--colors", "2", "--repetitions", "2", "--seeds",
        "1", "--max-seconds", "400", "--at", Path("at.npy").absolute(), "--estimators",
        "leave-one-out",
    )  # fmt: skip
    ended = run("compare", photo, *words, "--report", "a.html", "--json")
    assert ended.code == 0, ended.err
    for text in (ended.out.decode(), Path("a.html").read_text(encoding="utf-8")):
        assert str(Path.cwd()) not in text
        assert "2*python:costs.py:fail_later+ssim" in text


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
            bound.append(Watched(self.abilities, [self.num_good]))
            return bound[-1]

    monkeypatch.setattr("ditherlab.objectives.parse_objective", lambda words: Watching())
    words = ("--colors", "2", "--repetitions", "2", "--seeds", "1", "--max-seconds", "1")
    ended = run("compare", photo, *words, "--estimators", "leave-one-out")
    assert ended.code == 0, ended.err
    assert {id(cost) for cost in closed} == {id(cost) for cost in bound}
    # That of the gradients is the first one bound, and gone before the runs.
    assert closed[0] is bound[0]
