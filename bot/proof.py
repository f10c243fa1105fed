"""Proof that a report was filed: its number and a fingerprint, which say when and where, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.models import Report

NONCE = 16  # bytes
MARK = 16  # hex digits
NOBODY = ("", datetime(1970, 1, 1, tzinfo=UTC), "", bytes(NONCE))


@dataclass(frozen=True)
class Proven:
    """``filed_at`` is aware, UTC; ``desk`` is the id of the desk where it was filed."""

    filed_at: datetime
    desk: str


def begin(report: Report) -> str:
    """Fix what a report's proof rests on; the fingerprint, to be told with the case number."""
    report.proof_nonce, report.proof_desk = secrets.token_bytes(NONCE), report.desk
    return fingerprint(report.number, report.filed_at, report.proof_desk, report.proof_nonce)


def fingerprint(number: str, filed_at: datetime, desk: str, nonce: bytes) -> str:
    """16 hex digits of a SHA-256 over number, second (UTC), desk and nonce."""
    told = "\n".join((number, filed_at.astimezone(UTC).isoformat(timespec="seconds"), desk, ""))
    return hashlib.sha256(told.encode() + nonce).hexdigest()[:MARK]


def find(session: Session, number: str, mark: str) -> Proven | None:
    """What number and fingerprint prove. One read, one hash and one comparison, whatever comes of it."""
    letters = _bare(number).upper()
    report = session.scalars(select(Report).where(Report.number == f"{letters[:3]}-{letters[3:]}")).one_or_none()
    kept = _kept(report)
    right = hmac.compare_digest(fingerprint(*(kept or NOBODY)).encode(), _bare(mark).lower().encode())
    return Proven(kept[1], kept[2]) if right and kept else None


def _kept(report: Report | None) -> tuple[str, datetime, str, bytes] | None:
    if report is None or report.proof_nonce is None or report.proof_desk is None:
        return None
    return report.number, report.filed_at.astimezone(UTC), report.proof_desk, report.proof_nonce


def _bare(typed: str) -> str:
    """Letters and digits only; a number longer than any of ours finds nothing."""
    return "".join(c for c in typed[:100] if c.isascii() and c.isalnum())
