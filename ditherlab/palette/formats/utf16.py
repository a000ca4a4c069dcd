"""Names as Adobe writes them: UTF-16, the high byte first, with a zero at the end."""

_MAX_NUM_CHARACTERS = 255


def decode_utf16(data: bytes) -> str:
    """Decode up to the first zero; what is no character becomes U+FFFD.

    Example:
        >>> decode_utf16(bytes([0, 65, 0, 0]))
        'A'
    """
    return data.decode("utf-16-be", errors="replace").partition("\0")[0]


def encode_utf16(text: str) -> bytes:
    """Encode a name and a zero behind it; a long name is cut.

    Example:
        >>> encode_utf16("A").hex(" ", 2)
        '0041 0000'
    """
    name = text.replace("\0", "")[:_MAX_NUM_CHARACTERS]
    return f"{name}\0".encode("utf-16-be", errors="replace")
