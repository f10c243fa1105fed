"""Partner systems that receive the reports of a desk: who they are, and what waits for them.

A report is put on its way when it comes to their desk: filed, passed on, or handed over. Nobody here can open what is
sent (bot/partner_sending.py); the partner has the report's key in a box of its own (bot/partner_keys.py).
"""

from __future__ import annotations

import base64
import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nacl.public import PublicKey
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from bot import partner_keys
from bot.asking import ask
from bot.channels import webhook
from bot.partner_keys import Holder, Holders
from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.alerts import ONCE, PartnerPost
from bot.store.keys import PartnerKey
from bot.store.models import Inbound, Media, Report, now

log = logging.getLogger(__name__)

# Of each report; the rest are at the desk.
MOST_FILES = 20


@dataclass(frozen=True)
class Partner:
    hook: webhook.Hook
    key: PublicKey = field(repr=False)


def configured(settings: Settings) -> Mapping[str, Partner]:
    """The partners of FARO_PARTNERS by name; none where it cannot be read, which the log says without its words."""
    try:
        rows = json.loads(settings.partners or "{}")
        return {name: _partner(row, settings.webhooks_inside) for name, row in rows.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.error("FARO_PARTNERS cannot be read: %s (docs/partner.md)", type(error).__name__)
        return {}


def _partner(row: Mapping[str, str], plain: bool) -> Partner:
    """Whoever writes the settings may name an address in a private network; without TLS only where that is allowed."""
    if not row["url"].startswith("https://") and not plain:
        raise ValueError("not https")
    key = PublicKey(base64.b64decode(row["key"], validate=True))
    if len(row["secret"]) < 32:
        raise ValueError("a secret has 32 letters or more")
    return Partner(webhook.Hook(row["url"], row["secret"], inside=True), key)


def holders(runtime: Runtime) -> Holders:
    """For which desks a report's key is boxed for a partner too."""
    desks = [desk for desk in runtime.shelf.content().routing.desks.values() if desk.partner]
    known = configured(runtime.settings) if desks else {}
    return {d.id: Holder(d.partner, bytes(known[d.partner].key)) for d in desks if d.partner and d.partner in known}


def filed(session: Session, runtime: Runtime, case: str) -> None:
    arrived(session, runtime, session.scalars(select(Report).where(Report.number == case)).one(), "filed")


def arrived(session: Session, runtime: Runtime, report: Report, why: str) -> None:
    """Put a report on its way, with its files, where the desk it has come to has a partner; each once to each partner.

    ``why``: filed, passed_on or handed_over. Of somebody who has erased their data nothing is sent.
    """
    desk = runtime.shelf.content().routing.desks.get(report.desk)
    if desk is None or desk.partner is None or report.contact_id is None:
        return
    reason = _cannot(session, runtime, report, desk.partner)
    row: dict[str, Any] = {"report_id": report.id, "partner": desk.partner, "desk": desk.id, "why": why}
    row |= {"status": "failed" if reason else "waiting", "reason": reason}
    for media in [None, *([] if reason else files(session, report)[:MOST_FILES])]:
        made = session.scalar(_new(row | {"media_id": media}))
        if made and not reason:
            ask(session, "partner", post=str(made))


def _new(row: dict[str, Any]) -> ReturningInsert[tuple[uuid.UUID]]:
    """What was given up begins anew, as the report has come once more; what waits or was taken stays as it is."""
    again = row | {"attempts": 0, "created_at": now(), "next_try_at": None}
    new = insert(PartnerPost).values(id=uuid.uuid4(), **again)
    over = PartnerPost.status.in_(("failed", "dropped"))
    return new.on_conflict_do_update(constraint=ONCE, set_=again, where=over).returning(PartnerPost.id)


def _cannot(session: Session, runtime: Runtime, report: Report, partner: str) -> str | None:
    if partner_keys.of(session, report.id, partner):
        return None
    return "no key" if partner in configured(runtime.settings) else "not configured"


def files(session: Session, report: Report) -> Sequence[int]:
    """Those that came while the report was being made: what comes with the talk stays at the desk."""
    made = Inbound.contact_id == report.contact_id, Inbound.id.between(report.since, report.inbound_id)
    query = select(Media.id).join(Inbound, Inbound.id == Media.inbound_id).where(*made)
    return session.scalars(query.order_by(Media.id)).all()


def forget(session: Session, contact: uuid.UUID) -> None:
    """Of somebody who is being erased: no partner gets it any more."""
    theirs = select(Report.id).where(Report.contact_id == contact)
    session.execute(delete(PartnerPost).where(PartnerPost.report_id.in_(theirs), PartnerPost.status == "waiting"))
    session.execute(delete(PartnerKey).where(PartnerKey.report_id.in_(theirs)))


def not_taken(session: Session, desks: Sequence[str]) -> list[tuple[str, str]]:
    """(case, partner) of these desks' open reports that a partner never took whole, the newest first."""
    query = select(Report.number, PartnerPost.partner).join(PartnerPost, PartnerPost.report_id == Report.id)
    query = query.where(Report.desk.in_(desks), Report.status != "closed", PartnerPost.status == "failed")
    # grouped, as a report and each of its files have a row
    query = query.group_by(Report.id, PartnerPost.partner).order_by(Report.filed_at.desc())
    return [(number, partner) for number, partner in session.execute(query.limit(50))]
