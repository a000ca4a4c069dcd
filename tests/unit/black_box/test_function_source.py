import sys
from pathlib import Path

import pytest

from ditherlab.black_box import FunctionSource
from ditherlab.errors import CodeError, RequestError


def load(location, name="cost"):
    return FunctionSource("python:x", location, name).load()


def test_a_function_is_found_in_a_file(write):
    assert load(write("def cost(picture): return 7"))(None) == 7


def test_a_file_may_import_its_neighbors_and_define_dataclasses(write):
    write("NUMBER = 5", "neighbor_of_a_metric.py")
    path = write(
        """
        from __future__ import annotations
        from dataclasses import dataclass
        import neighbor_of_a_metric

        @dataclass
        class Setting:
            number: int = neighbor_of_a_metric.NUMBER

        def cost(picture):
            return Setting().number
        """
    )
    assert load(path)(None) == 5


def test_nothing_is_left_beside_the_file(write):
    path = Path(write("def cost(picture): return 7"))
    load(str(path))
    assert [place.name for place in path.parent.iterdir()] == [path.name]


def test_a_changed_file_is_read_again(write):
    load(write("def cost(picture): return 7"))
    assert load(write("def cost(picture): return 8"))(None) == 8


def test_a_function_is_found_in_a_module_and_in_an_object():
    assert load("math", "sqrt")(4) == 2
    assert load("pathlib", "Path.cwd")() == Path.cwd()


def test_a_module_may_lie_in_the_current_folder(write, tmp_path, monkeypatch):
    write("def cost(picture): return 9", "module_of_this_folder.py")
    monkeypatch.chdir(tmp_path)
    assert load("module_of_this_folder")(None) == 9


def test_what_the_file_prints_goes_to_standard_error(write, capsys):
    load(write("print('loading')\ndef cost(picture): return 7"))
    assert capsys.readouterr() == ("", "loading\n")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def costs(p): pass", r"has no `cost`. Did you mean `costs`\?"),
        ("def _cost(p): pass", "has no `cost`. It has no functions."),
        ("cost = 3", "must be a function, got int"),
        ("class cost: pass", "is a class. Name a function"),
    ],
)
def test_a_file_without_the_function_is_refused(code, message, write):
    with pytest.raises(RequestError, match=message):
        load(write(code))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import no_such_package", r"cannot be run: ModuleNotFoundError: .*\(functions.py, line 1"),
        ("\n\n1 / 0", r"cannot be run: ZeroDivisionError: .*\(functions.py, line 3\)"),
        ("def cost(:", r"cannot be run: SyntaxError: invalid syntax \(functions.py, line 1\)"),
        ("raise SystemExit(3)", r"cannot be run: SystemExit: 3 \(functions.py, line 1\)"),
    ],
)
def test_a_file_that_cannot_be_run_is_broken_code(code, message, write):
    with pytest.raises(CodeError, match=message):
        load(write(code))


def test_a_missing_file_or_module_is_refused(tmp_path):
    with pytest.raises(RequestError, match=r"`python:x`: there is no file 'no\.py'"):
        load("no.py")
    with pytest.raises(RequestError, match=r"'no_such' cannot be imported: ModuleNotFoundError: "):
        load("no_such")
    with pytest.raises(RequestError, match=r"'json.no_such' cannot be imported: ModuleNotFoundErr"):
        load("json.no_such")


def test_a_module_that_fails_is_broken_code(write, tmp_path, monkeypatch):
    write("import no_such_package", "module_that_fails.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CodeError, match=r"cannot be imported: .*'no_such_package'"):
        load("module_that_fails")


def test_a_message_is_one_short_line(write):
    path = write("def cost(picture): raise ValueError('two\\nlines ' + 'x' * 1000)")
    source = FunctionSource("python:x", path, "cost")
    with pytest.raises(ValueError, match="two") as caught:
        source.load()(None)
    told = source.describe(caught.value)
    assert told.startswith("ValueError: two lines xxx")
    assert told.endswith("... (functions.py, line 1)")
    assert len(told) < 400


def test_the_place_is_the_last_line_of_the_own_file(write):
    path = write("import json\n\ndef cost(picture):\n    return json.loads('{')\n")
    source = FunctionSource("python:x", path, "cost")
    with pytest.raises(ValueError, match="Expecting") as caught:
        source.load()(None)
    assert source.describe(caught.value).endswith("(functions.py, line 4)")


def test_the_search_path_does_not_grow(write):
    path = write("def cost(picture): return 7")
    load(path)
    before = list(sys.path)
    load(path)
    assert sys.path == before
