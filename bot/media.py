"""Pictures, voice messages and files that come with a message: fetched from the provider, kept with it, encrypted."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import pace
from bot.messages import NotSent, Then
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.settings import Settings
from bot.store.models import Inbound, Media

log = logging.getLogger(__name__)

LARGEST = 5 * 1024 * 1024  # bytes of one file
# What is kept, and what is said of it. Nothing that can carry a program.
KEPT = {
    "image/jpeg": "picture_kept", "image/png": "picture_kept", "image/webp": "picture_kept",
    "image/gif": "picture_kept", "image/heic": "picture_kept", "audio/ogg": "voice_kept", "audio/mpeg": "voice_kept",
    "audio/mp4": "voice_kept", "audio/aac": "voice_kept", "audio/amr": "voice_kept", "video/mp4": "file_kept",
    "video/3gpp": "file_kept", "application/pdf": "file_kept",
}  # fmt: skip
TRIES = (0.0, 0.5, 2.0)  # seconds before each


def files(vault: Vault, inbound: Inbound) -> list[dict[str, Any]]:
    """What came with a message: where each file is, its type and size."""
    body = vault.open(inbound.body_sealed)
    return list(body["media"]) if body["kind"] == "media" else []


def keep(runtime: Runtime, inbound: Inbound, files: Sequence[Mapping[str, Any]]) -> None:
    """Fetch the files of a message, each once; without them it is answered all the same."""
    with runtime.sessions() as session:
        if _kept(session, inbound):
            return
    for file in files:
        with runtime.sessions() as session:
            room = pace.has_room(session, runtime.settings, inbound.contact_id)
        if room and (data := _fetched(runtime, inbound.channel, file)) is not None:
            _store(runtime, inbound.id, _type(file), data)


def _kept(session: Session, inbound: Inbound) -> Sequence[str]:
    return session.scalars(select(Media.content_type).where(Media.inbound_id == inbound.id)).all()


def _type(file: Mapping[str, Any]) -> str:
    return str(file["type"]).partition(";")[0].strip().lower()


def _fetched(runtime: Runtime, channel: str, file: Mapping[str, Any]) -> bytes | None:
    if _type(file) not in KEPT or int(file.get("size") or 0) > LARGEST or channel not in runtime.doors:
        return None
    for pause in TRIES:
        time.sleep(pause)
        try:
            return runtime.doors[channel].fetch(file["ref"], LARGEST)
        except NotSent as error:
            log.warning("a file was not fetched: %s", error)
            if error.then not in (Then.RETRY, Then.LOOK):
                return None
    return None


def _store(runtime: Runtime, inbound: int, content_type: str, data: bytes) -> None:
    sealed = runtime.vault.seal_bytes(data)
    with runtime.sessions.begin() as session:
        session.add(Media(inbound_id=inbound, content_type=content_type, size=len(data), body_sealed=sealed))
        pace.count_file(session, inbound, len(sealed))


def note(session: Session, settings: Settings, inbound: Inbound, files: Sequence[Mapping[str, Any]]) -> str:
    """What is said of the files of a message: refused when one of them could not be kept."""
    kept = _kept(session, inbound)
    if kept and len(kept) >= len(files):
        return KEPT[kept[0]]
    return "file_refused" if pace.has_room(session, settings, inbound.contact_id) else "files_full"
