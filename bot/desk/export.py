"""A report as a PDF that only a password opens, each page marked with who took it and when."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from bot.desk import saying, timeline
from bot.desk.language import chosen, name_of
from bot.receipt import ALPHABET
from bot.store.models import now

if TYPE_CHECKING:  # it asks for what stands here
    from bot.desk.work import Opened

KEPT = 10 * 60  # seconds
MOST = 50


@dataclass(frozen=True)
class Part:
    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Kept:
    user: int
    report: uuid.UUID
    until: datetime
    pdf: bytes = field(repr=False)


class Shelf:
    """PDFs between the page with their password and the press on "Download": encrypted, in memory, fetched once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def put(self, user: int, report: uuid.UUID, pdf: bytes) -> str:
        """The ticket that fetches it."""
        ticket, at = secrets.token_urlsafe(16), now()
        with self._lock:
            fresh = {name: one for name, one in self._kept.items() if one.until > at}
            newest = list(fresh.items())[-(MOST - 1) :]
            until = datetime.fromtimestamp(at.timestamp() + KEPT, UTC)
            self._kept = dict(newest) | {ticket: _Kept(user, report, until, pdf)}
        return ticket

    def take(self, ticket: str, user: int, report: uuid.UUID) -> bytes | None:
        """None for anybody but who made it, after `KEPT`, and the second time."""
        with self._lock:
            one = self._kept.get(ticket)
            if one is None or (one.user, one.report) != (user, report):
                return None
            del self._kept[ticket]
        return one.pdf if one.until > now() else None


def made(opened: Opened, who: str, desks: Mapping[str, str]) -> tuple[str, bytes]:
    """Its password, which is kept nowhere, and the PDF. ``desks``: id → name."""
    from bot.desk.pages import Pages  # a second of the gateway's start, for what few press

    password = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(5))
    mark = f"{who} · {_when(now())} · {opened.report.number}"
    pages = Pages(_("Report %(case)s", case=opened.report.number), mark, chosen())
    for part in _parts(opened, desks):
        pages.part(part.heading, part.lines)
    return password, pages.closed(
        password, _("□ stands for a letter that cannot be printed here: read it on the page of the report.")
    )


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _parts(opened: Opened, desks: Mapping[str, str]) -> Iterator[Part]:
    around = opened.around
    yield Part("", tuple(_facts(opened, desks)))
    yield Part(_("What the person answered"), tuple(f"{label}: {value}" for label, value in opened.told))
    yield Part(_("Their own words"), (*opened.words, *_files(opened.files)))
    yield Part(_("Why it came here"), (opened.why,))
    yield Part(_("Talk"), tuple(_talk(opened)))
    yield Part(_("Notes of the desk"), tuple(f"{_when(note.at)}, {note.author}: {note.text}" for note in around.notes))
    yield Part(_("Other reports with the same number"), tuple(_shared(opened, desks)))
    yield Part(_("Timeline"), tuple(f"{_when(e.at)}: {timeline.sentence(e, desks)}" for e in around.events))
    if opened.hold:
        said = [f"{_when(opened.hold.since)} {opened.hold.set_by or ''}", opened.hold.reason or ""]
        yield Part(_("Legal hold"), tuple(line for line in said if line))


def _facts(opened: Opened, desks: Mapping[str, str]) -> Iterator[str]:
    report, unknown = opened.report, _("not known")
    yield f"{_('Country')}: {opened.country}"
    if report.urgent:
        yield _("danger now")
    yield f"{_('Under 18')}: {unknown if report.minor is None else _('yes') if report.minor else _('no')}"
    yield f"{_('The person reads')}: {name_of(report.language)}"
    yield f"{_('Filed')}: {_when(report.filed_at)}"
    yield f"{_('Desk')}: {desks.get(report.desk, report.desk)}"
    yield f"{_('Status')}: {saying.status(report)}"
    if report.assigned_to:
        yield _("in the hands of %(who)s", who=report.assigned_to)


def _talk(opened: Opened) -> Iterator[str]:
    for line in opened.lines:
        who = (line.author or _("the desk")) if line.from_desk else _("the person")
        state = f" ({saying.delivery(line.delivery)})" if line.from_desk else ""
        yield f"{_when(line.at)}, {who}{state}: {line.text}"
        yield from _files(line.files)


def _files(files: list[tuple[int, str]]) -> tuple[str, ...]:
    """By name only: they are not in it."""
    named = (f"file-{number}.{kind.partition('/')[2]} ({kind})" for number, kind in files)
    return tuple(_("File, not included: %(name)s", name=name) for name in named)


def _shared(opened: Opened, desks: Mapping[str, str]) -> Iterator[str]:
    for shared in opened.around.related:
        ours = [f"{one.number} ({_when(one.filed_at)})" for one in shared.ours]
        theirs = [_("one at %(desk)s", desk=desks.get(desk, desk)) for desk in shared.elsewhere]
        yield f"{saying.shared(shared)} {', '.join(ours + theirs)}"
