"""The forms by which a report is handed over to another desk, taken or refused there, and wished for by a desk that has
a copy."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response

from bot.desk.moving import Guests, Moves, Moving
from bot.desk.work import Work
from bot.store.models import Report

Step = Callable[[uuid.UUID, Callable[[], bool]], Response]


def add_pages(desk: Blueprint, worker: Work, step: Step) -> None:
    moving = Moving(worker)

    @desk.context_processor
    def moved() -> dict[str, Any]:
        def moves_of(report: Report) -> Moves:
            return moving.shown(current_user, report)

        def guests() -> Guests:
            return moving.guests(current_user.desks)

        return {"moves_of": moves_of, "guests": guests}

    @desk.post("/reports/<uuid:report_id>/hand-over")
    def hand_over(report_id: uuid.UUID) -> Response:
        to, note, sure = _field("desk"), _field("note"), bool(_field("sure"))
        return step(report_id, lambda: moving.ask(current_user, report_id, to, note, sure))

    @desk.post("/reports/<uuid:report_id>/hand-over/withdraw")
    def withdraw(report_id: uuid.UUID) -> Response:
        return step(report_id, lambda: moving.withdraw(current_user, report_id))

    @desk.post("/reports/<uuid:report_id>/hand-over/accept")
    def take(report_id: uuid.UUID) -> Response:
        return step(report_id, lambda: moving.accept(current_user, report_id))

    @desk.post("/reports/<uuid:report_id>/hand-over/refuse")
    def refuse(report_id: uuid.UUID) -> Response:
        """Back to the list: who has refused it reads it no more."""
        step(report_id, lambda: moving.refuse(current_user, report_id, _field("reason")))
        return redirect(url_for("desk.reports"))

    @desk.post("/reports/<uuid:report_id>/wish")
    def wish(report_id: uuid.UUID) -> Response:
        return step(report_id, lambda: moving.wish(current_user, report_id, _field("wish")))


def _field(name: str) -> str:
    return request.form.get(name, "").strip()
