"""Take in what a person sends: stored once, whatever the provider repeats, before anybody is told that it arrived."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import pace
from bot.commands import command_in
from bot.messages import Event, Message
from bot.places import phone_country
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.store.models import Contact, ProviderEvent, now

log = logging.getLogger(__name__)

CONTACT = cast(Table, Contact.__table__)
NEW_CONTACT = insert(CONTACT).on_conflict_do_nothing()

# The message of somebody known, and the job that answers it, in one question to the database: it is asked for each
# webhook, and to ask through the libraries took half of its time. The job is what bot.jobs.answer takes, put there by
# Procrastinate's own function; its lock has the turns of one person run one after the other.
# It counts as well (bot/pace.py): beyond the day's room nothing is put, and who writes too fast has one job for all.
TAKE = """
WITH person AS (
    SELECT c.id, NOT %(always)s AND coalesce(a.day = %(today)s AND (
        a.messages >= %(most_messages)s OR a.bytes + %(size)s > %(most_bytes)s), false) AS full_today
    FROM contact c LEFT JOIN allowance a ON a.contact_id = c.id
    WHERE c.channel = %(channel)s AND c.address_hash = %(found)s
), put AS (
    INSERT INTO inbound (contact_id, channel, provider_id, body_sealed, received_at)
    SELECT id, %(channel)s, %(provider_id)s, %(body_sealed)s, %(received_at)s FROM person WHERE NOT full_today
    ON CONFLICT DO NOTHING
    RETURNING id, contact_id
), counted AS (COUNT)
SELECT person.id AS contact_id, put.id, full_today,
    CASE WHEN %(asked)s AND put.id IS NOT NULL AND (serve_at IS NULL OR serve_at = %(received_at)s) THEN
        procrastinate_defer_jobs_v1(ARRAY[ROW(
            'default', 'faro:answer', CASE WHEN recent > %(first)s THEN -1 ELSE 0 END, person.id::text, NULL,
            jsonb_build_object('contact', person.id), NULL
        )::procrastinate_job_to_defer_v1]) END
FROM person LEFT JOIN put ON true LEFT JOIN counted ON true
""".replace("COUNT", pace.COUNT)

# A message may be long; what is beyond this is cut before it is stored, and the person is told.
KEEP_LETTERS = 20_000


@dataclass(frozen=True)
class Stored:
    """``new`` is False when this very message had come before, or there was no more room for it today."""

    contact: uuid.UUID
    inbound: int | None
    new: bool


def take(runtime: Runtime, message: Message) -> bool:
    """Store a message and have it answered; whether it was new. Raises OperationalError when it could not be stored.

    When the queue fails, the message is stored without its job, and the sweep finds it.
    """
    try:
        with runtime.sessions.begin() as session:
            return store(session, runtime, message, asked=True).new
    except DBAPIError as error:
        failure = type(error.orig).__name__
    with runtime.sessions.begin() as session:
        new = store(session, runtime, message).new
    log.error("a message and its job: %s; stored the message alone", failure)
    return new


def store(session: Session, runtime: Runtime, message: Message, asked: bool = False) -> Stored:
    """Store a message and, where needed, the person; the caller commits. STOP and
    the word to clear the chat take effect here, before any turn."""
    found = runtime.vault.fingerprint(message.channel, message.address)
    kind = _kind(session, runtime, message, found)
    body = {"kind": kind} | {k: _clean(v) for k, v in message.body.items()}
    sealed = runtime.vault.seal(body | {"via": _clean(message.via)})
    stored = _put(session, runtime.vault, message, pace.limits(runtime.settings, now()) | {
        "asked": asked,
        "always": kind in pace.ALWAYS,
        "found": found,
        "channel": message.channel,
        "provider_id": _clean(message.provider_id),
        "body_sealed": sealed,
        "size": len(sealed),
    })  # fmt: skip
    learnt = _learnt(kind, message, stored.inbound) if stored.inbound is not None else {}
    if learnt:
        session.execute(update(Contact).where(Contact.id == stored.contact).values(**learnt))
    return stored


def _put(session: Session, vault: Vault, message: Message, row: dict[str, Any]) -> Stored:
    """The first message makes the row of the person, also when two come at once."""
    connection = session.connection()
    put = connection.exec_driver_sql(TAKE, row).first()
    if put is None:
        session.execute(NEW_CONTACT, _stranger(vault, message, row["found"]))
        put = connection.exec_driver_sql(TAKE, row).one()
    if put.full_today:
        connection.exec_driver_sql(pace.REFUSED, {"contact": put.contact_id, "asked": row["asked"]})
    return Stored(put.contact_id, put.id, put.id is not None)


def note(session: Session, event: Event) -> bool:
    """Store that a provider told us something; whether it was new."""
    told = {"provider_id": _clean(event.provider_id), "kind": _clean(event.kind)}
    row = told | {"channel": event.channel, "received_at": now()}
    statement = insert(ProviderEvent).values(row).on_conflict_do_nothing().returning(ProviderEvent.kind)
    return session.scalar(statement) is not None


def _kind(session: Session, runtime: Runtime, message: Message, found: str) -> str:
    """The message's kind; a text that is nothing but a command is that command."""
    if message.kind != "text":
        return message.kind
    command = command_in(str(message.body["text"]), runtime.shelf.content().commands)
    if command == "start":  # for everybody else it is a greeting
        stopped = select(Contact.stopped_at).where(Contact.channel == message.channel, Contact.address_hash == found)
        return "start" if session.scalar(stopped) else "text"
    return command if command in ("stop", "clear") else "text"


def _learnt(kind: str, message: Message, inbound: int) -> dict[str, Any]:
    """What a message changes before its turn comes. Columns that a turn does not write, so that neither waits."""
    learnt: dict[str, Any] = {}
    if kind in ("stop", "clear"):
        learnt = {"stopped_at": now(), "stopped_by": inbound, "case_messages": False}
    elif kind == "start":
        learnt = {"stopped_at": None, "stopped_by": None, "case_messages": True}
    if kind == "clear":
        learnt["cleared_by"] = inbound
    if kind == "blocked" or (kind == "stop" and message.body.get("by_provider")):
        learnt["blocked_at"] = now()
    elif kind == "start":
        learnt["blocked_at"] = None
    return learnt | ({"language": message.language} if message.language else {})


def _clean(value: Any) -> Any:
    """PostgreSQL and JSON take neither NUL nor half a character; nobody can read them either."""
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _clean(inner) for name, inner in value.items()}
    if not isinstance(value, str):
        return value
    readable = value.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in readable if c in "\n\t" or c >= " ")[:KEEP_LETTERS]


def _stranger(vault: Vault, message: Message, found: str) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "channel": message.channel,
        "address_hash": found,
        "address_sealed": vault.seal(message.address),
        "phone_country": phone_country(message.address) if message.address.startswith("+") else None,
        "language": message.likely_language,
        "via": _clean(message.via),
        "came_by": message.came_by,
        "created_at": now(),
        "subscribed": False,
        "case_messages": True,
        "offered": [],
    }
