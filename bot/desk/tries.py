"""Wrong passwords, links and codes are counted, by account and address: after too many, none is taken for a while."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Callable

from flask import Response, abort, make_response, render_template, request

WITHIN = 15 * 60
ALLOWED = {"account": 5, "address": 20}
# So many accounts and addresses are kept in mind, some 10 MB; the gateway is one process, so nothing else has to know.
KEPT = 20_000

_Key = tuple[str, bytes]


class Tries:
    """``account`` is any e-mail address that was typed, whether somebody has it or not; both are kept as hashes.

    Tries at the same moment are counted after they were made: the gateway's four threads may take three too many.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[_Key, tuple[float, ...]] = OrderedDict()

    def wait(self, **who: str) -> int:
        """Seconds for which nothing more is taken, 0 when it is."""
        with self._lock:
            at = self._clock()
            return max(self._wait(_key(*one), at) for one in who.items())

    def wrong(self, **who: str) -> None:
        with self._lock:
            for one in who.items():
                key = _key(*one)
                self._wrong[key] = (*self._wrong.get(key, ()), self._clock())[-ALLOWED[key[0]] :]
                self._wrong.move_to_end(key)
            while len(self._wrong) > KEPT:
                self._wrong.popitem(last=False)

    def right(self, account: str) -> None:
        """The account begins anew; its address does not, or a password of one's own would open it for guesses."""
        with self._lock:
            self._wrong.pop(_key("account", account), None)

    def _wait(self, key: _Key, at: float) -> int:
        made = self._wrong.get(key, ())
        if len(made) < ALLOWED[key[0]]:
            return 0
        return max(0, math.ceil(made[0] + WITHIN - at))


def _key(kind: str, name: str) -> _Key:
    name = _network(name) if kind == "address" else name.strip().casefold()
    return kind, hashlib.sha256(name.encode("utf-8", "replace")).digest()


def _network(address: str) -> str:
    """Of IPv6 one caller has the 2^64 addresses of a network."""
    try:
        return str(ipaddress.ip_network((address, 64 if ":" in address else 32), strict=False))
    except ValueError:
        return address


def address() -> str:
    return request.remote_addr or ""


def refuse_too_many(tries: Tries, **who: str) -> None:
    """Answer 429 if no more is taken for now, in the same words whether there is such an account or not."""
    if seconds := tries.wait(**who):
        abort(_too_many(seconds))


def _too_many(seconds: int) -> Response:
    page = render_template("desk/too_many.html", minutes=-(-seconds // 60))
    return make_response(page, 429, {"Retry-After": str(seconds)})
