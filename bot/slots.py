"""The worker's slots, few as they are: those who wait for one provider have half of them, alerts one.

A provider that takes 30 seconds for each message would else hold up the answers to everybody, and the other providers.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

# Seconds: a call that takes longer is slow; who found no slot looks again after so long, and after so long when it is.
SLOW, SOON, LATER = 2.0, 0.3, 5.0

_lock = threading.Lock()
_since: defaultdict[int, list[float]] = defaultdict(list)


@contextmanager
def one(provider: object | None, most: int) -> Iterator[float]:
    """0 when a slot may wait for this provider, held until the block ends; else the seconds after which to ask again.

    For None, where there is no provider to wait for, it always may.
    """
    if provider is None:
        yield 0.0
        return
    began = time.monotonic()
    with _lock:
        held = _since[id(provider)]
        full = len(held) >= max(1, most)
        wait = (LATER if began - min(held) > SLOW else SOON) if full else 0.0
        if not full:
            held.append(began)
    try:
        yield wait
    finally:
        with _lock:
            if not full:
                held.remove(began)
