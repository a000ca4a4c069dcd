"""What is told about a run: the table, the JSON document, the remarks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.solving import num_polish_costs

Optimize = Callable[..., Any]

NUMBER = (int, float)
METRICS = dict.fromkeys(("raw", "vs", "vp", "ls", "lp"), NUMBER)
FIRST_AND_LAST = {"first": NUMBER, "last": NUMBER}
SCHEMA = {
    "output": str,
    "width": int,
    "height": int,
    "palette": [str],
    "fit": str,
    "objective": str,
    "estimator": str,
    "optimizer": str,
    "temperature": [NUMBER],
    "start": str,
    "polish": str,
    "sweeps": int,
    "polish_temperature": NUMBER,
    "strength": NUMBER,
    "draw": str,
    "seed": int,
    "recipe": str,
    "colors_used": int,
    "device": str,
    "steps": int,
    "seconds": NUMBER,
    "cost_evaluations": int,
    "backward_passes": int,
    "expected_cost": FIRST_AND_LAST,
    "entropy": FIRST_AND_LAST,
    "outcome": str,
    "bytes": int,
    "metrics": METRICS,
    "baselines": {
        "nearest": {**METRICS, "bytes": int},
        "floyd-steinberg": {**METRICS, "bytes": int},
    },
    "notes": [str],
    "costs": [NUMBER],
}


def mismatches(value: Any, schema: Any, where: str = "") -> Iterator[str]:
    if isinstance(schema, dict):
        if not isinstance(value, dict) or set(value) != set(schema):
            yield f"{where}: {value}"
            return
        for key, part in schema.items():
            yield from mismatches(value[key], part, f"{where}/{key}")
    elif isinstance(schema, list):
        if not isinstance(value, list):
            yield f"{where}: {value}"
            return
        for place, item in enumerate(value):
            yield from mismatches(item, schema[0], f"{where}/{place}")
    elif not isinstance(value, schema) or isinstance(value, bool):
        yield f"{where}: {value}"


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_json_is_one_document_of_a_stable_form(photo: Path, optimize: Optimize) -> None:
    ended = optimize(photo, "--json")
    document = json.loads(ended.out, parse_constant=refuse)
    assert list(mismatches(document, SCHEMA)) == []
    assert ended.out.count(b"\n") == 1


def test_json_tells_what_was_asked_for_and_done(photo: Path, optimize: Optimize) -> None:
    document = json.loads(
        optimize(photo, "--json", "--palette", "#FFF,000", "--seed", "3", "-o", "out.png").out
    )
    expected = {
        "output": "out.png",
        "width": 32,
        "height": 24,
        "palette": ["#ffffff", "#000000"],
        "objective": "perceptual",
        "estimator": "moments",
        "optimizer": "mean-field",
        "seed": 3,
        "device": document["device"],
        "steps": 5,
        "start": "nearest",
        "polish": "swaps",
        "sweeps": 1,
        "strength": 1.0,
        "outcome": "finished",
        "draw": "mode",
    }
    assert {key: document[key] for key in expected} == expected
    assert len(document["costs"]) == 5 + num_polish_costs(1)
    assert document["expected_cost"]["last"] < document["expected_cost"]["first"]


def test_with_json_the_table_goes_to_standard_error(photo: Path, optimize: Optimize) -> None:
    plain, with_json = optimize(photo), optimize(photo, "--json")
    assert plain.err.startswith("It is larger than the source: ")
    written, head, *rows = plain.out.decode().splitlines()
    assert written == "Wrote photo-dithered.png."
    assert head.split() == ["raw", "vs", "vp/dB", "ls", "lp/dB", "bytes", "s"]
    assert [row.split()[0] for row in rows] == ["ditherlab", "nearest", "floyd-steinberg"]
    assert [line.split()[:6] for line in with_json.err.splitlines() if "larger" not in line] == [
        line.split()[:6] for line in (head, *rows)
    ]


def test_the_table_shows_the_figures_of_the_document(photo: Path, optimize: Optimize) -> None:
    ended = optimize(photo, "--json")
    document = json.loads(ended.out)
    rows = [line.split() for line in ended.err.splitlines()[2:]]
    told = [
        {**document["metrics"], "bytes": document["bytes"]},
        document["baselines"]["nearest"],
        document["baselines"]["floyd-steinberg"],
    ]
    for row, figures in zip(rows, told, strict=True):
        assert row[1] == f"{figures['raw']:.3f}"
        assert row[3] == f"{figures['vp']:.1f}"
        assert row[6] == str(figures["bytes"])


def test_the_report_is_the_same_document(photo: Path, optimize: Optimize) -> None:
    ended = optimize(photo, "--json", "--report", "run.json")
    assert Path("run.json").read_bytes() == ended.out


def test_a_report_alone_leaves_the_table_where_it_is(photo: Path, optimize: Optimize) -> None:
    ended = optimize(photo, "--report", "run.JSON")
    assert b"floyd-steinberg" in ended.out
    assert json.loads(Path("run.JSON").read_bytes())["output"] == "photo-dithered.png"


def test_the_document_of_an_output_on_standard_output(photo: Path, optimize: Optimize) -> None:
    ended = optimize(photo, "-o", "-", "--report", "run.json")
    assert ended.out.startswith(b"\x89PNG")
    assert json.loads(Path("run.json").read_bytes())["output"] == "-"
    assert "floyd-steinberg" in ended.err


def test_quiet_says_nothing(photo: Path, optimize: Optimize) -> None:
    for more in ([], ["-o", "-"], ["--max-seconds", "0.001"], ["--palette", "#000,#fff,#fff"]):
        ended = optimize("-q", photo, *more)
        assert ended.err == ""
        assert ended.out == b"" or more == ["-o", "-"]


def test_quiet_leaves_the_document_alone(photo: Path, optimize: Optimize) -> None:
    ended = optimize("-q", photo, "--json")
    assert (ended.err, json.loads(ended.out)["steps"]) == ("", 5)


def test_verbose_says_all_settings_in_words_that_can_be_typed_again(
    photo: Path, optimize: Optimize
) -> None:
    ended = optimize(photo, "-v", "--json", "--palette", "game-boy", "-o", "first.png")
    said = dict(line.split(": ") for line in ended.err.splitlines() if ": " in line)
    colors = "#0f380f,#306230,#8bac0f,#9bbc0f"
    assert said["palette"] == said["colors"] == colors
    assert set(said) >= {"objective", "estimator", "optimizer", "temperature", "seed", "device"}
    words = [
        word
        for option in ("palette", "objective", "estimator", "optimizer", "temperature", "device")
        for word in (f"--{option}", said[option])
    ]
    optimize(photo, "-o", "second.png", *words)
    first, second = (Image.open(name).tobytes() for name in ("first.png", "second.png"))
    assert first == second


def test_a_transparent_picture_has_no_figures(holed: Path, optimize: Optimize) -> None:
    with Image.open(holed) as image:
        image.putalpha(0)
        image.save("clear.png")
    document = json.loads(optimize("clear.png", "--json").out)
    assert document["outcome"] == "nothing-to-draw"
    assert set(document["metrics"].values()) == {None}
    assert document["expected_cost"] == {"first": None, "last": None}


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_notes_are_in_the_document(option: str, photo: Path, optimize: Optimize) -> None:
    words = ["--json"] if option == "--json" else ["--report", "run.json"]
    ended = optimize(photo, *words, "--palette", "#000,#fff,#fff")
    document = json.loads(ended.out if option == "--json" else Path("run.json").read_bytes())
    note = "Palette: Repeated colors, which keep their places and are not drawn: 1."
    assert document["notes"] == [note]
    assert ended.err.startswith(f"{note}\n")
