"""What the desk shows and does of hand-overs and copies; each step in one transaction, as those of `Work`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import copying, handing, partner_keys, partners, reports
from bot.content import Content
from bot.copying import Copy
from bot.desk.language import chosen
from bot.desk.why import listed
from bot.desk.work import Work
from bot.handing import Offer
from bot.replies import Reply
from bot.reports import WrongStep
from bot.store.audit import Action
from bot.store.models import Report, now
from bot.store.moves import HandOver
from bot.store.people import User
from bot.telling import tell


@dataclass(frozen=True)
class Other:
    """A desk to hand over to; ``accused``: what its bodies are called if the report accuses one of them, else ""."""

    id: str
    name: str
    accused: str


@dataclass(frozen=True)
class Moves:
    """``own``: the reader's desk has the report; ``to_me``: it is offered to their desk."""

    own: bool
    to_me: bool
    offer: Offer | None
    refusals: list[tuple[str, datetime, str]]
    others: list[Other]
    copy: Copy | None


@dataclass(frozen=True)
class Guests:
    """Reports that these desks may read and do not have."""

    offered: list[tuple[Report, HandOver]]
    copies: list[Report]


class Moving:
    def __init__(self, work: Work) -> None:
        self.work = work

    def shown(self, user: User, report: Report) -> Moves:
        content = self.work.runtime.shelf.content()
        with self.work.runtime.sessions() as session:
            private = self.work.private(session, report)
            offer = handing.shown(session, report, private)
            return Moves(
                own=report.desk in user.desks,
                to_me=offer is not None and offer.to_desk in user.desks,
                offer=offer,
                refusals=handing.refusals(session, report, private),
                others=_others(content, report),
                copy=copying.shown(session, report, private),
            )

    def guests(self, desks: Sequence[str]) -> Guests:
        with self.work.runtime.sessions() as session:
            return Guests(handing.offered(session, desks), copying.at_desks(session, desks))

    def ask(self, user: User, report_id: uuid.UUID, to: str, note: str, sure: bool) -> bool:
        """``sure``: also to a desk of a body that the report accuses, as the operator has read that it does not."""
        routing = self.work.runtime.shelf.content().routing

        def do(session: Session, report: Report) -> None:
            if to not in routing.desks:
                raise WrongStep("choose another desk")
            if routing.barred(to, reports.accuses(report)) and not sure:
                raise WrongStep("that desk belongs to a body that the report accuses")
            private = self.work.private(session, report)
            if private is None:
                raise WrongStep("you have not been given the key of this report")
            handing.ask(session, report, to, user.email, note, private)
            partner_keys.put(session, report, private, [to], partners.holders(self.work.runtime))

        return self.work.step(user, report_id, Action.HANDED_OVER, do)

    def withdraw(self, user: User, report_id: uuid.UUID) -> bool:
        return self.work.step(user, report_id, Action.HAND_OVER_WITHDRAWN, handing.withdraw)

    def accept(self, user: User, report_id: uuid.UUID) -> bool:
        def do(session: Session, report: Report) -> None:
            left = handing.accept(session, report, user.desks, user.email)
            partners.arrived(session, self.work.runtime, report, "handed_over")
            params = {"case": report.number, "desk": left, "next": report.desk}
            tell(session, self.work.runtime, report, Reply("case_handed_over", params), now())

        return self.work.step(user, report_id, Action.HAND_OVER_TAKEN, do, reading=True)

    def refuse(self, user: User, report_id: uuid.UUID, reason: str) -> bool:
        def do(session: Session, report: Report) -> None:
            handing.refuse(session, report, user.desks, reason)

        return self.work.step(user, report_id, Action.HAND_OVER_REFUSED, do, reading=True)

    def wish(self, user: User, report_id: uuid.UUID, text: str) -> bool:
        def do(session: Session, report: Report) -> None:
            if not copying.wish(session, report, user.desks, text):
                raise WrongStep("only a desk with a copy can ask for the report, in words")

        return self.work.step(user, report_id, Action.REPORT_WISHED, do, reading=True)


def _others(content: Content, report: Report) -> list[Other]:
    """Every other desk, by name, those of an accused body last."""
    language, accused = chosen(), reports.accuses(report)
    found = [
        Other(desk.id, desk.name[language], listed(desk.those_of(accused), content.accused, language))
        for desk in content.routing.desks.values()
        if desk.id != report.desk
    ]
    return sorted(found, key=lambda other: (bool(other.accused), other.name))
