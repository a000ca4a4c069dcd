"""`ditherlab experiment`: published experiments, run again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ditherlab.errors import RequestError
from ditherlab.experiments.published import EXPERIMENTS, Chart, Claim, Experiment, Findings, Series


class Coin(Experiment):
    """An experiment that takes no time, and whose claim fails with an odd seed."""

    title = "A coin <thrown>"
    source = "Nobody"

    def run(self, *, is_quick: bool, seed: int, on_progress: Any) -> Findings:
        on_progress("throwing", 0.5)
        line = Series("heads", (1.0, 2.0), (0.5, 0.25))
        return Findings(
            [Chart("Throws", "throw", "share", [line])],
            [Claim("It shows heads.", seed % 2 == 0, f"quick: {is_quick}")],
        )


@pytest.fixture
def coin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ditherlab.experiments.published.EXPERIMENTS", {"coin": Coin()})


def test_without_a_name_it_lists_them(run: Any) -> None:
    ended = run("experiment")
    assert ended.code == 0
    lines = ended.out.decode().splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)
    listed = json.loads(run("experiment", "--json").out)["experiments"]
    assert listed.keys() == EXPERIMENTS.keys()


def test_it_says_which_claims_come_out(run: Any, coin: None) -> None:
    ended = run("experiment", "coin", "--quick")
    assert ended.code == 0
    assert "yes  It shows heads." in ended.out.decode()
    assert "quick: True" in ended.out.decode()
    failed = run("experiment", "coin", "--seed", "1")
    assert failed.code == 1
    assert "NO   It shows heads." in failed.out.decode()


def test_the_page_and_the_document_hold_everything(run: Any, coin: None) -> None:
    assert run("experiment", "--all", "--report", "all.html", "-q").out == b""
    page = Path("all.html").read_text()
    assert "A coin &lt;thrown&gt;" in page
    assert "<svg" in page
    assert "ditherlab experiment --all" in page
    document = json.loads(run("experiment", "coin", "--json").out)["experiments"][0]
    assert document["charts"][0]["series"][0]["y"] == [0.5, 0.25]
    assert document["claims"] == [
        {"text": "It shows heads.", "holds": True, "detail": "quick: False"}
    ]


class NoPackage(Coin):
    """An experiment that cannot be run here."""

    def run(self, *, is_quick: bool, seed: int, on_progress: Any) -> Findings:
        raise RequestError("`no-package` needs a package.")


def test_one_that_cannot_be_run_does_not_lose_the_others(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"no-package": NoPackage(), "coin": Coin()}
    monkeypatch.setattr("ditherlab.experiments.published.EXPERIMENTS", known)
    ended = run("experiment", "--all", "-q", "--json")
    assert ended.code == 1
    assert ended.err == "Not run: `no-package` needs a package.\n"
    document = json.loads(ended.out)
    assert [told["experiment"] for told in document["experiments"]] == ["coin"]
    assert document["not_run"] == {"no-package": "`no-package` needs a package."}
    alone = run("experiment", "no-package")
    assert alone.code == 2
    assert alone.error == "`no-package` needs a package."


def test_it_computes_in_one_thread_and_puts_them_back(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class Threads(Coin):
        def run(self, **options: Any) -> Findings:
            seen.append(torch.get_num_threads())
            return super().run(**options)

    monkeypatch.setattr("ditherlab.experiments.published.EXPERIMENTS", {"threads": Threads()})
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert run("experiment", "threads", "-q").code == 0
        assert seen == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["gausian"],
            "The experiment must be a known one, got 'gausian'. Did you mean `gaussian`?",
        ),
        (
            ["gaussian", "--all"],
            "`--all` and the name 'gaussian' exclude each other: give one of the two.",
        ),
    ],
)
def test_wrong_names_are_refused(run: Any, words: list[str], message: str) -> None:
    ended = run("experiment", *words)
    assert ended.code == 2
    assert ended.error.startswith(message)


def test_an_interrupted_run_writes_nothing(
    run: Any, coin: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.cli.experiment.Interruption.__call__", lambda _: True)
    ended = run("experiment", "coin", "--report", "coin.html")
    assert ended.code == 130
    assert not Path("coin.html").exists()
