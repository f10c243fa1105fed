"""What every process of ours is handed: settings, sessions, keys, content, engine, doors. Made once, at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.channels.doors import Door, doors
from bot.content import Shelf
from bot.engine import Engine
from bot.sealing import Vault
from bot.settings import Settings
from bot.store.session import Sessions, sessions


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    sessions: Sessions
    vault: Vault
    shelf: Shelf
    engine: Engine
    doors: Mapping[str, Door]


def start(settings: Settings) -> Runtime:
    return Runtime(
        settings=settings,
        sessions=sessions(settings.database),
        vault=Vault.of(settings.keys, settings.hash_key),
        shelf=Shelf(settings.content),
        engine=Engine(settings.engine_urls, settings.engine_token),
        doors=doors(settings),
    )
