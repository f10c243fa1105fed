"""The life of a report as it must be, worked out without the code under test; and the desks among which it is led."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import DateTime, select, text, update

from bot import desk_keys
from bot.content import LANGUAGES, Shelf
from bot.desk import people
from bot.desk_keys import Held
from bot.runtime import Runtime
from bot.store.models import Base
from bot.store.people import User
from tests.keeper import keeper
from tests.kept import own
from tests.towns import DANGER, DESKS, NEXT, OTHER, QUICK, SOON

# Belongs to the police, in the middle of the ring.
POLICE = "south-hn"
KINDS: dict[str, dict[str, Any]] = {
    "robbery": {"crime_type": "robbery", "danger": "no"},
    "danger": {"crime_type": "robbery", "danger": "yes"},
    "abuse": {"crime_type": "abuse_by_authority", "danger": "no", "what": "la policía me pegó"},
    "kidnapping": {"crime_type": "kidnapping", "danger": "no"},
}
# A copy of a kidnapping goes further on the way, back to who had it, or to a desk that it would never come to.
COPY = {"north-mx": "far-us", "east-gt": "south-hn", "south-hn": "north-mx", "far-us": "east-gt"}
KEPT, ANSWER = timedelta(days=90), timedelta(hours=24)
LEGAL = {"filed": {"filed", "accepted", "closed"}, "accepted": {"accepted", "closed"}, "closed": {"closed"}}


@contextmanager
def campaign(runtime: Runtime, folder: Path) -> Iterator[Runtime]:
    """A Faro of its own whose desks pass on in a ring (tests/towns.py), with the police among them."""
    with own(runtime, folder) as made:
        path = folder / "content/routing.yml"
        table = yaml.safe_load(path.read_text("utf-8"))
        table["desks"] = {name: row | {"name": dict.fromkeys(LANGUAGES, name)} for name, row in DESKS.items()}
        table["desks"][POLICE] |= {"bodies": ["police"]}
        table["cases"] = [case for name in COPY for case in _cases(name)]
        table["default"] = {"desk": "night"}
        path.write_text(yaml.safe_dump(table, sort_keys=False), "utf-8")
        yield replace(made, shelf=Shelf(folder / "content"))


def _cases(desk: str) -> list[dict[str, str]]:
    here = {"country": desk[-2:].upper(), "desk": desk}
    return [{"case": f"{desk} copied", "crime": "kidnapping", "copy": COPY[desk], **here}, {"case": desk, **here}]


def grows_older(faro: Runtime, by: timedelta) -> None:
    """Time passes: all that is written down happened so much earlier, but for the log, which nobody can change."""
    with faro.sessions.begin() as session:
        for table in Base.metadata.sorted_tables:
            times = [column for column in table.columns if isinstance(column.type, DateTime)]
            if times and table.name != "audit":
                session.execute(update(table).values({column.name: column - by for column in times}))


def as_it_stands(faro: Runtime, report: uuid.UUID) -> dict[str, list[str]]:
    """All that is known of a report."""
    about = {"report": "id"} | dict.fromkeys(
        ("hand_over", "report_key", "report_copy", "report_event", "case_message", "note", "legal_hold", "given"),
        "report_id",
    )
    with faro.sessions() as session:
        asked = {name: text(f"SELECT t::text FROM {name} t WHERE {key} = :id") for name, key in about.items()}
        return {name: sorted(session.scalars(query, {"id": report})) for name, query in asked.items()}


@dataclass(frozen=True)
class Member:
    user: User
    held: Held
    desk: str


@dataclass
class Staff:
    """Who works at the desks, and who did; each with the key in their hand."""

    faro: Runtime
    here: list[Member] = field(default_factory=list)
    gone: list[Member] = field(default_factory=list)
    acting: Held | None = None

    def invites(self, desk: str) -> Member:
        email, token = f"{uuid.uuid4().hex}@faro.test", uuid.uuid4().hex
        with self.faro.sessions.begin() as session:
            people.link(session, email, "operator", [desk], by=keeper(self.faro), token=token)
        with self.faro.sessions.begin() as session:
            user, private = people.use_link(session, token) or (None, b"")
            assert user
        self.here.append(Member(user, Held(user.id, private), desk))
        return self.here[-1]

    def removes(self, member: Member) -> None:
        with self.faro.sessions.begin() as session:
            people.remove(session, keeper(self.faro), session.get_one(User, member.user.id))
        self.here.remove(member)
        self.gone.append(member)

    def all_go(self) -> None:
        """At the end; nothing is boxed anew for it."""
        with self.faro.sessions.begin() as session:
            for member in self.here:
                user = session.get_one(User, member.user.id)
                desk_keys.take_away(session, user)
                user.active = False
        self.here, self.gone = [], []

    def one_of(self, which: Callable[[str], bool], newest: bool = True) -> Member:
        """Somebody of such a desk; invited if need be."""
        found = [member for member in self.here if which(member.desk)]
        return found[-1 if newest else 0] if found else self.invites(next(desk for desk in DESKS if which(desk)))

    def emails(self, desk: str) -> list[str]:
        return [member.user.email for member in self.here if member.desk == desk]


@dataclass
class Life:
    """One report. ``now`` and the other times: since the test began; ``there``: whole, reduced or erased."""

    kind: str
    desk: str
    receipt: str
    accept_by: timedelta = timedelta()
    status: str = "filed"
    there: str = "whole"
    owners: list[str] = field(default_factory=list)
    offer: tuple[str, timedelta] | None = None
    copy: tuple[str, timedelta] | None = None
    agreed: bool = False
    person: bool = True
    held: bool = False
    in_hand: str | None = None
    closed: timedelta = timedelta()
    lines: list[str] = field(default_factory=list)
    notes: int = 0

    def arrives(self, desk: str, now: timedelta) -> None:
        times = (QUICK, SOON) if desk == "east-gt" else (DANGER, OTHER)
        self.desk, self.accept_by = desk, now + times[self.kind != "danger"]
        self.owners.append(desk)

    def barred(self, desk: str) -> bool:
        return self.kind == "abuse" and desk == POLICE

    @property
    def further(self) -> list[str]:
        """Where it goes if nobody accepts it, in order; the default at last."""
        found = [self.desk]
        while (following := NEXT[found[-1]]) not in found:
            found.append(following)
        return [desk for desk in dict.fromkeys([*found, "night"]) if desk != self.desk and not self.barred(desk)]

    @property
    def readers(self) -> set[str]:
        """The desks that hold its key: who has it, who would get it, who is asked to take it, who has a copy."""
        further = self.further if self.status == "filed" else []
        asked = [self.offer[0]] if self.offer else []
        copied = [self.copy[0]] if self.copy and self.agreed else []
        return {self.desk, *further, *asked, *copied} if self.there == "whole" else set()

    def shown_to(self, desk: str) -> bool:
        """Whether its page opens there."""
        copied = self.agreed and self.copy and self.copy[0] == desk
        return self.there == "whole" and bool(desk == self.desk or copied or self.offered_to(desk))

    def owned_by(self, desk: str) -> bool:
        return self.there == "whole" and desk == self.desk

    def offered_to(self, desk: str) -> bool:
        return self.there == "whole" and self.offer is not None and self.offer[0] == desk

    def a_minute(self, now: timedelta) -> None:
        """What the clock does to it."""
        if self.offer and now - self.offer[1] >= ANSWER:
            self.offer = None
        if self.copy and not self.agreed and now - self.copy[1] >= ANSWER:
            self.copy = None
        if self.there == "whole" and self.status == "filed" and self.accept_by <= now:
            if self.further:
                self.offer = None
                self.arrives(self.further[0], now)
            else:
                self.accept_by = now + (DANGER if self.kind == "danger" else OTHER)

    def an_hour(self, now: timedelta) -> None:
        if self.there == "whole" and self.status == "closed" and now - self.closed >= KEPT and not self.held:
            self.there, self.offer, self.copy, self.person = "reduced", None, None, False


def row_of(faro: Runtime, table: type[Any], report: uuid.UUID) -> list[Any]:
    with faro.sessions() as session:
        return list(session.scalars(select(table).where(table.report_id == report).order_by(table.id)))
