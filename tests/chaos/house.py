"""Faro's processes, and whoever starts again what dies, as supervisord does; PostgreSQL is one of them, and its own."""

from __future__ import annotations

import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from bot.runtime import Runtime, start
from bot.settings import Settings
from bot.store import migrate
from bot.up import answers
from tests.conftest import Process, free_port, wait_until
from tests.keeper import keeper

KILLED = ("gateway", "worker", "engine", "actions", "postgres")
# supervisord takes a process for started after a second; one that dies at once is not started more often than that.
PAUSE = 1.0
LONGEST_START = 300  # seconds; the engine takes ten, unless others want the cores


@dataclass(frozen=True)
class Death:
    """``up_at``: when it answered again; both in monotonic seconds."""

    name: str
    at: float
    up_at: float


def own(given: Settings, var: Path) -> Settings:
    """The same secrets with a database, logs and ports of their own; a database that is given is left alone."""
    ports = {f"{name}_port": free_port() for name in ("gateway", "engine", "actions", "postgres")}
    return given.model_copy(update={"var": var, "database_url": None, "telegram_secret": uuid.uuid4().hex} | ports)


class House:
    """Use it as a context: on entering all have answered once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.worker_before: int = 0
        ready = _ready(settings) | {"worker": lambda: self._newest_worker() > self.worker_before}
        self.parts = {name: Process(name, settings, when) for name, when in ready.items()}
        self.by_itself: list[Death] = []
        self._wanted = threading.RLock()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.callback(self._stop)
            self._start()
            started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()
        self._stop()

    def _start(self) -> None:
        self.parts["postgres"].start()
        migrate.upgrade(self.settings.database)
        self.runtime: Runtime = start(self.settings)
        keeper(self.runtime)
        for name, part in self.parts.items():
            if name != "postgres":
                part.begin()
        self.all_up()
        self._watcher.start()

    def _stop(self) -> None:
        """All that run, the database as the last."""
        running = [part for part in reversed(self.parts.values()) if hasattr(part, "running")]
        for part in running:
            if part.name == "postgres":  # a smart shutdown would wait for the connections of this very process
                part.running.send_signal(signal.SIGINT)
                part.running.wait(30)
            else:
                part.stop()

    def kill(self, name: str) -> Death:
        """SIGKILL; returns when it answers again."""
        part = self.parts[name]
        with self._wanted:
            at = time.monotonic()
            part.kill()
            time.sleep(PAUSE)
            self._begin(part)
        self.all_up()
        return Death(name, at, time.monotonic())

    def all_up(self) -> None:
        for name, part in self.parts.items():
            wait_until(part.ready, name, LONGEST_START)

    def started_as(self, name: str, *options: str) -> None:
        """Start it again, changed by tests/chaos/launch.py, unless it is so already; no options: as it should be."""
        part = self.parts[name]
        command = Process(name, self.settings, part.ready).command
        if options:
            command = [sys.executable, "-m", "tests.chaos.launch", name, *options]
        if command != part.command:
            with self._wanted:
                part.stop()
                part.command = command
                self._begin(part)
        self.all_up()

    def _begin(self, part: Process) -> None:
        if part.name == "worker":
            self.worker_before = max(self.worker_before, self._newest_worker())
        part.begin()

    def _newest_worker(self) -> int:
        """A worker has no address to ask; it writes itself down when it begins to work."""
        try:
            with psycopg.connect(self.settings.database, connect_timeout=2) as connection:
                found = connection.execute("SELECT max(id) FROM procrastinate_workers").fetchone()
        except psycopg.Error:
            return 0
        return int(found[0] or 0) if found else 0

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            with self._wanted:
                for name, part in self.parts.items():
                    if part.running.poll() is not None:
                        at = time.monotonic()
                        self._over.wait(PAUSE)
                        self._begin(part)
                        self.by_itself.append(Death(name, at, time.monotonic()))


def _ready(settings: Settings) -> dict[str, Callable[[], bool]]:
    """Who has an address, in the order in which they are started; the worker comes after them."""
    return {
        "postgres": lambda: _connects(settings.database),
        "engine": lambda: answers("127.0.0.1", settings.engine_port, "/webhooks/faro/"),
        "actions": lambda: answers("127.0.0.1", settings.actions_port, "/health"),
        "gateway": lambda: answers("127.0.0.1", settings.gateway_port, "/health"),
    }


def _connects(database: str) -> bool:
    try:
        with psycopg.connect(database, connect_timeout=2) as connection:
            return connection.execute("SHOW fsync").fetchone() == ("on",)
    except psycopg.OperationalError:
        return False


def rows(database: str, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
    """What a query gives; asked again for a while, as the database may just be away."""
    until = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(database, connect_timeout=2) as connection:
                return connection.execute(query.encode(), values).fetchall()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
