"""Who may open what at the desk. Whose reports: `bot.desk.work`, by the desks that somebody has."""

from __future__ import annotations

import uuid

from flask import abort, request
from flask_security import current_user

from bot import audit
from bot.desk import second
from bot.store.audit import Action
from bot.store.models import Report
from bot.store.session import Sessions

NAMES = ("operator", "supervisor", "staff", "auditor", "administrator")
# Those who work reports, of their desks.
WITH_DESKS = ("operator", "supervisor", "administrator")
ADMINISTRATORS = ("administrator",)
INVITERS = ("supervisor", "administrator")
LOG_READERS = ("administrator", "auditor")
# What is somebody's own, whatever they may do at the desks.
OWN = {"security.logout", "security.change_password", "security.verify", second.CODE, *second.SETUP}
OWN |= second.KEY | second.KEYS
# All that the others may open: who checks the others reads no report, nor does who keeps the texts.
ONLY = {
    "auditor": {"desk.home", "desk.audit", *OWN},
    "staff": {"desk.home", "desk.texts", "desk.text", *OWN},
}
# Pages for some of those who work reports.
FOR = {"desk.people": INVITERS, "desk.audit": LOG_READERS}


def names() -> set[str]:
    return {role.name for role in current_user.roles}


def may(endpoint: str) -> bool:
    """Whether the page is for whoever is signed in; the menu shows it then. The narrowest of their roles counts."""
    mine = names()
    if not mine or any(endpoint not in ONLY.get(name, OWN) for name in mine - set(WITH_DESKS)):
        return endpoint in OWN
    return endpoint not in FOR or bool(mine & set(FOR[endpoint]))


def home() -> str:
    """The page with which somebody begins."""
    pages = ("desk.reports", "desk.texts", "desk.audit")
    return next((page for page in pages if may(page)), "desk.reports")


def close(sessions: Sessions, is_open: set[str]) -> None:
    """Refuse, and log, what the role of somebody who works no reports does not open."""
    if not request.path.startswith("/desk") or request.endpoint is None or request.endpoint in is_open:
        return
    if not current_user.is_authenticated or not names() - set(WITH_DESKS) or may(request.endpoint):
        return
    with sessions.begin() as session:
        asked: uuid.UUID | None = (request.view_args or {}).get("report_id")
        report = session.get(Report, asked) if asked else None
        audit.append(session, current_user, Action.REFUSED, report.number if report else None)
    abort(403)
