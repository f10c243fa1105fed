"""The desk's people, in the shape that Flask-Security wants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security.models import sqla
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base

sqla.FsModels.set_db_info(  # type: ignore[no-untyped-call]
    base_model=Base, user_table_name="user", role_table_name="role"
)


class Role(Base, sqla.FsRoleMixin):
    """administrator, operator or auditor."""

    __tablename__ = "role"


class User(Base, sqla.FsUserMixin):
    """Somebody who signs in at the desk."""

    __tablename__ = "user"

    desks: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    # SHA-256 of the one-time sign-in link not used yet.
    link_hash: Mapped[str | None]
    link_expires_at: Mapped[datetime | None]
