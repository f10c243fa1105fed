"""/desk/audit: who did what, for administrators and auditors. Being refused there, and reading it, are in it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from flask_security import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.desk import roles
from bot.runtime import Runtime
from bot.store.audit import Action, Audit

PAGE = 200


@dataclass(frozen=True)
class Asked:
    """Which rows: of this case, of the person with this e-mail address, below this number; each may be left out."""

    case: str
    person: str
    before: int | None


def add_pages(desk: Blueprint, runtime: Runtime) -> None:
    """Add the page to the desk, closed like all of it."""

    @desk.get("/audit", endpoint="audit")
    def log() -> str:
        allowed, asked = roles.may("desk.audit"), _asked()
        with runtime.sessions.begin() as session:
            rows = _rows(session, asked) if allowed else []
            audit.append(session, current_user, Action.LOG_READ if allowed else Action.REFUSED)
        if not allowed:
            abort(403)
        older = rows[-1].number if len(rows) == PAGE else None
        return render_template("desk/audit.html", rows=rows, asked=asked, older=older)


def _asked() -> Asked:
    words = {name: request.args.get(name, "").replace("\0", "").strip() for name in ("case", "person")}
    before = request.args.get("before", type=int)
    # beyond its type the database would refuse the number
    return Asked(words["case"].upper(), words["person"].lower(), before and min(max(before, 0), 2**63 - 1))


def _rows(session: Session, asked: Asked) -> Sequence[Audit]:
    query = select(Audit).order_by(Audit.number.desc()).limit(PAGE)
    if asked.case:
        query = query.where(Audit.case_number == asked.case)
    if asked.person:
        query = query.where(Audit.email == asked.person)
    if asked.before is not None:
        query = query.where(Audit.number < asked.before)
    return session.scalars(query).all()
