"""A Faro with a database of its own, so that the clock can run far ahead; a report with all that can belong to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from bot import boxes, desk_keys, outbox, reports, transcript
from bot.content import Shelf
from bot.replies import Part
from bot.reports import Told
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store import migrate
from bot.store.models import Contact, Inbound, Media, Report, now
from bot.store.people import User
from bot.store.session import connect
from tests.keeper import keeper
from tests.talk import Phone

CANARY = "canariofaro"
OPERATOR = User(email="ana@faro.test", desks=["demo-mx", "demo-gt"])


@contextmanager
def own(runtime: Runtime, folder: Path) -> Iterator[Runtime]:
    """Desk demo-gt keeps reports for 30 days, all others for the campaign's 90."""
    base, _, name = *runtime.settings.database.rpartition("/")[:2], f"{folder.name}_test"
    with connect(runtime.settings.database).connect() as asking:
        server = create_engine(asking.engine.url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    settings = runtime.settings.model_copy(update={"database_url": f"{base}/{name}"})
    migrate.upgrade(settings.database)
    shutil.copytree(ROOT / "content", folder / "content")
    routing = folder / "content/routing.yml"
    routing.write_text(
        routing.read_text("utf-8").replace("  demo-gt:\n", "  demo-gt:\n    keep_days: 30\n", 1), "utf-8"
    )
    sessions = sessionmaker(connect(settings.database), expire_on_commit=False)
    faro = replace(runtime, settings=settings, sessions=sessions, shelf=Shelf(folder / "content"))
    keeper(faro)
    yield faro
    sessions.kw["bind"].dispose()


@dataclass
class Case:
    """A report of somebody who wrote before, while and after they made it, each time with a picture."""

    faro: Runtime
    id: str
    report: Report
    phone: Phone
    before: int
    made: list[int]
    talk: int
    after: int

    def row(self) -> Report:
        with self.faro.sessions() as session:
            return session.get_one(Report, self.report.id)

    def inbound(self) -> set[int]:
        """What is left of the person's messages."""
        numbers = [self.before, *self.made, self.talk, self.after]
        with self.faro.sessions() as session:
            return set(session.scalars(select(Inbound.id).where(Inbound.id.in_(numbers))))

    def files(self) -> set[bytes]:
        """The contents of what is left of the pictures, each named after its message."""
        numbers = [f"{self.id} {n}".encode() for n in (self.before, *self.made, self.talk, self.after)]
        with self.faro.sessions() as session:
            opened = {self._content(session, row) for row in session.scalars(select(Media))}
        return opened & set(numbers)

    def _content(self, session: Session, file: Media) -> bytes:
        if file.body_sealed:
            return self.faro.vault.open_bytes(file.body_sealed)
        try:
            return boxes.take_bytes(self.key(session), file.report_boxed or b"")
        except (boxes.WrongKey, desk_keys.NotHeld):  # of another report
            return b""

    def key(self, session: Session) -> bytes:
        """The report's private key, as an operator has it."""
        return desk_keys.private_of(session, session.get_one(Report, self.report.id), keeper(self.faro))

    def file(self, inbound: int) -> bytes:
        return f"{self.id} {inbound}".encode()


def write(faro: Runtime, phone: Phone, words: str) -> int:
    """A message with a picture, answered; its number."""
    phone.stores("text", text=words)
    with faro.sessions.begin() as session:
        query = select(Inbound).where(Inbound.contact_id == phone.contact).order_by(Inbound.id.desc())
        inbound = session.scalars(query.limit(1)).one()
        inbound.answered_at = now()
        picture = faro.vault.seal_bytes(f"{phone.contact} {inbound.id}".encode())
        session.add(Media(inbound_id=inbound.id, content_type="image/png", size=9, body_sealed=picture))
        contact = session.get_one(Contact, phone.contact)
        outbox.put(session, faro.vault, contact, [Part(f"you said: {words}")], lambda name: name, inbound.id)
        return inbound.id


def made(
    faro: Runtime, desk: str = "demo-mx", status: str = "closed", at: datetime | None = None, word: str = CANARY
) -> Case:
    """``at``: when it was closed, now by default; ``word`` stands in all that belongs to it, and nowhere else."""
    phone = Phone(faro, "+5255", "es")
    before = write(faro, phone, "hola")
    numbers = [write(faro, phone, f"me robaron {word}"), write(faro, phone, f"se llama {word}")]
    told = {"country": desk[-2:].upper(), "crime_type": "robbery", "may_reply": "yes", "danger": "no", "what": word}
    with faro.sessions.begin() as session:
        content = faro.shelf.content()
        words = Told(told, [word], since=numbers[0])
        filed = reports.file_report(session, content, numbers[-1], words)
        report = session.scalars(select(Report).where(Report.number == filed.case)).one()
        session.flush()
        transcript.into_box(session, faro.vault, report)
    talk = write(faro, phone, f"sí {word}")
    if status != "filed":
        _worked(faro, report, word, talk)
    if status == "closed":
        with faro.sessions.begin() as session:
            ended = {"status": "closed", "outcome": "helped", "closed_at": at or now()}
            session.execute(update(Report).where(Report.id == report.id).values(**ended))
    return Case(faro, str(phone.contact), report, phone, before, numbers, talk, write(faro, phone, "gracias"))


def _worked(faro: Runtime, report: Report, word: str, talk: int) -> None:
    """Accepted, asked back, and answered by the person's message ``talk``."""
    with faro.sessions.begin() as session:
        theirs = session.get_one(Report, report.id)
        reports.accept(theirs, OPERATOR.email)
        line = reports.add_line(session, theirs, f"¿{word}?", OPERATOR.email)
        contact = session.get_one(Contact, theirs.contact_id)
        parts = [Part(f"the desk asks: {word}?")]
        (sent,) = outbox.put(session, faro.vault, contact, parts, lambda name: name, None, "case", theirs.number)
        session.flush()
        line.outbound_id = sent.id
        reports.add_line(session, theirs, f"sí {word}", None, talk)
        session.flush()
        transcript.into_box(session, faro.vault, theirs)


def days_later(case: Case, days: float) -> datetime:
    """After the report was closed."""
    closed = case.row().closed_at
    assert closed
    return closed + timedelta(days=days)
