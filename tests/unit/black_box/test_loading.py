"""Code that exits, hangs or prints when it is loaded: in another process, and without harm."""

import os
import sys
from pathlib import Path

import pytest

from ditherlab.black_box import CallingConvention, FunctionSource
from ditherlab.black_box.deadline import deadline
from ditherlab.black_box.loading import read_convention, try_to_load
from ditherlab.errors import CodeError, RequestError
from tests.processes import is_running, wait_until

END = "\ndef cost(picture): return 0\n"


def source(write, code):
    return FunctionSource("python:x", write(code), "cost")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os._exit(0)", "the process that loads .* ended with exit code 0"),
        ("import os; os._exit(3)", "ended with exit code 3"),
        ("import os; os.abort()", "was ended by SIGABRT"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
        ("import os; os.kill(0, 15)", "was ended by SIGTERM"),
        ("import os; os.closerange(3, 99)", "ended with exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "was ended by SIGSEGV"),
        ("raise SystemExit", r"SystemExit \(functions.py, line 1\)"),
        ("raise KeyboardInterrupt('no')", "KeyboardInterrupt: no"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class E(BaseException): pass\nraise E('mine')", "E: mine"),
        ("def f(): f()\nf()", "RecursionError: "),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("x = '\0'", "null bytes"),
        ("x = " + "(" * 1000, "too many nested parentheses"),
        ("import no_such_package", "ModuleNotFoundError"),
        (
            "from ditherlab.errors import DitherlabError\n"
            "class E(DitherlabError): pass\nraise E('mine')",
            "E: mine",
        ),
    ],
)
def test_code_that_ends_when_it_is_loaded_is_broken(code, message, write):
    broken = source(write, code + END)
    with pytest.raises(CodeError, match=message) as caught:
        read_convention(broken)
    assert str(caught.value).startswith("`python:x`: ")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_code_of_a_stage_is_loaded_in_the_same_way(write):
    with pytest.raises(CodeError, match="ended with exit code 3"):
        try_to_load(source(write, "import os; os._exit(3)"))
    try_to_load(source(write, "class cost: pass"))


def test_a_file_that_is_not_utf_8_is_broken(tmp_path):
    path = tmp_path / "functions.py"
    path.write_bytes(b"x = '\xff'" + END.encode())
    with pytest.raises(CodeError, match="SyntaxError: "):
        read_convention(FunctionSource("python:x", str(path), "cost"))


@pytest.mark.parametrize(
    "hang",
    [
        "time.sleep(10**6)",
        "while True: pass",
        "ctypes.PyDLL(None).sleep(10**6)",
        "signal.pause()",
        "signal.raise_signal(signal.SIGSTOP)",
        "lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "[os.fork() or time.sleep(10**6) for _ in range(2)]; os.wait()",
    ],
)
def test_code_that_never_ends_loading_is_given_up_at_the_deadline(hang, write, tmp_path):
    log = tmp_path / "log"
    code = (
        "import ctypes, os, pathlib, signal, threading, time\n"
        f"pathlib.Path({str(log)!r}).write_text(f'{{os.getpid()}}')\n{hang}\n{END}"
    )
    with (
        deadline(lambda: log.exists() and log.stat().st_size > 0),
        pytest.raises(CodeError, match=r"was still being loaded when the time was up\. Give it mo"),
    ):
        read_convention(source(write, code))
    assert not is_running(int(log.read_text()))


def test_an_interrupt_ends_loading(write):
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with deadline(interrupt), pytest.raises(KeyboardInterrupt):
        try_to_load(source(write, "while True: pass"))


@pytest.mark.parametrize(
    "talk",
    [
        "print('noise')",
        "os.write(1, b'noise')",
        "sys.__stdout__.write('noise')",
        "sys.stdout.buffer.write(b'noise')",
        "os.system('echo noise')",
        "subprocess.run(['echo', 'noise'])",
        "ctypes.CDLL(None).puts(b'noise')",
        "open('/dev/stdout', 'w').write('noise')",
        "atexit.register(print, 'noise')",
        "threading.Thread(target=print, args=('noise',)).start()",
    ],
)
def test_code_that_prints_when_it_is_loaded_does_not_reach_standard_output(talk, write, capfd):
    code = f"import atexit, ctypes, os, subprocess, sys, threading\n{talk}\n{END}"
    assert read_convention(source(write, code)) == CallingConvention()
    assert capfd.readouterr().out == ""


def test_the_code_never_runs_in_this_process(write, tmp_path):
    log = tmp_path / "log"
    code = f"import os\nopen({str(log)!r}, 'a').write(f'{{os.getpid()}} ')\n{END}"
    sys.modules.pop("ditherlab_user_functions", None)
    read_convention(source(write, code))
    assert str(os.getpid()) not in log.read_text().split()
    assert "ditherlab_user_functions" not in sys.modules


def test_code_is_loaded_once_until_it_changes(write, tmp_path):
    log = tmp_path / "log"
    note = f"open({str(log)!r}, 'a').write('.')\n"
    for _ in range(2):
        assert read_convention(source(write, note + END)).num_arguments == 1
    assert log.read_text() == "."
    changed = note + "\ndef cost(picture, target): return 0\n"
    assert read_convention(source(write, changed)).num_arguments == 2
    with pytest.raises(RequestError, match="must take"):
        read_convention(source(write, note + "\ndef cost(): return 0\n"))


def test_no_process_is_left(write, tmp_path):
    log = tmp_path / "log"
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        f"    open({str(log)!r}, 'w').write(f'{{os.getpid()}}')\n"
        "    time.sleep(10**6)\n"
        f"while not os.path.exists({str(log)!r}) or not os.path.getsize({str(log)!r}): pass\n"
    )
    read_convention(source(write, code + END))
    wait_until(lambda: not is_running(int(Path(log).read_text())))
