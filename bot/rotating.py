"""Everything that is sealed, sealed anew with the newest of FARO_KEYS, so that the older ones can be thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Column, LargeBinary, Table, select, update
from sqlalchemy.orm import Session

import bot.store.alerts
import bot.store.moves  # noqa: F401 (their tables belong to Base too)
from bot.store.models import Base
from bot.store.session import Sessions

# Rows in one transaction: pictures are among them, and a person's turn waits for no long one.
BATCH = 50
# Bytes that no key of ours opens: chance that makes a proof unlike any other, public keys, a key under a password.
NOT_OURS = {
    "report.proof_nonce", "report.public_key", "report.receipt_key", "desk_key.public_key", "recovery_key.public_key",
    "user.public_key", "user.private_locked", "webauthn.credential_id", "webauthn.public_key",
}  # fmt: skip


@dataclass(frozen=True)
class Rotated:
    """One column: how many values there are, how many were sealed with an older key, and how many no key opens."""

    column: str
    values: int
    sealed_anew: int
    lost: int


def sealed() -> list[Column[bytes]]:
    """All columns that hold sealed values: whatever is kept as bytes, but for boxes and NOT_OURS (a test holds it)."""
    columns = (column for table in Base.metadata.sorted_tables for column in table.columns)
    return [column for column in columns if isinstance(column.type, LargeBinary) and _ours(column)]


def _ours(column: Column[bytes]) -> bool:
    return not column.name.endswith("_boxed") and str(column) not in NOT_OURS


def rotate(sessions: Sessions, keys: str) -> Iterator[Rotated]:
    """Column by column. What was interrupted is finished by the next call; what no key opens stays as it is.

    ``keys``: as in FARO_KEYS, the newest first.
    """
    ring = [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
    for column in sealed():
        yield _column(sessions, column, ring[0], MultiFernet(ring))


def _column(sessions: Sessions, column: Column[bytes], newest: Fernet, all_keys: MultiFernet) -> Rotated:
    values = anew = lost = 0
    last: object = None
    while True:
        with sessions.begin() as session:
            rows = _batch(session, column, last)
            for key, value in rows:
                fresh = _sealed_anew(value, newest, all_keys)
                values, anew, lost = values + 1, anew + bool(fresh), lost + (fresh is None)
                if fresh:
                    session.execute(update(column.table).where(_key(column.table) == key).values({column: fresh}))
        if not rows:
            return Rotated(f"{column.table.name}.{column.name}", values, anew, lost)
        last = rows[-1][0]


def _batch(session: Session, column: Column[bytes], after: object) -> list[tuple[object, bytes]]:
    key = _key(column.table)
    query = select(key, column).where(column.is_not(None)).order_by(key).limit(BATCH).with_for_update()
    return [(at, bytes(value)) for at, value in session.execute(query if after is None else query.where(key > after))]


def _key(table: Table) -> Column[object]:
    """Every table with sealed values has a key of one column."""
    (key,) = table.primary_key.columns
    return key


def _sealed_anew(value: bytes, newest: Fernet, all_keys: MultiFernet) -> bytes | None:
    """Empty when it is under the newest key already, None when no key opens it."""
    try:
        newest.decrypt(value)
    except InvalidToken:
        try:
            return all_keys.rotate(value)
        except InvalidToken:
            return None
    return b""
