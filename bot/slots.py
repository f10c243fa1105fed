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
# For so long after a slow call nobody waits here for a slot, unless a quick one came since: the next may be as slow.
WARY = 60.0

_changed = threading.Condition()
_since: defaultdict[int, list[float]] = defaultdict(list)
_slow_at: dict[int, float] = {}


@contextmanager
def one(provider: object | None, most: int, patient: bool = False) -> Iterator[float]:
    """0 when a slot may wait for this provider, held until the block ends; else the seconds after which to ask again.

    For None, where there is no provider to wait for, it always may. Who is ``patient`` waits here for a slot of a
    provider that answers quickly: the queue looks for what was put off only every two seconds.
    """
    if provider is None:
        yield 0.0
        return
    name = id(provider)
    with _changed:
        _changed.wait_for(lambda: _free(name, most) or not patient or _is_slow(name), SLOW)
        held, began = _since[name], time.monotonic()
        wait = 0.0 if _free(name, most) else LATER if _is_slow(name) else SOON
        if not wait:
            held.append(began)
    try:
        yield wait
    finally:
        with _changed:
            if not wait:
                held.remove(began)
                _learn(name, time.monotonic() - began)
                _changed.notify_all()


def _free(name: int, most: int) -> bool:
    return len(_since[name]) < max(1, most)


def _learn(name: int, took: float) -> None:
    if took > SLOW:
        _slow_at[name] = time.monotonic()
    else:
        _slow_at.pop(name, None)


def _is_slow(name: int) -> bool:
    """A call takes long, or the last one did, a while ago."""
    at = time.monotonic()
    held = _since[name]
    return bool(held and at - min(held) > SLOW) or at - _slow_at.get(name, at - WARY) < WARY
