"""What an operator does with a report, each in one transaction; the person hears of it in the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import procrastinate
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bot import audit, holds, jobs, reports
from bot.desk import waiting
from bot.desk.why import sentence
from bot.places import country_name
from bot.replies import Reply
from bot.runtime import Runtime
from bot.store.audit import Action
from bot.store.models import CaseMessage, Inbound, Media, Outbound, Report, ReportEvent, now
from bot.store.people import User
from bot.telling import tell


@dataclass(frozen=True)
class Row:
    """A report in the list."""

    report: Report
    country: str
    unread: int


@dataclass(frozen=True)
class Line:
    """One line of the talk; ``delivery``: see `delivery`, None for the person's own; ``files``: ids and types."""

    text: str
    from_desk: bool
    author: str | None
    at: datetime
    delivery: str | None
    files: list[tuple[int, str]]


@dataclass(frozen=True)
class Opened:
    """A report with its words. ``told``: (label, value) of what the person answered; ``why``: one sentence."""

    report: Report
    country: str
    told: list[tuple[str, str]]
    words: list[str]
    files: list[tuple[int, str]]
    lines: list[Line]
    events: list[ReportEvent]
    can_write: bool
    why: str
    hold: holds.Hold | None


class Work:
    def __init__(self, runtime: Runtime, queue: procrastinate.App) -> None:
        self.runtime = runtime
        self.queue = queue

    def listed(self, user: User, closed: bool, renews: bool = False) -> list[Row]:
        """``renews``: the page asks for itself again."""
        with self.runtime.sessions.begin() as session:
            found = reports.at_desks(session, user.desks, closed)
            (audit.renew if renews else audit.append)(session, user, Action.LIST_READ)
        return [Row(report, _country(report), unread) for report, unread in found]

    def opened(self, user: User, report_id: uuid.UUID, renews: bool = False) -> Opened | None:
        """The report if it is at one of the user's desks; the person's lines count as read from now on.

        ``renews``: the page asks for itself again; then only what brings new lines is logged each time.
        """
        with self.runtime.sessions.begin() as session:
            report = _theirs(session, user, report_id)
            if report is None:
                return None
            note = audit.renew if renews and not _unread(session, report) else audit.append
            opened = self._opened(session, user, report)
            note(session, user, Action.REPORT_READ, report.number)
            return opened

    def _opened(self, session: Session, user: User, report: Report) -> Opened:
        phrases = self.runtime.shelf.content().phrases["en"]
        written = self.runtime.vault.open(report.words_sealed)
        return Opened(
            report=report,
            country=_country(report),
            told=_told(written["slots"], phrases),
            words=written["words"],
            files=_files(session, report, written.get("since")),
            lines=self._lines(session, report),
            events=waiting.events(session, report),
            can_write=report.may_reply and report.contact_id is not None,
            why=sentence(report.routed_why, phrases) if report.routed_why else report.routed_by,
            hold=holds.shown(session, self.runtime.vault, report, reason=holds.may_set(user)),
        )

    def _lines(self, session: Session, report: Report) -> list[Line]:
        query = (
            select(CaseMessage, Outbound)
            .outerjoin(Outbound, Outbound.id == CaseMessage.outbound_id)
            .where(CaseMessage.report_id == report.id)
            .order_by(CaseMessage.id)
        )
        lines = []
        for message, sent in session.execute(query):
            message.read_at = message.read_at or now()
            text = self.runtime.vault.open(message.body_sealed)["text"]
            files = _files_of(session, Media.inbound_id == message.inbound_id) if message.inbound_id else []
            state = delivery(sent) if sent else None
            lines.append(Line(text, message.from_desk, message.author, message.created_at, state, files))
        return lines

    def file(self, user: User, report_id: uuid.UUID, file_id: int) -> tuple[str, bytes] | None:
        """Type and content of a file that came with one of the user's reports."""
        with self.runtime.sessions.begin() as session:
            report = _theirs(session, user, report_id)
            if report is None:
                return None
            opened = self._opened(session, user, report)
            if file_id not in {i for i, _ in [*opened.files, *(f for line in opened.lines for f in line.files)]}:
                audit.append(session, user, Action.REFUSED, report.number)
                return None
            found = session.get_one(Media, file_id)
            content = self.runtime.vault.open_bytes(found.body_sealed)
            audit.append(session, user, Action.FILE_READ, report.number)
            return found.content_type, content

    def accept(self, user: User, report_id: uuid.UUID) -> bool:
        def do(session: Session, report: Report) -> None:
            reports.accept(report, user.email)
            self._tell(session, report, Reply("case_accepted", _case(report)))

        return self._with(user, report_id, Action.ACCEPTED, do)

    def write(self, user: User, report_id: uuid.UUID, text: str) -> bool:
        def do(session: Session, report: Report) -> None:
            if report.status != "accepted":
                raise reports.WrongStep("accept the report before you write to the person")
            if not (report.may_reply and report.contact_id):
                raise reports.WrongStep("the person does not want to be written to")
            line = reports.add_line(session, self.runtime.vault, report, text, user.email)
            sent = self._tell(session, report, Reply("case_message", _case(report) | {"text": text}))
            session.flush()
            line.outbound_id = sent[0].id

        return self._with(user, report_id, Action.MESSAGE_SENT, do)

    def close(self, user: User, report_id: uuid.UUID, outcome: str) -> bool:
        def do(session: Session, report: Report) -> None:
            reports.close(report, outcome)
            self._tell(session, report, Reply("case_closed", _case(report) | {"outcome": outcome}))

        return self._with(user, report_id, Action.CLOSED, do)

    def hold(self, user: User, report_id: uuid.UUID, reason: str) -> bool:
        def do(session: Session, report: Report) -> None:
            holds.begin(session, self.runtime.vault, report, user.email, reason)

        return self._with(user, report_id, Action.HOLD_SET, do)

    def end_hold(self, user: User, report_id: uuid.UUID) -> bool:
        return self._with(
            user, report_id, Action.HOLD_ENDED, lambda session, report: holds.end(session, report, user.email)
        )

    def refuse(self, user: User, report_id: uuid.UUID) -> None:
        """Write down that somebody tried what is not theirs to do."""
        with self.runtime.sessions.begin() as session:
            report = session.get(Report, report_id)
            audit.append(session, user, Action.REFUSED, report.number if report else None)

    def _with(self, user: User, report_id: uuid.UUID, action: Action, do: Callable[[Session, Report], None]) -> bool:
        """Whether the report is one of theirs; then it was done, and the person's messages are on their way."""
        with self.runtime.sessions.begin() as session:
            report = _theirs(session, user, report_id, lock=True)
            if report is None:
                return False
            do(session, report)
            audit.append(session, user, action, report.number)
            contact = report.contact_id
        if contact is not None:
            jobs.ask_deliver(self.queue, contact)
        return True

    def _tell(self, session: Session, report: Report, reply: Reply) -> list[Outbound]:
        return tell(session, self.runtime, report, reply, now())


def delivery(sent: Outbound) -> str:
    """waiting, trying again, sent, delivered, read, failed, or why it is held: stopped, blocked, window, closed."""
    if sent.status == "waiting" and sent.attempts:
        return "trying"
    return sent.reason or "held" if sent.status in ("held", "withheld") else sent.status


def _files(session: Session, report: Report, since: int | None) -> list[tuple[int, str]]:
    """What came while the report was being made; of an erased person what a legal hold kept."""
    if since is None or report.contact_id is None:
        return _files_of(session, Media.report_id == report.id)
    return _files_of(session, Inbound.contact_id == report.contact_id, Inbound.id.between(since, report.inbound_id))


def _files_of(session: Session, *which: ColumnElement[bool]) -> list[tuple[int, str]]:
    query = select(Media.id, Media.content_type).outerjoin(Inbound, Inbound.id == Media.inbound_id).where(*which)
    return [(number, kind) for number, kind in session.execute(query.order_by(Media.id))]


def _theirs(session: Session, user: User, report_id: uuid.UUID, lock: bool = False) -> Report | None:
    """The report if it is at one of the user's desks; else that they were refused is in the log."""
    report = session.get(Report, report_id, with_for_update=lock or None)
    if report is not None and report.desk in user.desks and report.reduced_at is None:
        return report
    audit.append(session, user, Action.REFUSED, report.number if report else None)
    return None


def _unread(session: Session, report: Report) -> int:
    """How many lines of the person nobody has seen yet."""
    unread = (CaseMessage.report_id == report.id, ~CaseMessage.from_desk, CaseMessage.read_at.is_(None))
    return session.scalar(select(func.count()).select_from(CaseMessage).where(*unread)) or 0


def _case(report: Report) -> dict[str, Any]:
    return {"case": report.number, "desk": report.desk}


def _country(report: Report) -> str:
    return country_name(report.country, "en") if report.country else "country not known"


def _told(slots: dict[str, str], phrases: Any) -> list[tuple[str, str]]:
    """The form's answers in the order in which they were asked."""
    asked = (
        ("danger", "danger"), ("place", "place"), ("when", "when_happened"), ("what", "what"),
        ("minor", "minor"), ("may_reply", "may_reply"),
    )  # fmt: skip
    values = {name: phrases[f"value_{name}"] for name in ("yes", "no", "unknown")}
    return [(phrases[f"sum_{n}"], values.get(slots[s], slots[s])) for n, s in asked if slots.get(s)]
