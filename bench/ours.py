"""Faro as `faro up` runs it, on a database, ports and secrets of its own, between made-up providers."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bot import conversation
from bot.runtime import Runtime, start
from bot.settings import Settings
from bot.training import ensure_model
from bot.up import answers
from tests.conftest import Process, free_port, made_up, server, wait_until
from tests.fakes.twilio import FakeTwilio
from tests.talk import Phone

ACCOUNT, TOKEN = "AC" + "1" * 32, "0123456789abcdef0123456789abcdef"
PUBLIC = "https://faro.example"


@dataclass(frozen=True)
class Faro:
    """Its gateway, engine and action server are running; the worker only where a measure asks for it."""

    runtime: Runtime
    twilio: FakeTwilio
    processes: dict[str, Process]

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    def says(self, phone: Phone, text: str) -> None:
        """One message stored and answered, with all that a turn writes; in this process, by the worker's own code."""
        phone.stores("text", text=text)
        conversation.answer(self.runtime, phone.contact)

    def memory(self) -> float:
        """MB of all processes but the database."""
        return sum(memory(process.running.pid) for process in self.processes.values())


@contextmanager
def running() -> Iterator[Faro]:
    """All of it, and gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        given = made_up(Path(folder))
        ensure_model(given, print)
        port = free_port()
        twilio = stack.enter_context(
            FakeTwilio(ACCOUNT, TOKEN, gateway_url=f"http://127.0.0.1:{port}", public_url=PUBLIC)
        )
        settings = given.model_copy(
            update={"database_url": stack.enter_context(server(given)), "gateway_port": port, "public_url": PUBLIC}
            | {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_api": twilio.url}
            | {"twilio_sms_from": "+15005550006"}
        )
        processes = {name: Process(name, settings, lambda: True) for name in ("actions", "engine", "gateway", "worker")}
        for name, path in (("actions", "/health"), ("engine", "/webhooks/faro/"), ("gateway", "/health")):
            at = getattr(settings, f"{name}_port")
            processes[name].ready = lambda at=at, path=path: answers("127.0.0.1", at, path)  # type: ignore[misc]
            stack.callback(processes[name].stop)
            processes[name].start()
        yield Faro(start(settings), twilio, processes)


@contextmanager
def working(faro: Faro) -> Iterator[None]:
    """With the worker."""
    worker = faro.processes["worker"]
    with faro.runtime.sessions.begin() as session:
        session.execute(text("DELETE FROM procrastinate_workers"))  # those of before
    worker.start()
    try:
        wait_until(lambda: _serves(faro), "the worker", 120)
        yield
    finally:
        worker.stop()


def _serves(faro: Faro) -> bool:
    with faro.runtime.sessions() as session:
        return bool(session.scalar(text("SELECT EXISTS (SELECT FROM procrastinate_workers)")))


def memory(pid: int) -> float:
    """MB of a process and its children, what they share counted once (PSS)."""
    own = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = int(next(line for line in own.splitlines() if line.startswith("Pss:")).split()[1]) / 1024
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return found + sum(memory(int(child)) for child in children if os.path.exists(f"/proc/{child}"))
