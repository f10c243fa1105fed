"""The private keys of who is signed in: in the memory of this process, and for no longer than they work."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import session

from bot.desk_keys import Held

IDLE = 15 * 60  # seconds


@dataclass
class _Key:
    user: int
    private: bytearray = field(repr=False)
    seen: float
    challenge: str = ""


class Ring:
    """Each key hangs on a session, whose cookie carries its name. ``clock``: seconds.

    A key that leaves is overwritten. What a request took of it is left to Python, which frees it when the request ends.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, _Key] = {}

    def begin(self, user: int, private: bytes, lasts: float = IDLE) -> None:
        """Hang a key on the session of this request; it leaves after so many seconds, unless it is `used`."""
        self.end()
        name = session["ring"] = secrets.token_urlsafe(16)
        with self._lock:
            self._keys[name] = _Key(user, bytearray(private), self._clock() - IDLE + lasts)
        self._sweep_later(lasts)

    def held(self) -> Held | None:
        """The key of this request's session, if it has not left."""
        with self._lock:
            self._sweep()
            key = self._keys.get(session.get("ring", ""))
            return Held(key.user, bytes(key.private)) if key else None

    def used(self) -> None:
        """Somebody works in this session: the key stays."""
        with self._lock:
            if key := self._keys.get(session.get("ring", "")):
                key.seen = self._clock()

    def ask(self, challenge: str) -> None:
        """What a security key has to sign in this session, in place of what it was asked before."""
        with self._lock:
            if key := self._keys.get(session.get("ring", "")):
                key.challenge = challenge

    def asked(self) -> str:
        """What it was asked, once: the same answer is good for nothing the second time. Empty: nothing."""
        with self._lock:
            key = self._keys.get(session.get("ring", ""))
            challenge = key.challenge if key else ""
            if key:
                key.challenge = ""
        return challenge

    def end(self) -> None:
        with self._lock:
            self._drop(session.pop("ring", ""))

    def end_all(self, user: int, but_this: bool = False) -> None:
        """Of somebody's every session, ``but_this`` one."""
        mine = session.get("ring") if but_this else None
        with self._lock:
            for name in [name for name, key in self._keys.items() if key.user == user and name != mine]:
                self._drop(name)

    def _sweep_later(self, lasts: float = IDLE) -> None:
        """Keys leave in time even when nobody asks for anything any more."""
        later = threading.Timer(lasts + 1, self._swept)
        later.daemon = True
        later.start()

    def _swept(self) -> None:
        with self._lock:
            self._sweep()
            left = bool(self._keys)
        if left:
            self._sweep_later()

    def _sweep(self) -> None:
        limit = self._clock() - IDLE
        for name in [name for name, key in self._keys.items() if key.seen <= limit]:
            self._drop(name)

    def _drop(self, name: str) -> None:
        if key := self._keys.pop(name, None):
            key.private[:] = bytes(len(key.private))
