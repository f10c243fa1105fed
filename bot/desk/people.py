"""Who works at the desks: the first administrator, operators, and one-time sign-in links."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.content import read
from bot.settings import Settings
from bot.store.audit import Action
from bot.store.models import now
from bot.store.people import Role, User
from bot.store.session import sessions

FIRST = "admin@faro.test"
LINK_LIVES = timedelta(days=2)


def first_link(settings: Settings) -> str | None:
    """A one-time sign-in link for the first administrator; None once somebody has chosen a password."""
    with sessions(settings.database).begin() as session:
        if session.scalar(select(User.id).where(User.password.is_not(None)).limit(1)):
            return None
        desks = sorted(read(settings.content).routing.desks)
        return settings.address + link(session, FIRST, "administrator", desks)


def link(session: Session, email: str, role: str, desks: list[str]) -> str:
    """The path that signs ``email`` in, once; makes the person where needed. An earlier link ends."""
    user = session.scalar(select(User).where(User.email == email)) or _new(session, email)
    user.roles = [_role(session, role)]
    user.desks = desks
    token = secrets.token_urlsafe(32)
    user.link_hash, user.link_expires_at = _hash(token), now() + LINK_LIVES
    return f"/desk/enter/{token}"


def use_link(session: Session, token: str) -> str | None:
    """The e-mail address of whose link it is, if not used yet and not ended; it is used now. Either is in the log."""
    query = select(User).where(User.link_hash == _hash(token), User.link_expires_at > now())
    user = session.scalars(query.with_for_update()).one_or_none()
    if user is None:
        audit.append(session, None, Action.SIGN_IN_FAILED)
        return None
    user.link_hash = user.link_expires_at = None
    audit.append(session, user, Action.SIGNED_IN)
    return user.email


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
