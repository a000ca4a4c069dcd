"""Files with functions in them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a Python file, and return its path."""

    def call(code: str, name: str = "functions.py") -> str:
        path = tmp_path / name
        path.write_text(dedent(code), encoding="utf-8")
        return str(path)

    return call
