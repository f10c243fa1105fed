"""Sessions with the database."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

Sessions = sessionmaker[Session]


def connect(database: str, pool: int = 10) -> Engine:
    """An engine for a libpq address (``postgresql://...``); connections that died are noticed and replaced.

    Its errors never carry the values of a statement, as those may be somebody's words.
    """
    _, _, rest = database.partition("://")
    url = f"postgresql+psycopg://{rest}"
    return create_engine(
        url,
        pool_size=pool,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5},
    )


def sessions(database: str, pool: int = 10) -> Sessions:
    return sessionmaker(connect(database, pool), expire_on_commit=False)
