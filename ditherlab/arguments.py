"""The text of arguments in words such as `arsm(num_samples=2, credit=local)`."""

from collections.abc import Iterator, Sequence

from ditherlab.errors import RequestError
from ditherlab.naming import nearest_name


def split_arguments(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and the texts of arguments such as `num_samples=2, credit=local`.

    Args:
        name: What has the arguments, for messages.
        text: The arguments.

    Raises:
        RequestError: If one has no name, or is given twice.

    Example:
        >>> list(split_arguments("arsm", "num_samples=2, credit=local"))
        [('num_samples', '2'), ('credit', 'local')]
    """
    seen = set()
    for argument in filter(None, (part.strip() for part in split_outside(text, ","))):
        parameter, equals, value = (part.strip() for part in argument.partition("="))
        if not equals or parameter in seen:
            rule = "may be given once" if equals else "must be written `parameter=value`"
            raise RequestError(f"`{name}`: '{argument}' {rule}.")
        seen.add(parameter)
        yield parameter, value


def check_parameter(name: str, parameter: str, known: Sequence[str]) -> None:
    """Check that a parameter is one of those known.

    Raises:
        RequestError: If it is not; the message suggests one.
    """
    if parameter not in known:
        hint = nearest_name(parameter, known) if known else "It has none."
        raise RequestError(f"`{name}` has no parameter `{parameter}`. {hint}")


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a character, but not inside parentheses.

    Example:
        >>> split_outside("st,arsm(num_samples=2, credit=local)", ",")
        ['st', 'arsm(num_samples=2, credit=local)']
    """
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == separator and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
