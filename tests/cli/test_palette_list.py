"""`ditherlab palette list`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ditherlab.palette import named_palettes

NAMES = list(named_palettes())


def test_the_list_shows_every_palette_with_its_size_and_source(run: Callable[..., Any]) -> None:
    ended = run("palette", "list")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.decode().splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert len(NAMES) >= 32
    assert all(re.fullmatch(r"\S+ +\d+ colors  \S.*", line) for line in lines)


def test_json_is_one_document_with_the_colors(run: Callable[..., Any]) -> None:
    ended = run("palette", "list", "--json")
    document = json.loads(ended.out)
    assert (ended.code, ended.err, list(document)) == (0, "", NAMES)
    assert document["game-boy"]["colors"] == ["#0f380f", "#306230", "#8bac0f", "#9bbc0f"]
    assert document["e-ink-6-measured"]["colors"] == document["e-ink-6"]["colors"]
    assert len(document["e-ink-6-measured"]["shown"]) == 6
    assert "shown" not in document["e-ink-6"]
    assert document["e-ink-6"]["names"][2] == "red"
    assert document["e-ink-6"]["codes"] == [0, 1, 3, 2, 5, 6]
    assert all(entry["source"] for entry in document.values())


def test_the_report_is_the_same_document(run: Callable[..., Any]) -> None:
    ended = run("palette", "list", "--json", "--report", "palettes.json")
    assert ended.out == Path("palettes.json").read_bytes()


def test_an_existing_report_is_kept_unless_told_otherwise(run: Callable[..., Any]) -> None:
    Path("palettes.json").write_text("mine")
    ended = run("palette", "list", "--report", "palettes.json")
    assert (ended.code, Path("palettes.json").read_text()) == (1, "mine")
    assert "--overwrite" in ended.error
    assert run("palette", "list", "--report", "palettes.json", "--overwrite").code == 0
    assert list(json.loads(Path("palettes.json").read_bytes())) == NAMES
