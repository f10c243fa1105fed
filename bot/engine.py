"""Ask the engine what to do with one message."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx


class EngineDown(Exception):
    """The engine or the action server cannot answer now; nothing happened, ask the same message again later."""


@dataclass(frozen=True)
class Context:
    """What the worker knows when it asks; read by engine/context.py.

    ``awaiting`` is the open question; ``place`` and ``country_said`` were found in this message; ``country`` is the
    best known one; ``known_place`` and ``known_crime`` stand in the report already.
    """

    inbound: int
    language: str
    awaiting: str | None = None
    place: str | None = None
    country: str | None = None
    country_said: str | None = None
    known_place: str | None = None
    known_crime: str | None = None


@dataclass(frozen=True)
class Answer:
    """What the engine decided: replies by name, the open form and question, what the report holds so far.

    ``likeliest``: the best guesses at what was meant, for asking back.
    """

    replies: tuple[Mapping[str, Any], ...]
    form: str | None
    awaiting: str | None
    slots: Mapping[str, Any]
    intent: str | None
    likeliest: tuple[str, ...] = ()


class Engine:
    """The one door of each engine, over connections that are kept open.

    A contact always goes to the same engine while it lives; when it is gone to the next, which reads their
    conversation from the database.
    """

    def __init__(self, urls: str | Sequence[str], token: str, seconds: float = 20) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._clients = [
            httpx.Client(base_url=url, headers=headers, timeout=seconds, trust_env=False)
            for url in ([urls] if isinstance(urls, str) else urls)
        ]

    def ask(self, contact: uuid.UUID, text: str, context: Context) -> Answer:
        """Raises EngineDown when there is no answer to be had."""
        asked = {
            "contact": str(contact),
            "id": str(context.inbound),
            "text": text,
            "metadata": {k: v for k, v in asdict(context).items() if v is not None},
        }
        for client in self._nearest(contact):
            try:
                response = client.post("/turn", json=asked)
                response.raise_for_status()
            except GONE as error:  # so nobody is at work on it, and the next may be
                problem = EngineDown(type(error).__name__)
            except httpx.HTTPError as error:
                raise EngineDown(type(error).__name__) from None
            else:
                return _answer(response.json())
        raise problem from None

    def ahead(self, contact: uuid.UUID, texts: Sequence[str]) -> None:
        """Say which texts will be asked soon, so that the engine can begin. Nothing is lost when it cannot."""
        with contextlib.suppress(httpx.HTTPError):
            self._nearest(contact)[0].post("/ahead", json={"texts": list(texts)}, timeout=1)

    def ready(self, seconds: float) -> bool:
        """Whether any is; each is asked for so long."""
        return any(_ready(client, seconds) for client in self._clients)

    def _nearest(self, contact: uuid.UUID) -> list[httpx.Client]:
        """The engines as this person goes to them: each has its own order, so that those of a dead one spread out."""
        return sorted(
            self._clients, key=lambda client: hashlib.blake2b(f"{client.base_url} {contact}".encode()).digest()
        )


# The process has ended, or was never there: what it had in hand is not saved.
GONE = (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


def _ready(client: httpx.Client, seconds: float) -> bool:
    try:
        return client.get("/", timeout=seconds).status_code == 200
    except httpx.HTTPError:
        return False


def _answer(body: Mapping[str, Any]) -> Answer:
    return Answer(
        replies=tuple(body["replies"]),
        form=body["form"],
        awaiting=body["awaiting"],
        slots=body["slots"],
        intent=body["intent"]["name"],
        likeliest=tuple(body["likeliest"]),
    )
