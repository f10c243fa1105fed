"""Follow a report from any phone: a receipt is given when it is filed, and opens where the report stands."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from nacl.pwhash import argon2id
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot import boxes, proof, receipt
from bot.boxes import Pair
from bot.sealing import Vault
from bot.store.models import CaseMessage, ReceiptTry, Report, now

# In an hour: wrong receipts of one person, and of all together. Whoever tries them all finds one of a million reports
# in fifteen years at this pace.
WRONG_OF_ONE, WRONG_OF_ALL = 5, 200
KEPT = timedelta(hours=1)
MEMORY = 64 * 1024 * 1024  # bytes
ROUNDS = 2


@dataclass(frozen=True)
class Followed:
    """A report that a receipt opens, and the key that the receipt makes: it opens what the desk wrote."""

    report: Report
    private: bytes = field(repr=False)


def give(vault: Vault, report: Report) -> dict[str, str]:
    """Give a report its receipt and what proves its filing: ``{"receipt", "mark"}``, to be told once.

    Should two receipts ever be the same, the turn fails on the unique column and is taken again with another one.
    """
    code = receipt.make()
    report.receipt_hash, pair = stretched(vault, code)
    report.receipt_key = pair.public
    return {"receipt": receipt.shown(code), "mark": proof.begin(report)}


def stretched(vault: Vault, code: str) -> tuple[str, Pair]:
    """Argon2id of a receipt: half of it finds the report, half of it is the private key of its follow-up.

    The salt is one for all and made from the hash key: with a salt of its own in each row, a receipt would have to be
    hashed anew for every report there is. Without the key the hashes cannot be tried.
    """
    salt = hmac.new(vault.hash_key, b"receipt", hashlib.sha256).digest()[:16]
    made = argon2id.kdf(64, code.encode(), salt, ROUNDS, MEMORY)
    return made[:32].hex(), boxes.of_private(made[32:])


def find(session: Session, vault: Vault, text: str, by: uuid.UUID) -> Followed | None:
    """The report that this receipt opens, for the contact ``by``; None when there is none, or too many were wrong.

    It costs one hash, one read and one count whatever comes of it, so that the time says nothing.
    """
    digest, pair = stretched(vault, receipt.check(text) or "")
    report = session.scalars(select(Report).where(Report.receipt_hash == digest)).one_or_none()
    if _too_many(session, by):
        return None
    if report is None:
        session.add(ReceiptTry(contact_id=by))
        return None
    return Followed(report, pair.private)


def _too_many(session: Session, by: uuid.UUID) -> bool:
    session.execute(delete(ReceiptTry).where(ReceiptTry.tried_at < now() - KEPT))
    theirs = func.count().filter(ReceiptTry.contact_id == by)
    of_one, of_all = session.execute(select(theirs, func.count()).select_from(ReceiptTry)).one()
    return bool(of_one >= WRONG_OF_ONE or of_all >= WRONG_OF_ALL)


def standing(session: Session, followed: Followed) -> dict[str, Any]:
    """Where a report stands and what its desk wrote last, for the reply; not the crime, and no word of the person."""
    report = followed.report
    query = select(CaseMessage).where(CaseMessage.report_id == report.id, CaseMessage.follow_up_boxed.is_not(None))
    last = session.scalars(query.order_by(CaseMessage.id.desc()).limit(1)).first()
    since = {"accepted": report.accepted_at, "closed": report.closed_at}.get(report.status) or report.filed_at
    return {
        "case": report.number,
        "desk": report.desk,
        "status": report.status,
        "outcome": report.outcome,
        "since": since.date().isoformat(),
        "last": boxes.take(followed.private, last.follow_up_boxed or b"")["text"] if last else None,
        "last_at": last.created_at.date().isoformat() if last else None,
    }
