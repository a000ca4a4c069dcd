"""Names and texts in messages: kebab case, suggestions for misspelled names, single lines."""

import re
from collections.abc import Iterable

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


def abbreviate(text: str) -> str:
    """Shorten every word of more than 500 characters.

    Example:
        >>> abbreviate(f"The width must be 1 to 9, got {'7' * 5000}.")[27:67]
        'got 777777777777777777777777777777777777'
        >>> len(abbreviate("7" * 5000))
        203
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


def one_line(text: str) -> str:
    """Replace every run of whitespace by a single space.

    Example:
        >>> one_line("two" + chr(10) + "lines ")
        'two lines'
    """
    return " ".join(text.split())
