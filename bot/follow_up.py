"""Follow a report from any phone: a receipt is given when it is filed, and opens where the report stands."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import timedelta
from typing import Any

from argon2 import low_level
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot import proof, receipt
from bot.sealing import Vault
from bot.store.models import CaseMessage, ReceiptTry, Report, now

# In an hour: wrong receipts of one person, and of all together. Whoever tries them all finds one of a million reports
# in fifteen years at this pace.
WRONG_OF_ONE, WRONG_OF_ALL = 5, 200
KEPT = timedelta(hours=1)
MEMORY = 64 * 1024  # KiB
ROUNDS = 2


def give(session: Session, vault: Vault, report: Report) -> dict[str, str]:
    """Give a report its receipt and what proves its filing: ``{"receipt", "mark"}``, to be told once.

    Should two receipts ever be the same, the turn fails on the unique column and is taken again with another one.
    """
    code = receipt.make()
    report.receipt_hash = hashed(vault, code)
    return {"receipt": receipt.shown(code), "mark": proof.begin(report)}


def hashed(vault: Vault, code: str) -> str:
    """Argon2id of a receipt. The salt is one for all and made from the hash key: with a salt of its own in each row,
    a receipt would have to be hashed anew for every report there is. Without the key the hashes cannot be tried."""
    salt = hmac.new(vault.hash_key, b"receipt", hashlib.sha256).digest()[:16]
    made = low_level.hash_secret_raw(code.encode(), salt, ROUNDS, MEMORY, 1, 32, low_level.Type.ID)
    return made.hex()


def find(session: Session, vault: Vault, text: str, by: uuid.UUID) -> Report | None:
    """The report that this receipt opens, for the contact ``by``; None when there is none, or too many were wrong.

    It costs one hash, one read and one count whatever comes of it, so that the time says nothing.
    """
    digest = hashed(vault, receipt.check(text) or "")
    report = session.scalars(select(Report).where(Report.receipt_hash == digest)).one_or_none()
    if _too_many(session, by):
        return None
    if report is None:
        session.add(ReceiptTry(contact_id=by))
    return report


def _too_many(session: Session, by: uuid.UUID) -> bool:
    session.execute(delete(ReceiptTry).where(ReceiptTry.tried_at < now() - KEPT))
    theirs = func.count().filter(ReceiptTry.contact_id == by)
    of_one, of_all = session.execute(select(theirs, func.count()).select_from(ReceiptTry)).one()
    return bool(of_one >= WRONG_OF_ONE or of_all >= WRONG_OF_ALL)


def standing(session: Session, vault: Vault, report: Report) -> dict[str, Any]:
    """Where a report stands and what its desk wrote last, for the reply; not the crime, and no word of the person."""
    query = select(CaseMessage).where(CaseMessage.report_id == report.id, CaseMessage.from_desk)
    last = session.scalars(query.order_by(CaseMessage.id.desc()).limit(1)).first()
    since = {"accepted": report.accepted_at, "closed": report.closed_at}.get(report.status) or report.filed_at
    return {
        "case": report.number,
        "desk": report.desk,
        "status": report.status,
        "outcome": report.outcome,
        "since": since.date().isoformat(),
        "last": vault.open(last.body_sealed)["text"] if last else None,
        "last_at": last.created_at.date().isoformat() if last else None,
    }
