"""Names and texts in messages: kebab case, suggestions for misspelled names, single lines."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_CODE_FOLDER = re.compile(r"(?<=\bpython:)[^:`'\"|]*/(?=[^/:`'\"|]+\.py\b)")
_QUOTED_FOLDER = re.compile(r"(?<=['\"`])/(?:[^/'\"`\n]+/)*(?=[^/'\"`\n]+['\"`])")
_BARE_FOLDER = re.compile(r"(?<![\w/:.~\\-])/(?:[^\s/'\"`,;:()]+/)+")
_LONG_WORD = re.compile(r"\S{501,}")


def kebab_case(class_name: str) -> str:
    """Derive the name on the command line and in JSON from a class name.

    Example:
        >>> kebab_case("LeaveOneOut"), kebab_case("SSIM"), kebab_case("ViewedSSIM")
        ('leave-one-out', 'ssim', 'viewed-ssim')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", class_name).lower()


def nearest_name(name: str, names: Iterable[str]) -> str:
    """Return a hint that suggests the closest of `names`, or lists them all.

    Example:
        >>> nearest_name("pico8", ["pico-8", "nes"])
        'Did you mean `pico-8`?'
        >>> nearest_name("x", ["pico-8", "nes"])
        'There are: nes, pico-8.'
    """
    from difflib import get_close_matches

    known = sorted(names)
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f"Did you mean `{close[0]}`?" if close else f"There are: {', '.join(known)}."


def escape_controls(text: str) -> str:
    r"""Write characters that control a terminal, or that no text file holds, as escapes.

    These are the control characters but line breaks and tabs, marks that reverse the order of
    text, and the bytes of file names that are not UTF-8.

    Example:
        >>> escape_controls("red: " + chr(27) + "[31m")
        'red: \\x1b[31m'
        >>> escape_controls(b"caf\xe9".decode(errors="surrogateescape"))
        'caf\\xe9'
    """
    return _CONTROLS.sub(lambda match: escape_character(match[0]), text)


def escape_character(character: str) -> str:
    r"""Write a character as an escape; a byte of a file name that is not UTF-8 as this byte.

    Example:
        >>> escape_character(chr(10)), escape_character(chr(0xdcff)), escape_character("é")
        ('\\n', '\\xff', '\\xe9')
    """
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def without_controls(value: Any) -> Any:
    r"""Escape the controls in every text of a value of JSON types, at any depth.

    Example:
        >>> without_controls({"name": [b"caf\xe9".decode(errors="surrogateescape"), 1]})
        {'name': ['caf\\xe9', 1]}
    """
    if isinstance(value, str):
        return escape_controls(value)
    if isinstance(value, Mapping):
        return {escape_controls(key): without_controls(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_controls(item) for item in value]
    return value


def abbreviate(text: str) -> str:
    """Shorten every word of more than 500 characters.

    Example:
        >>> abbreviate(f"got {'7' * 5000}.")[:12], len(abbreviate("7" * 5000))
        ('got 77777777', 203)
    """
    return _LONG_WORD.sub(lambda match: f"{match[0][:150]}...{match[0][-50:]}", text)


def spell_value(value: object) -> str:
    """Write a value of a file for a message; Python cannot write whole numbers of 4300 digits.

    Example:
        >>> spell_value("red"), spell_value([1, 2]), spell_value(16**5000)
        ("'red'", '[1, 2]', 'a number of too many digits')
    """
    try:
        return abbreviate(repr(value))
    except ValueError:
        return "a number of too many digits"
    except RecursionError:
        return "too many nested values"


def hide_folders(text: str) -> str:
    """Remove the folders of absolute paths, and of the files of Python code, from a text.

    Example:
        >>> hide_folders("`python:code/costs.py:sharpness`: '/home/me/a b/x.png' is missing.")
        "`python:costs.py:sharpness`: 'x.png' is missing."
        >>> hide_folders("/home/me/x.png and/or https://example.org/x/y")
        'x.png and/or https://example.org/x/y'
    """
    for pattern in (_CODE_FOLDER, _QUOTED_FOLDER, _BARE_FOLDER):
        text = pattern.sub("", text)
    return text


def one_line(text: str) -> str:
    """Replace every run of whitespace by a single space.

    Example:
        >>> one_line("two" + chr(10) + "lines ")
        'two lines'
    """
    return " ".join(text.split())
