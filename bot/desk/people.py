"""Who works at the desks: the first administrator, colleagues, their one-time links and their keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot import audit, boxes, desk_keys
from bot.content import read
from bot.desk_keys import Held
from bot.settings import Settings
from bot.store.audit import Action
from bot.store.models import now
from bot.store.people import Role, User, WebAuthn
from bot.store.session import sessions

FIRST = "admin@faro.test"
LINK_LIVES = timedelta(days=2)
# Two processes that start at once would both make the first administrator: any number that nobody else locks does.
LOCK = 20101010


def first(settings: Settings) -> None:
    """See to it that somebody can open what is filed."""
    with sessions(settings.database).begin() as session:
        begin(session, settings)


def begin(session: Session, settings: Settings) -> None:
    """Where no administrator has keys yet, the first one does: whoever has the link that is a secret of this server.

    Once they have chosen a password the link opens nothing.
    """
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    keepers = select(User.id).where(User.roles.any(Role.name == "administrator"), User.public_key.is_not(None))
    if session.scalar(keepers.limit(1)) is None:
        desks = sorted(read(settings.content).routing.desks)
        link(session, FIRST, "administrator", desks, token=settings.first_link)


def first_link(settings: Settings) -> str | None:
    """A one-time sign-in link for the first administrator; None once somebody has chosen a password."""
    with sessions(settings.database).begin() as session:
        begin(session, settings)
        chosen = session.scalar(select(User.id).where(User.password.is_not(None)).limit(1))
        user = session.scalar(select(User).where(User.email == FIRST, User.active))
        if chosen or user is None:
            return None
        return settings.address + _offer(user, settings.first_link)


def link(
    session: Session, email: str, role: str, desks: list[str], by: Held | None = None, token: str | None = None
) -> str:
    """The path that signs ``email`` in, once; makes the person where needed. An earlier link,
    password, device, security key and session end.

    They get a new key pair, and of ``by`` the keys of the desks. Without it they wait until a colleague gives them.
    Raises desk_keys.NotHeld.
    """
    user = session.scalar(select(User).where(User.email == email)) or _new(session, email)
    user.roles = [_role(session, role)]
    user.desks, user.active, user.password = desks, True, None
    _end_sessions(session, user)
    token = token or secrets.token_urlsafe(32)
    session.flush()
    begin_keys(session, user, lambda private: boxes.lock_by_link(private, token))
    for desk in desks if by else ():
        assert by is not None
        desk_keys.give(session, by, desk, user)
    return _offer(user, token)


def begin_keys(session: Session, user: User, lock: Callable[[bytes], bytes]) -> bytes:
    """A new key pair, its private half kept as ``lock`` makes it; the private half. What they held is lost."""
    desk_keys.take_away(session, user)
    pair = boxes.pair()
    user.public_key, user.private_locked = pair.public, lock(pair.private)
    return pair.private


def use_link(session: Session, token: str) -> tuple[User, bytes] | None:
    """Whose link it is and their private key, if not used yet and not ended; it is used now. Either is in the log."""
    query = select(User).where(User.link_hash == _hash(token), User.link_expires_at > now(), User.active)
    user = session.scalars(query.with_for_update()).one_or_none()
    if user is None or user.private_locked is None:
        audit.append(session, None, Action.SIGN_IN_FAILED)
        return None
    private = boxes.unlock_by_link(user.private_locked, token)
    user.link_hash = user.link_expires_at = None
    audit.append(session, user, Action.SIGNED_IN)
    return user, private


def remove(session: Session, held: Held, user: User) -> None:
    """Somebody leaves: their keys go, and every desk of theirs gets a new one, so that a copy opens nothing to come.

    Raises desk_keys.NotHeld unless ``held`` has the keys of all these desks.
    """
    desks: Iterable[str] = sorted(user.desks)
    user.active, user.desks, user.roles = False, [], []
    user.password = user.link_hash = user.link_expires_at = user.public_key = user.private_locked = None
    _end_sessions(session, user)
    desk_keys.take_away(session, user)
    session.flush()
    for desk in desks:
        desk_keys.renew(session, held, desk)


def _end_sessions(session: Session, user: User) -> None:
    """All of theirs, also the ones that wait for a code; and their devices open nothing any more."""
    user.fs_uniquifier = secrets.token_hex(16)
    user.tf_primary_method = user.totp_sealed = user.totp_counter = None
    session.execute(delete(WebAuthn).where(WebAuthn.user_id == user.id))


def _offer(user: User, token: str) -> str:
    user.link_hash, user.link_expires_at = _hash(token), now() + LINK_LIVES
    return f"/desk/enter/{token}"


def _new(session: Session, email: str) -> User:
    user = User(email=email, active=True, fs_uniquifier=secrets.token_hex(16), desks=[])
    session.add(user)
    return user


def _role(session: Session, name: str) -> Role:
    role = session.scalar(select(Role).where(Role.name == name))
    if role is None:
        role = Role(name=name)
        session.add(role)
    return role


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
