"""What a report's page shows around the report itself, and the forms of a desk's own work on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask import flash as say
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from bot import holds
from bot.desk import export, hands, notes, related, timeline
from bot.desk.language import chosen
from bot.store.models import Report
from bot.store.people import User

if TYPE_CHECKING:  # it asks for what stands here
    from bot.desk.work import Work

Step = Callable[[uuid.UUID, Callable[[], bool]], Answer]


@dataclass(frozen=True)
class Around:
    """``colleagues``: to whom the report can be given."""

    notes: list[notes.Shown]
    events: list[timeline.Event]
    related: list[related.Shared]
    colleagues: list[str]


def around(session: Session, report: Report, user: User, private: bytes | None) -> Around:
    """``private``: the report's key, None for whoever has not been given it."""
    return Around(
        notes=notes.of(session, report, private),
        events=timeline.of(session, report, names=holds.may_set(user)),
        related=related.of(session, report, user.desks),
        colleagues=hands.colleagues(session, report) if report.status == "accepted" else [],
    )


def add_pages(desk: Blueprint, worker: Work, step: Step) -> None:
    """Add them to the desk."""
    made = export.Shelf()

    @desk.context_processor
    def words() -> dict[str, object]:
        content = worker.runtime.shelf.content()
        names = {name: one.name[chosen()] for name, one in content.routing.desks.items()}
        return {"quick": content.quick_replies, "happened": lambda event: timeline.sentence(event, names)}

    @desk.post("/reports/<uuid:report_id>/notes")
    def note(report_id: uuid.UUID) -> Answer:
        return step(report_id, lambda: worker.note(current_user, report_id, request.form.get("text", "")))

    @desk.post("/reports/<uuid:report_id>/give")
    def give(report_id: uuid.UUID) -> Answer:
        return step(report_id, lambda: worker.give(current_user, report_id, request.form.get("to", "")))

    @desk.post("/reports/<uuid:report_id>/export", endpoint="export")
    def make(report_id: uuid.UUID) -> Answer | str:
        opened = worker.opened(current_user, report_id) or abort(404)
        names = {name: one.name[chosen()] for name, one in worker.runtime.shelf.content().routing.desks.items()}
        if opened.locked:
            say(_("You cannot export what you cannot read."))
            return redirect(url_for("desk.report", report_id=report_id))
        password, pdf = export.made(opened, current_user.email, names)
        if not worker.exported(current_user, report_id):  # logged before anybody has it
            abort(404)
        ticket = made.put(current_user.id, report_id, pdf)
        return render_template("desk/export.html", case=opened.report, password=password, ticket=ticket)

    @desk.get("/reports/<uuid:report_id>/export/<ticket>")
    def exported(report_id: uuid.UUID, ticket: str) -> Answer:
        number = worker.number(current_user, report_id) or abort(404)
        found = made.take(ticket, current_user.id, report_id)
        if found is None:
            say(_("This export was fetched already, or is too old: make a new one."))
            return redirect(url_for("desk.report", report_id=report_id))
        headers = {"Content-Disposition": f'attachment; filename="{number}.pdf"'}
        return Response(found, mimetype="application/pdf", headers=headers)
