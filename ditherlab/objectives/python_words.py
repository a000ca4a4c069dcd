"""The words for a Python function as an objective, and the files in them."""

import re
from pathlib import Path

# A path may contain any character, even a plus sign, but ends in `.py`; a module is a dotted name.
PYTHON_WORDS = re.compile(r"python:(?P<location>[\w.]+|.+?\.py):(?P<name>[\w.]+)(?=\s*(?:\+|$))")


def place_files(words: str, folder: Path) -> str:
    """Resolve the files of Python functions in the text of an objective relative to a folder.

    Example:
        >>> place_files("0.5*python:costs.py:sharpness+ssim", Path("/home/me"))
        '0.5*python:/home/me/costs.py:sharpness+ssim'
    """
    return PYTHON_WORDS.sub(
        lambda match: (
            f"python:{folder / match['location']}:{match['name']}"
            if match["location"].endswith(".py")
            else match[0]
        ),
        words,
    )
