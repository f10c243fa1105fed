"""The desk's people, in the shape that Flask-Security wants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security.models import sqla
from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base

sqla.FsModels.set_db_info(  # type: ignore[no-untyped-call]
    base_model=Base, user_table_name="user", role_table_name="role"
)


class Role(Base, sqla.FsRoleMixin):
    """administrator, supervisor, operator, staff or auditor: see bot/desk/roles.py."""

    __tablename__ = "role"


class User(Base, sqla.FsUserMixin):
    """Somebody who signs in at the desk."""

    __tablename__ = "user"

    desks: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    # The language they chose for the desk; None: what their browser asks for.
    language: Mapped[str | None]
    # SHA-256 of the one-time sign-in link not used yet.
    link_hash: Mapped[str | None]
    link_expires_at: Mapped[datetime | None]
    # Their key pair (bot/boxes.py): the private half locked with their password, or with the link not used yet.
    public_key: Mapped[bytes | None]
    private_locked: Mapped[bytes | None]
    # The secret that their authenticator app shares with us, sealed; and the half minute (counted from 1970) whose code
    # they gave last: none is taken twice.
    totp_sealed: Mapped[bytes | None]
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def tf_totp_secret(self) -> str | None:
        """`totp_sealed`, as Flask-Security wants it: text."""
        return self.totp_sealed.decode() if self.totp_sealed else None

    @tf_totp_secret.setter
    def tf_totp_secret(self, sealed: str | None) -> None:
        self.totp_sealed = sealed.encode() if sealed else None


class WebAuthn(Base, sqla.FsWebAuthnMixin):
    """A security key or passkey of somebody: the public half alone, how often it has signed, and what they call it."""

    __tablename__ = "webauthn"

    # A key counts to 2^32.
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
