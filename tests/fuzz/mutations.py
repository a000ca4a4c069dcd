"""Damaged copies of valid files and words, as a hypothesis strategy."""

import struct
from collections.abc import Sequence

from hypothesis import strategies as st

# Numbers at the limits of fields, and words that formats use, in place of others.
_TOKENS = (
    *(b"\0", b"\xff", b"\x7f", b"\x80", b"\n", b"\r\n", b" ", b"\t", b"\x1a", b"\xef\xbb\xbf"),
    *(struct.pack(kind, value) for kind in ("<I", ">I") for value in (0, 2**31, 2**32 - 1)),
    *(struct.pack(kind, value) for kind in ("<H", ">H") for value in (1, 2**15, 2**16 - 1)),
    *(b"0", b"-1", b"9" * 30, b"1e999", b"nan", b"inf", b"0x10", b"1_0", b"\xc2\xb2", b"\xd9\xa1"),
    *(b"(", b")", b"[", b"]", b"{", b"}", b",", b";", b":", b"=", b"|", b"+", b"*", b"#", b'"'),
    *(b"(" * 200, b"[" * 2000, b"\x1b[2J", b"\xe2\x80\xae", b"\xed\xb2\x80", b"name", b"=0"),
)
_MAX_MUTATIONS = 5


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Draw a seed with a few bits, bytes or parts changed, left out, repeated or spliced in."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, _MAX_MUTATIONS))):
        kind = draw(st.integers(0, 7))
        start = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        if kind == 0 and data:
            data[start % len(data)] ^= 1 << draw(st.integers(0, 7))
        elif kind == 1:
            data[start : start + 1] = draw(st.binary(max_size=4))
        elif kind == 2:
            data[start:start] = draw(st.sampled_from(_TOKENS))
        elif kind == 3:
            token = draw(st.sampled_from(_TOKENS))
            data[start : start + len(token)] = token
        elif kind == 4:
            del data[start : start + length]
        elif kind == 5:
            data[start:start] = data[start : start + length]
        elif kind == 6:
            del data[start:]
        else:
            other = draw(st.sampled_from(seeds))
            place = draw(st.integers(0, len(other)))
            data[start : start + length] = other[place : place + length]
    return bytes(data)
