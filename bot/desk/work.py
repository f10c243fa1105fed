"""What an operator does with a report, each in one transaction; the person hears of it in the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import procrastinate
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bot import audit, boxes, desk_keys, handing, holds, jobs, reports
from bot.desk import hands, notes, waiting, working
from bot.desk.language import chosen
from bot.desk.why import sentence
from bot.desk_keys import Held
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
    """A report with its words. ``told``: (label, value) of what the person answered; ``why``: one sentence.

    ``locked``: whoever looks has not been given the desk's key, so there are no words.
    """

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
    locked: bool
    around: working.Around


class Work:
    def __init__(self, runtime: Runtime, queue: procrastinate.App, held: Callable[[], Held | None]) -> None:
        """``held``: the key of who is signed in."""
        self.runtime = runtime
        self.queue = queue
        self.held = held

    def listed(
        self, user: User, closed: bool, renews: bool = False, *which: ColumnElement[bool], page: int = 1
    ) -> list[Row]:
        """``renews``: the page asks for itself again; ``which``: see `filters`."""
        with self.runtime.sessions.begin() as session:
            found = reports.at_desks(session, user.desks, closed, *which, page=page)
            (audit.renew if renews else audit.append)(session, user, Action.LIST_READ)
        return [row_of(report, unread) for report, unread in found]

    def opened(self, user: User, report_id: uuid.UUID, renews: bool = False) -> Opened | None:
        """The report if it is at one of the user's desks; the person's lines count as read from now on.

        ``renews``: the page asks for itself again; then only what brings new lines is logged each time.
        """
        with self.runtime.sessions.begin() as session:
            report = _theirs(session, user, report_id, reading=True)
            if report is None:
                return None
            news = report.desk in user.desks and _unread(session, report)
            note = audit.renew if renews and not news else audit.append
            opened = self._opened(session, user, report)
            note(session, user, Action.REPORT_READ, report.number)
            return opened

    def _opened(self, session: Session, user: User, report: Report) -> Opened:
        phrases = self.runtime.shelf.content().phrases[chosen()]
        private, own = self.private(session, report), report.desk in user.desks
        written = boxes.take(private, report.words_boxed) if private else {"slots": {}, "words": []}
        return Opened(
            report=report,
            country=_country(report),
            told=_told(written["slots"], phrases),
            words=written["words"],
            files=_files(session, report) if private else [],
            lines=_lines(session, report, private, own) if private else [],
            events=waiting.events(session, report),
            can_write=own and report.may_reply and report.contact_id is not None,
            why=self._why(report, phrases),
            hold=holds.shown(session, report, private, reason=holds.may_set(user)),
            locked=private is None,
            around=working.around(session, report, user, private),
        )

    def _why(self, report: Report, phrases: Any) -> str:
        bodies = self.runtime.shelf.content().accused
        return sentence(report.routed_why, phrases, chosen(), bodies) if report.routed_why else report.routed_by

    def private(self, session: Session, report: Report) -> bytes | None:
        """The report's key, taken out with that of who is signed in; None for whom nobody has given the desk's."""
        held = self.held()
        try:
            return desk_keys.private_of(session, report, held) if held else None
        except desk_keys.NotHeld:
            return None

    def file(self, user: User, report_id: uuid.UUID, file_id: int) -> tuple[str, bytes] | None:
        """Type and content of a file that came with one of the user's reports."""
        with self.runtime.sessions.begin() as session:
            report = _theirs(session, user, report_id, reading=True)
            if report is None:
                return None
            opened = self._opened(session, user, report)
            if file_id not in {i for i, _ in [*opened.files, *(f for line in opened.lines for f in line.files)]}:
                audit.append(session, user, Action.REFUSED, report.number)
                return None
            found = session.get_one(Media, file_id)
            private = self.private(session, report) or b""
            audit.append(session, user, Action.FILE_READ, report.number)
            return found.content_type, boxes.take_bytes(private, found.report_boxed or b"")

    def accept(self, user: User, report_id: uuid.UUID) -> bool:
        def do(session: Session, report: Report) -> None:
            reports.accept(report, user.email)
            handing.keep_only(session, report)
            self._tell(session, report, Reply("case_accepted", _case(report)))

        return self.step(user, report_id, Action.ACCEPTED, do)

    def write(self, user: User, report_id: uuid.UUID, text: str) -> bool:
        def do(session: Session, report: Report) -> None:
            if report.status != "accepted":
                raise reports.WrongStep("accept the report before you write to the person")
            if not (report.may_reply and report.contact_id):
                raise reports.WrongStep("the person does not want to be written to")
            line = reports.add_line(session, report, text, user.email)
            sent = self._tell(session, report, Reply("case_message", _case(report) | {"text": text}))
            session.flush()
            line.outbound_id = sent[0].id

        return self.step(user, report_id, Action.MESSAGE_SENT, do)

    def close(self, user: User, report_id: uuid.UUID, outcome: str) -> bool:
        def do(session: Session, report: Report) -> None:
            handing.closes(session, report)
            reports.close(report, outcome)
            self._tell(session, report, Reply("case_closed", _case(report) | {"outcome": outcome}))

        return self.step(user, report_id, Action.CLOSED, do)

    def hold(self, user: User, report_id: uuid.UUID, reason: str) -> bool:
        def do(session: Session, report: Report) -> None:
            holds.begin(session, report, user.email, reason)

        return self.step(user, report_id, Action.HOLD_SET, do)

    def end_hold(self, user: User, report_id: uuid.UUID) -> bool:
        return self.step(
            user, report_id, Action.HOLD_ENDED, lambda session, report: holds.end(session, report, user.email)
        )

    def note(self, user: User, report_id: uuid.UUID, text: str) -> bool:
        return self.step(
            user, report_id, Action.NOTED, lambda session, report: notes.write(session, report, text, user.email)
        )

    def give(self, user: User, report_id: uuid.UUID, to: str) -> bool:
        def do(session: Session, report: Report) -> None:
            hands.give(session, report, user.email, to)

        return self.step(user, report_id, Action.GIVEN, do, about=to)

    def number(self, user: User, report_id: uuid.UUID) -> str | None:
        """The case's, if it is one of theirs."""
        with self.runtime.sessions.begin() as session:
            report = _theirs(session, user, report_id)
            return report.number if report else None

    def exported(self, user: User, report_id: uuid.UUID) -> bool:
        return self.step(user, report_id, Action.EXPORTED, lambda session, report: None)

    def refuse(self, user: User, report_id: uuid.UUID) -> None:
        """Write down that somebody tried what is not theirs to do."""
        with self.runtime.sessions.begin() as session:
            report = session.get(Report, report_id)
            audit.append(session, user, Action.REFUSED, report.number if report else None)

    def step(
        self, user: User, report_id: uuid.UUID, action: Action, do: Callable[[Session, Report], None],
        reading: bool = False, about: str | None = None,
    ) -> bool:  # fmt: skip
        """Whether the report is one of theirs; then it was done, and the person's messages are on their way.

        ``reading``: it is enough that they may read it.
        """
        with self.runtime.sessions.begin() as session:
            report = _theirs(session, user, report_id, lock=True, reading=reading)
            if report is None:
                return False
            do(session, report)
            audit.append(session, user, action, report.number, about)
            contact = report.contact_id
        if contact is not None:
            jobs.ask_deliver(self.queue, contact)
        return True

    def _tell(self, session: Session, report: Report, reply: Reply) -> list[Outbound]:
        return tell(session, self.runtime, report, reply, now())


def row_of(report: Report, unread: int) -> Row:
    return Row(report, _country(report), unread)


def delivery(sent: Outbound) -> str:
    """waiting, trying again, sent, delivered, read, failed, or why it is held: stopped, blocked, window, closed."""
    if sent.status == "waiting" and sent.attempts:
        return "trying"
    return sent.reason or "held" if sent.status in ("held", "withheld") else sent.status


def _lines(session: Session, report: Report, private: bytes, own: bool) -> list[Line]:
    """``own``: whoever reads is of the desk that has it, so it counts as read."""
    query = (
        select(CaseMessage, Outbound)
        .outerjoin(Outbound, Outbound.id == CaseMessage.outbound_id)
        .where(CaseMessage.report_id == report.id)
        .order_by(CaseMessage.id)
    )
    lines = []
    for message, sent in session.execute(query):
        message.read_at = message.read_at or (now() if own else None)
        text = boxes.take(private, message.body_boxed)["text"]
        files = _files_of(session, Media.inbound_id == message.inbound_id) if message.inbound_id else []
        state = delivery(sent) if sent else None
        lines.append(Line(text, message.from_desk, message.author, message.created_at, state, files))
    return lines


def _files(session: Session, report: Report) -> list[tuple[int, str]]:
    """What came while the report was being made; of an erased person what a legal hold kept."""
    if report.contact_id is None:
        return _files_of(session, Media.report_id == report.id)
    made = Inbound.id.between(report.since, report.inbound_id)
    return _files_of(session, Inbound.contact_id == report.contact_id, made)


def _files_of(session: Session, *which: ColumnElement[bool]) -> list[tuple[int, str]]:
    query = select(Media.id, Media.content_type).outerjoin(Inbound, Inbound.id == Media.inbound_id).where(*which)
    boxed = query.where(Media.report_boxed.is_not(None))
    return [(number, kind) for number, kind in session.execute(boxed.order_by(Media.id))]


def _theirs(
    session: Session, user: User, report_id: uuid.UUID, lock: bool = False, reading: bool = False
) -> Report | None:
    """The report if it is at one of the user's desks, or may be read there; else that they were refused is logged."""
    report = session.get(Report, report_id, with_for_update=lock or None)
    if report is not None and report.reduced_at is None and _may(session, user, report, reading):
        return report
    audit.append(session, user, Action.REFUSED, report.number if report else None)
    return None


def _may(session: Session, user: User, report: Report, reading: bool) -> bool:
    return report.desk in user.desks or (reading and handing.reads(session, report, user.desks))


def _unread(session: Session, report: Report) -> int:
    """How many lines of the person nobody has seen yet."""
    unread = (CaseMessage.report_id == report.id, ~CaseMessage.from_desk, CaseMessage.read_at.is_(None))
    return session.scalar(select(func.count()).select_from(CaseMessage).where(*unread)) or 0


def _case(report: Report) -> dict[str, Any]:
    return {"case": report.number, "desk": report.desk}


def _country(report: Report) -> str:
    return country_name(report.country, chosen()) if report.country else _("country not known")


def _told(slots: dict[str, str], phrases: Any) -> list[tuple[str, str]]:
    """The form's answers in the order in which they were asked."""
    asked = (
        ("danger", "danger"), ("place", "place"), ("when", "when_happened"), ("what", "what"),
        ("minor", "minor"), ("may_reply", "may_reply"),
    )  # fmt: skip
    values = {name: phrases[f"value_{name}"] for name in ("yes", "no", "unknown")}
    return [(phrases[f"sum_{n}"], values.get(slots[s], slots[s])) for n, s in asked if slots.get(s)]
