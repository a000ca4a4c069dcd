"""Cells that take a moment."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ditherlab.experiments import Cell, read_sweep

QUICK: Mapping[str, str] = {
    "pictures": '["photo.png"]',
    "palettes": '["#000,#fff"]',
    "objectives": '["viewed-error"]',
    "estimators": '["moments"]',
    "polish": '"none"',
    "steps": "2",
}


@pytest.fixture
def pixels() -> np.ndarray:
    rows, columns = np.mgrid[0:12, 0:16]
    return np.stack([columns * 16, rows * 20, np.full_like(rows, 128)], axis=2).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path, pixels: np.ndarray) -> Path:
    """A folder with a picture in it, which is not the current one."""
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Write a sweep that differs from a quick one as told; None leaves a key out."""

    def call(*, more: str = "", **changes: str | None) -> Path:
        keys = {**QUICK, **changes}
        lines = [f"{key.replace('_', '-')} = {value}" for key, value in keys.items() if value]
        path = folder / "sweep.toml"
        path.write_text("\n".join([*lines, more]))
        return path

    return call


@pytest.fixture
def cells(write: Callable[..., Path]) -> Callable[..., tuple[Cell, ...]]:
    """Read the cells of such a sweep."""
    return lambda **changes: read_sweep(write(**changes))
