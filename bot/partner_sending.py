"""Send what waits for partner systems, until they take it: a report, or one of its files, with the report's key.

All of it lies in boxes that only the partner opens; ours to read is the case's place in the house, never its words.
"""

from __future__ import annotations

import base64
import logging
import uuid
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import boxes, partner_keys, partners, policy
from bot.channels import webhook
from bot.messages import NotSent
from bot.runtime import Runtime
from bot.store.alerts import PartnerPost
from bot.store.models import Media, Report, now

log = logging.getLogger(__name__)

VERSION = 2
TRY_FOR = timedelta(days=3)
# Longer than a try takes: whoever has it in hand is waited for.
CLAIM = timedelta(minutes=2)
# A file goes into its report's box at the end of the turn that filed it.
BOXED_SOON = 5.0

Payload = dict[str, Any]


def send(runtime: Runtime, post: uuid.UUID) -> float | None:
    """Send it if it is due; seconds until it is worth trying again, None when there is nothing more to do."""
    with runtime.sessions.begin() as session:
        row = session.get(PartnerPost, post, with_for_update=True)
        claimed = _claim(session, row) if row else None
    if not isinstance(claimed, dict):
        return claimed
    assert row is not None
    failure = _post(runtime, row, claimed)
    with runtime.sessions.begin() as session:
        kept = session.get(PartnerPost, post, with_for_update=True)
        return _recorded(kept, failure) if kept else None


def _claim(session: Session, row: PartnerPost) -> Payload | float | None:
    if row.status != "waiting":
        return None
    if row.next_try_at and row.next_try_at > now():
        return max((row.next_try_at - now()).total_seconds(), 0.05)
    key = partner_keys.of(session, row.report_id, row.partner)
    if key is None:  # another desk has the report now, for good
        row.status, row.reason, row.next_try_at = "dropped", "moved on", None
        return None
    file = session.get_one(Media, row.media_id) if row.media_id else None
    if file and file.report_boxed is None:
        return BOXED_SOON if now() - row.created_at < TRY_FOR else _recorded(row, "file not sealed")
    row.attempts, row.next_try_at = row.attempts + 1, now() + CLAIM
    return _payload(session, row, key, file)


def _payload(session: Session, row: PartnerPost, key: bytes, file: Media | None) -> Payload:
    """What is sent (docs/partner.md). ``about`` is sealed now, the rest is in its box since filing."""
    report = session.get_one(Report, row.report_id)
    about = _of_file(report, file) if file else _of_report(session, row, report)
    inside = {"file": file.report_boxed or b""} if file else {"told": report.words_boxed}
    boxed = {"key": key, "about": boxes.put(report.public_key, about)} | inside
    sealed = {name: base64.b64encode(value).decode() for name, value in boxed.items()}
    return {"id": str(row.id), "version": VERSION} | sealed


def _of_report(session: Session, row: PartnerPost, report: Report) -> Payload:
    """Names are never changed: VERSION is."""
    return {
        "case": report.number, "filed_at": report.filed_at.astimezone(UTC).isoformat(timespec="seconds"),
        "kind": report.kind, "desk": row.desk, "why": row.why, "crime_type": report.crime_type,
        "country": report.country, "urgent": report.urgent, "minor": report.minor, "language": report.language,
        "files": _files(session, row), "all_files": len(partners.files(session, report)),
    }  # fmt: skip


def _files(session: Session, row: PartnerPost) -> list[Payload]:
    query = select(PartnerPost.id, Media).join(Media, Media.id == PartnerPost.media_id)
    ours = PartnerPost.report_id == row.report_id, PartnerPost.partner == row.partner
    found = session.execute(query.where(*ours).order_by(Media.id))
    return [{"id": str(post), "content_type": media.content_type, "size": media.size} for post, media in found]


def _of_file(report: Report, file: Media) -> Payload:
    return {"case": report.number, "content_type": file.content_type, "size": file.size}


def _post(runtime: Runtime, row: PartnerPost, payload: Payload) -> str | None:
    """Why it was not taken; None when it was."""
    partner = partners.configured(runtime.settings).get(row.partner)
    if partner is None:
        return "not configured"
    try:
        webhook.post(partner.hook, str(row.id), payload)
    except NotSent as error:
        log.warning("partner post %s: %s", row.id, error)
        return error.code
    return None


def _recorded(row: PartnerPost, failure: str | None) -> float | None:
    """Whatever they answered but 2xx is tried again, as they tell repeats by the id."""
    row.reason = failure
    if failure is None or now() - row.created_at > TRY_FOR:
        row.status, row.taken_at, row.next_try_at = ("failed", None, None) if failure else ("taken", now(), None)
        return None
    wait = policy.back_off(row.attempts)
    row.next_try_at = now() + timedelta(seconds=wait)
    return wait
