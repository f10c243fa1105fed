"""A file that only the holder of a private key reads, written and read as a stream; damaged or cut, it is refused.

A key for this file alone lies in front, in a box for the public key; behind it pieces, each after its length, in
libsodium's secretstream, which proves each piece, their order, and that the last one is the last.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from bot import boxes

MAGIC = b"Faro backup 1\n"
BOX = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES + sodium.crypto_box_SEALBYTES
HEADER = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
PIECE = 1024 * 1024
LONGEST = PIECE + sodium.crypto_secretstream_xchacha20poly1305_ABYTES
MORE, LAST = (
    sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
    sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL,
)
LENGTH = struct.Struct(">I")


class Damaged(Exception):
    """The file is not what was written."""


def write(file: BinaryIO, public: bytes, pieces: Iterable[bytes]) -> None:
    """Each piece has PIECE bytes at most. When ``pieces`` fails the file has no end, and nobody will read it."""
    key = sodium.crypto_secretstream_xchacha20poly1305_keygen()
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    file.write(MAGIC + boxes.put_bytes(public, key) + header)
    for piece in pieces:
        _push(file, state, piece, MORE)
    _push(file, state, b"", LAST)


def _push(file: BinaryIO, state: sodium.crypto_secretstream_xchacha20poly1305_state, piece: bytes, tag: int) -> None:
    sealed = sodium.crypto_secretstream_xchacha20poly1305_push(state, piece, tag=tag)
    file.write(LENGTH.pack(len(sealed)) + sealed)


def read(file: BinaryIO, private: bytes) -> Iterator[bytes]:
    """The pieces, each proven; that none is missing is known when this has ended.

    Raises Damaged, and boxes.WrongKey when the key does not open it or the key's box is damaged.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise Damaged
    key = boxes.take_bytes(private, _exactly(file, BOX))
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, _exactly(file, HEADER), key)
    while True:
        piece, tag = _pull(file, state)
        if tag == LAST:
            break
        yield piece
    if file.read(1):
        raise Damaged


def _pull(file: BinaryIO, state: sodium.crypto_secretstream_xchacha20poly1305_state) -> tuple[bytes, int]:
    (length,) = LENGTH.unpack(_exactly(file, LENGTH.size))
    if not LONGEST - PIECE <= length <= LONGEST:
        raise Damaged
    try:
        return sodium.crypto_secretstream_xchacha20poly1305_pull(state, _exactly(file, length))
    except CryptoError:
        raise Damaged from None


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise Damaged
    return found
