from pathlib import Path

import pytest


@pytest.fixture
def quality_folder():
    return Path(__file__).resolve().parents[3] / "docs" / "quality"
