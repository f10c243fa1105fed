"""What a text means, as 384 numbers (engine/encoder.py)."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Text, Tuple

import numpy as np

from engine import encoder
from engine.chinese import simplified

# What a message says is in its first words; the rest of a long one only costs time.
READ_LETTERS = 600
BATCH = 32
TOLD_EVERY = 40  # batches
# Vectors kept between trainings, so that one more example costs a second and not minutes.
MOST_KEPT = 40_000
SHELF = encoder.CACHE / "vectors.npz"


def read(text: Text) -> Text:
    """As much of a text as counts."""
    return simplified(text.lower()[:READ_LETTERS])


def embed(texts: List[Text]) -> np.ndarray:
    """One row for each text."""
    return encoder.encoder().vectors([read(text) for text in texts])


def embed_all(texts: List[Text], say: Callable[[Text], None]) -> np.ndarray:
    """The same for thousands, telling how far it is; what an earlier training has read is not read again."""
    kept = _kept()
    keys = [_key(text) for text in texts]
    new = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in kept]
    new.sort(key=lambda one: len(one[1]))  # texts of like length side by side: a batch is as long as its longest
    batches = [new[at : at + BATCH] for at in range(0, len(new), BATCH)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, rows in enumerate(pool.map(_rows, batches), 1):
            kept.update(rows)
            if done % TOLD_EVERY == 0 or done == len(batches):
                say(f"read {min(done * BATCH, len(new))} of {len(new)} new examples, {len(texts)} in all")
    _keep(kept, keys)
    return np.vstack([kept[key] for key in keys]).astype(np.float32)


def _rows(batch: List[Tuple[bytes, Text]]) -> Dict[bytes, np.ndarray]:
    rows = embed([text for _, text in batch]).astype(np.float16)
    return {key: row for (key, _), row in zip(batch, rows, strict=True)}


def _key(text: Text) -> bytes:
    return hashlib.blake2b(f"{encoder.NAME} {read(text)}".encode(), digest_size=12).digest()


def _kept() -> Dict[bytes, np.ndarray]:
    try:
        with np.load(SHELF) as shelf:
            return {bytes(key): row for key, row in zip(shelf["keys"], shelf["rows"], strict=True)}
    except (OSError, ValueError, KeyError):
        return {}


def _keep(kept: Dict[bytes, np.ndarray], used: List[bytes]) -> None:
    """These first, then older ones as far as there is room; a folder that cannot be written is no failure."""
    keys = list(dict.fromkeys([*used, *kept]))[:MOST_KEPT]
    try:
        SHELF.parent.mkdir(parents=True, exist_ok=True)
        half = SHELF.with_name(f"{os.getpid()}.npz")
        numbers = np.array([list(key) for key in keys], np.uint8)
        np.savez(half, keys=numbers, rows=np.vstack([kept[key] for key in keys]))
        half.replace(SHELF)
    except OSError:
        pass


class Ahead:
    """Embeds the messages that wait in a person's line while the first of them is worked; on the other core.

    What many people write alike ("hola", "ayuda") is embedded once: so many vectors are kept, under a keyed
    fingerprint, as the words are not to stay in memory.
    """

    def __init__(self, most: int = 64, most_known: int = 4096) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._begun: Dict[bytes, Future[np.ndarray]] = {}
        self._known: Dict[bytes, np.ndarray] = {}
        self._most, self._most_known = most, most_known
        self._salt = os.urandom(16)

    def begin(self, texts: List[Text]) -> None:
        for text in texts[: self._most]:
            key = self._name(text)
            if key not in self._known and key not in self._begun:
                _leave_room(self._begun, self._most)
                self._begun[key] = self._pool.submit(embed, [text])

    def vector(self, text: Text) -> np.ndarray:
        key = self._name(text)
        vector = self._known.pop(key, None)
        if vector is None:
            begun = self._begun.pop(key, None)
            vector = begun.result() if begun else embed([text])
        _leave_room(self._known, self._most_known)
        self._known[key] = vector  # the newest last: the first is the one that was not asked for longest
        return vector

    def _name(self, text: Text) -> bytes:
        return hashlib.blake2b(read(text).encode(errors="surrogatepass"), key=self._salt, digest_size=16).digest()


def _leave_room(kept: Dict[bytes, Any], most: int) -> None:
    while len(kept) >= most:
        kept.pop(next(iter(kept)))


ahead = Ahead()
