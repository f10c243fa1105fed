"""The forms by which an administrator sets and ends a legal hold."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, abort, request
from flask_security import current_user
from werkzeug.wrappers import Response

from bot import holds
from bot.desk.work import Work

Step = Callable[[uuid.UUID, Callable[[], bool]], Response]


def add_pages(desk: Blueprint, worker: Work, step: Step) -> None:
    """Add them to the desk; whoever may not set a hold is refused, whatever the report."""

    @desk.context_processor
    def holders() -> dict[str, bool]:
        return {"may_hold": current_user.is_authenticated and holds.may_set(current_user)}

    @desk.post("/reports/<uuid:report_id>/hold")
    def hold(report_id: uuid.UUID) -> Response:
        _administrators_only(worker, report_id)
        return step(report_id, lambda: worker.hold(current_user, report_id, request.form.get("reason", "")))

    @desk.post("/reports/<uuid:report_id>/hold/end")
    def end_hold(report_id: uuid.UUID) -> Response:
        _administrators_only(worker, report_id)
        return step(report_id, lambda: worker.end_hold(current_user, report_id))


def _administrators_only(worker: Work, report_id: uuid.UUID) -> None:
    if not holds.may_set(current_user):
        worker.refuse(current_user, report_id)
        abort(403)
