"""Whose keys open what: a desk's key pair is held by its people, a report's by its desks.

The server makes the pairs and forgets the private halves. Where one is needed, somebody is signed in and brings theirs
(`Held`); nothing here can be done without one but to seal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot import boxes, partner_keys
from bot.boxes import Pair
from bot.store.keys import DeskKey, DeskKeyHolder, RecoveryKey, ReportKey
from bot.store.models import Report, now
from bot.store.people import Role, User


class NoKeeper(Exception):
    """Nobody could open what is sealed to this desk: there is no administrator yet. Let one begin, and try again."""


class NotHeld(Exception):
    """Whoever asks has not been given the key that this needs; somebody who has it can give it."""


@dataclass(frozen=True)
class Held:
    """The private key of somebody who is signed in; ``user_id`` None: it is the recovery key."""

    user_id: int | None
    private: bytes = field(repr=False)


def of_desk(session: Session, desk: str) -> DeskKey:
    """The key to seal with, made where the desk has none yet. Raises NoKeeper."""
    query = select(DeskKey).where(DeskKey.desk == desk, DeskKey.retired_at.is_(None)).with_for_update(read=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        _make(session, desk, [])
        found = session.scalars(query).one()
    return found


def _make(session: Session, desk: str, users: Iterable[User]) -> None:
    """A new pair, held by ``users``, every administrator and the recovery key; should somebody be faster, theirs."""
    made = boxes.pair()
    keepers = {user.id: user for user in (*users, *_administrators(session))}
    recovery = session.scalar(select(RecoveryKey))
    if not (keepers or recovery):
        raise NoKeeper
    row = {"desk": desk, "public_key": made.public, "made_at": now()}
    new = insert(DeskKey).values(row).on_conflict_do_nothing().returning(DeskKey.id)
    if (number := session.scalar(new)) is None:
        return
    publics = {user.id: user.public_key for user in keepers.values()}
    for holder, public in (publics | ({None: recovery.public_key} if recovery else {})).items():
        _box_for(session, number, holder, public, made.private)


def _administrators(session: Session) -> list[User]:
    query = select(User).where(User.roles.any(Role.name == "administrator"), User.public_key.is_not(None), User.active)
    return list(session.scalars(query))


def _box_for(session: Session, desk_key: int, user: int | None, public: bytes | None, private: bytes) -> None:
    if public is None:
        return
    row = {"desk_key_id": desk_key, "user_id": user, "private_boxed": boxes.put_bytes(public, private)}
    session.execute(insert(DeskKeyHolder).values(row).on_conflict_do_nothing())


# The keys of a report.


def begin(session: Session, report: Report, desks: Iterable[str]) -> Pair:
    """Give a report its key pair, boxed for each of the desks to which it can come. The private half is forgotten."""
    made = boxes.pair()
    report.public_key = made.public
    session.flush()
    for desk in sorted(desks):  # two that file at once wait for each other's desks in one order
        box_for_desk(session, report, made.private, desk)
    return made


def box_for_desk(session: Session, report: Report, private: bytes, desk: str, waiting: bool = False) -> None:
    """``waiting``: put by until the person agrees; nothing where the desk has the key already."""
    key = of_desk(session, desk)
    row = {"report_id": report.id, "desk_key_id": key.id, "private_boxed": boxes.put_bytes(key.public_key, private)}
    new = insert(ReportKey).values(row | {"waiting": waiting})
    if waiting:
        session.execute(new.on_conflict_do_nothing())
    else:
        session.execute(new.on_conflict_do_update(index_elements=("report_id", "desk_key_id"), set_={"waiting": False}))


def take_back(session: Session, report: Report, but: Iterable[str] = (), desk: str | None = None) -> None:
    """No desk opens the report any more ``but`` these, nor a partner but theirs; or, with a ``desk``, that one not."""
    partner_keys.take_back(session, report, but := list(but), desk)
    theirs = DeskKey.desk == desk if desk else DeskKey.desk.not_in(but)
    rows = select(ReportKey.id).join(DeskKey, DeskKey.id == ReportKey.desk_key_id)
    session.execute(delete(ReportKey).where(ReportKey.id.in_(rows.where(ReportKey.report_id == report.id, theirs))))


def put_by(session: Session, report: Report, desk: str) -> None:
    """The desk opens the report no more until the person has agreed to its copy."""
    theirs = select(DeskKey.id).where(DeskKey.desk == desk)
    keys = update(ReportKey).where(ReportKey.report_id == report.id, ReportKey.desk_key_id.in_(theirs))
    session.execute(keys.values(waiting=True))


def desks(session: Session, report: Report) -> list[str]:
    """Those that open it."""
    query = select(DeskKey.desk).join(ReportKey, ReportKey.desk_key_id == DeskKey.id)
    return list(session.scalars(query.where(ReportKey.report_id == report.id, ~ReportKey.waiting)))


def opens(session: Session, report: Report, desk: str) -> bool:
    """Whether this desk was given the key of the report."""
    query = select(ReportKey.id).join(DeskKey, DeskKey.id == ReportKey.desk_key_id)
    theirs = ReportKey.report_id == report.id, DeskKey.desk == desk, ~ReportKey.waiting
    return session.scalar(query.where(*theirs).limit(1)) is not None


def private_of(session: Session, report: Report, held: Held) -> bytes:
    """The report's private key. Raises NotHeld."""
    holds = DeskKeyHolder.user_id.is_not_distinct_from(held.user_id)
    query = (
        select(ReportKey.private_boxed, DeskKeyHolder.private_boxed)
        .join(DeskKeyHolder, DeskKeyHolder.desk_key_id == ReportKey.desk_key_id)
        .where(ReportKey.report_id == report.id, holds, ~ReportKey.waiting)
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotHeld
    return boxes.take_bytes(boxes.take_bytes(held.private, found[1]), found[0])


# The keys of a desk.


def give(session: Session, held: Held, desk: str, user: User) -> None:
    """Let somebody read what the desk has and gets; their pair must be there. Raises NotHeld."""
    key = of_desk(session, desk)
    _box_for(session, key.id, user.id, user.public_key, _private_of_desk(session, key, held))


def holds(session: Session, desk: str, user: User) -> bool:
    query = select(DeskKeyHolder.id).join(DeskKey, DeskKey.id == DeskKeyHolder.desk_key_id)
    now_there = query.where(DeskKey.desk == desk, DeskKey.retired_at.is_(None), DeskKeyHolder.user_id == user.id)
    return session.scalar(now_there) is not None


def made(session: Session, desk: str) -> bool:
    """Whether the desk has a key already; it gets one with its first report, or first colleague."""
    return session.scalar(select(DeskKey.id).where(DeskKey.desk == desk, DeskKey.retired_at.is_(None))) is not None


def take_away(session: Session, user: User) -> None:
    """They hold no desk's key any more. What they may have copied stays theirs: see `renew`."""
    session.execute(delete(DeskKeyHolder).where(DeskKeyHolder.user_id == user.id))


def renew(session: Session, held: Held, desk: str) -> None:
    """A new pair for a desk that somebody has left: for who is left, and with every report of the desk boxed anew.

    Raises NotHeld.
    """
    query = select(DeskKey).where(DeskKey.desk == desk, DeskKey.retired_at.is_(None))
    old = session.scalars(query.with_for_update()).one_or_none()  # whoever files now waits, or is boxed anew here
    if old is None:
        return
    private = _private_of_desk(session, old, held)
    rest = select(User).join(DeskKeyHolder, DeskKeyHolder.user_id == User.id)
    users = list(session.scalars(rest.where(DeskKeyHolder.desk_key_id == old.id)))
    old.retired_at = now()
    session.flush()
    _make(session, desk, users)
    new = of_desk(session, desk)
    for row in session.scalars(select(ReportKey).where(ReportKey.desk_key_id == old.id)):
        row.private_boxed = boxes.put_bytes(new.public_key, boxes.take_bytes(private, row.private_boxed))
        row.desk_key_id = new.id
    session.execute(delete(DeskKeyHolder).where(DeskKeyHolder.desk_key_id == old.id))


def _private_of_desk(session: Session, key: DeskKey, held: Held) -> bytes:
    holder = DeskKeyHolder.user_id.is_not_distinct_from(held.user_id)
    query = select(DeskKeyHolder.private_boxed).where(DeskKeyHolder.desk_key_id == key.id, holder)
    if (boxed := session.scalar(query)) is None:
        raise NotHeld
    return boxes.take_bytes(held.private, boxed)


# The recovery key.


def new_recovery(session: Session, held: Held, by: str) -> Pair:
    """A recovery key in place of any earlier one, to be shown once.

    Raises NotHeld unless ``held`` has the key of every desk: the earlier one opens them all.
    """
    made = boxes.pair()
    current = list(session.scalars(select(DeskKey).where(DeskKey.retired_at.is_(None))))
    privates = {key.id: _private_of_desk(session, key, held) for key in current}
    session.execute(delete(RecoveryKey))
    session.execute(delete(DeskKeyHolder).where(DeskKeyHolder.user_id.is_(None)))
    session.add(RecoveryKey(public_key=made.public, made_by=by))
    for number, private in privates.items():
        _box_for(session, number, None, made.public, private)
    return made
