"""How an instance's state lies in the database: its JSON, packed. Most of it says the same words again and again."""

import zlib
from typing import Final

_FAST: Final = 1
MOST_BYTES: Final = 16 * 1024 * 1024


def pack(plain: bytes) -> bytes:
    return zlib.compress(plain, _FAST)


def unpack(state: bytes) -> bytes:
    """The JSON of a packed state, also of one that was never packed. Raises ValueError for anything else."""
    if state[:1] == b"{":
        return state
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(state, MOST_BYTES)
    except zlib.error as error:
        raise ValueError("not the state of an instance") from error
    if unpacking.unconsumed_tail:
        raise ValueError("the state is too large")
    if not unpacking.eof:
        raise ValueError("not the whole state of an instance")
    return plain
