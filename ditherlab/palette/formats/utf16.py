"""Names in Adobe's formats: big-endian UTF-16 with a terminating zero."""

_MAX_NUM_CHARACTERS = 255


def decode_utf16(data: bytes) -> str:
    """Decode up to the first zero; invalid characters become U+FFFD.

    Example:
        >>> decode_utf16(bytes([0, 65, 0, 0]))
        'A'
    """
    return data.decode("utf-16-be", errors="replace").partition("\0")[0]


def encode_utf16(text: str) -> bytes:
    """Encode a name with a terminating zero; a long name is cut.

    Example:
        >>> encode_utf16("A").hex(" ", 2)
        '0041 0000'
    """
    name = text.replace("\0", "")[:_MAX_NUM_CHARACTERS]
    return f"{name}\0".encode("utf-16-be", errors="replace")
