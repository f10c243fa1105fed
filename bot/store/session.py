"""Sessions with the database."""

from __future__ import annotations

import select
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker

Sessions = sessionmaker[Session]


def connect(database: str, pool: int = 10) -> Engine:
    """An engine for a libpq address (``postgresql://...``); connections that died are noticed and replaced.

    Its errors never carry the values of a statement, as those may be somebody's words.
    """
    _, _, rest = database.partition("://")
    url = f"postgresql+psycopg://{rest}"
    engine = create_engine(url, pool_size=pool, hide_parameters=True, connect_args={"connect_timeout": 5})
    event.listen(engine, "checkout", _still_there)
    return engine


def _still_there(connection: Any, *_: Any) -> None:
    """A server that went away has closed its end: there is something to read. To ask it took a tenth of a webhook."""
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    if socket.poll(0):
        raise DisconnectionError


def sessions(database: str, pool: int = 10) -> Sessions:
    return sessionmaker(connect(database, pool), expire_on_commit=False)
