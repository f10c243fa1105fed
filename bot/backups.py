"""Copy the whole database into a file that only the backup's private key opens, and put such a file back.

A plain dump is never on a disk: pg_dump's words go through this process into the sealed file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psycopg
from cryptography.fernet import InvalidToken
from sqlalchemy import func, select

from bot import dumping, sealed_file
from bot.boxes import WrongKey
from bot.sealed_file import Damaged
from bot.sealing import Vault
from bot.settings import Settings
from bot.store import migrate
from bot.store.models import Contact, Report, now
from bot.store.session import sessions


class Refused(Exception):
    """What whoever is at the terminal has to know, in one sentence. Nothing was changed."""


@dataclass(frozen=True)
class Restored:
    """As of when, how much, and whether this server's FARO_KEYS and FARO_HASH_KEY are those of then."""

    made_at: str
    people: int
    reports: int
    keys_fit: bool


def backup(settings: Settings, public: bytes, target: Path) -> int:
    """Make the file, whole or not at all; how many bytes it has. Raises Refused."""
    if target.exists():
        raise Refused(f"{target} is there already, and no backup is written over another")
    try:
        with _aside(target) as file:
            sealed_file.write(file, public, _dumped(settings))
    except dumping.Failed as failure:
        raise Refused(str(failure)) from None
    except psycopg.Error:  # its words may repeat the address, with the password
        raise Refused("the database does not answer, or has no tables of Faro yet") from None
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}") from None
    return target.stat().st_size


def restore(settings: Settings, private: bytes, source: Path) -> Restored:
    """Put a backup into the empty database of the settings, all or nothing. Raises Refused."""
    try:
        with source.open("rb") as file:
            made = _proven(file, private)
            if not dumping.is_empty(settings):
                raise Refused("the database is not empty: nothing is restored over what is there")
            dumping.put_back(settings, _dump_in(file, private))
    except Damaged:
        raise Refused(f"{source} is damaged or cut, or no backup of Faro") from None
    except WrongKey:
        raise Refused(f"this key does not open {source}: it is another backup's, or the file is damaged") from None
    except dumping.Failed as failure:
        raise Refused(str(failure)) from None
    except OSError as error:
        raise Refused(f"{source} cannot be read: {error.strerror}") from None
    migrate.upgrade(settings.database)
    return _restored(settings, str(made["made_at"]))


# The file.


@contextmanager
def _aside(target: Path) -> Iterator[BinaryIO]:
    """A file beside the target, for the owner alone, which takes its name when it is whole and on the disk."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(target)
    finally:
        Path(name).unlink(missing_ok=True)


def _proven(file: BinaryIO, private: bytes) -> dict[str, str]:
    """What stands in front of the dump; the whole file has been read, so that nothing begins with half of one."""
    pieces = sealed_file.read(file, private)
    made: dict[str, str] = json.loads(next(pieces, b"{}"))
    for _ in pieces:
        pass
    if not migrate.knows(made.get("revision", "")):
        raise Refused("this backup is of a newer Faro, or of none: update first")
    return made


def _dump_in(file: BinaryIO, private: bytes) -> Iterator[bytes]:
    file.seek(0)
    pieces = sealed_file.read(file, private)
    next(pieces)
    return pieces


# The database.


def _dumped(settings: Settings) -> Iterator[bytes]:
    yield json.dumps({"revision": dumping.revision(settings), "made_at": f"{now():%Y-%m-%d %H:%M} UTC"}).encode()
    yield from dumping.dump(settings, sealed_file.PIECE)


def _restored(settings: Settings, made_at: str) -> Restored:
    with sessions(settings.database, pool=1)() as session:
        people, reports = (session.scalar(select(func.count()).select_from(t)) or 0 for t in (Contact, Report))
        contact = session.scalars(select(Contact).limit(1)).first()
    return Restored(made_at, people, reports, contact is None or _fits(settings, contact))


def _fits(settings: Settings, contact: Contact) -> bool:
    vault = Vault.of(settings.keys, settings.hash_key)
    try:
        return vault.fingerprint(contact.channel, vault.open(contact.address_sealed)) == contact.address_hash
    except InvalidToken:
        return False
