"""The real parts, started once: PostgreSQL, the model, the engine, the action server. Only the wire is ours."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from bot import postgres, training
from bot.runtime import Runtime, start
from bot.settings import ROOT, Settings
from bot.store import migrate
from bot.up import answers
from tests.keeper import keeper
from tests.talk import Phone


def free_port(row: int = 1) -> int:
    """A port that nobody has, the first of so many in a row."""
    for _ in range(100):
        with ExitStack() as held:
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with suppress(OSError):
                for beside in range(port + 1, port + row):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", beside))
                return port
    raise AssertionError(f"no {row} free ports in a row")


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"{what} was not ready after {seconds:.0f} s"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a Faro of its own: free ports, fresh secrets, nothing of the developer's environment."""
    for name in [n for n in os.environ if n.startswith("FARO_")]:
        del os.environ[name]
    return made_up(tmp_path_factory.mktemp("var"))


def made_up(var: Path) -> Settings:
    ports = {f"{name}_port": free_port() for name in ("gateway", "engine", "actions", "postgres")}
    secrets = {n: uuid.uuid4().hex for n in ("hash_key", "secret_key", "password_salt", "engine_token", "first_link")}
    return Settings.model_validate(
        {"var": var, "keys": Fernet.generate_key().decode()} | {"postgres_password": uuid.uuid4().hex} | ports | secrets
    )


@pytest.fixture(scope="session")
def database(given: Settings) -> Iterator[str]:
    """A PostgreSQL with our schema: ours, or a database of its own on the server of DATABASE_URL."""
    with server(given) as address:
        yield address


@contextmanager
def server(given: Settings) -> Iterator[str]:
    if given.database_url:
        yield from _on_given_server(given)
        return
    server = subprocess.Popen(postgres.prepare(given), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _connects(given.database), "PostgreSQL")
        migrate.upgrade(given.database)
        yield given.database
    finally:
        server.send_signal(2)
        server.wait(30)


def _on_given_server(given: Settings) -> Iterator[str]:
    name = f"faro_test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(given.database, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        address = given.database.rpartition("/")[0] + f"/{name}"
        migrate.upgrade(address)
        yield address
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _connects(database: str) -> bool:
    try:
        psycopg.connect(database, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def settings(given: Settings, database: str) -> Settings:
    return given.model_copy(update={"database_url": database})


@pytest.fixture(scope="session")
def runtime(settings: Settings) -> Runtime:
    made = start(settings)
    keeper(made)
    return made


@pytest.fixture(scope="session")
def model(settings: Settings) -> Path:
    """Trained once, and again only when the examples or rules have changed."""
    return training.ensure_model(settings, lambda line: print(line, file=sys.stderr))


class Process:
    """One of Faro's processes, as the Procfile starts it; can be killed and started again."""

    def __init__(self, name: str, settings: Settings, ready: Callable[[], bool], **environment: str) -> None:
        line = next(x for x in (ROOT / "Procfile").read_text().splitlines() if x.startswith(f"{name}:"))
        self.command = line.partition(":")[2].split()
        self.name, self.settings, self.ready = name, settings, ready
        self.environment = environment
        self.log = settings.var / f"{name}.log"

    def start(self) -> None:
        self.begin()
        wait_until(self._is_ready, self.name, 300)  # an engine on a machine with other work

    def _is_ready(self) -> bool:
        assert self.running.poll() is None, f"{self.name} has ended: {self.log}"
        return self.ready()

    def begin(self) -> None:
        """Without waiting until it is ready."""
        with self.log.open("a") as log:
            self.running = subprocess.Popen(
                self.command, cwd=ROOT, env=self.settings.environment() | self.environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self.running.kill()
        self.running.wait()

    def stop(self) -> None:
        self.running.terminate()
        try:
            self.running.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


def _running(process: Process) -> Iterator[Process]:
    try:
        process.start()
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="session")
def tidied(settings: Settings) -> None:
    """The tests before have left people and jobs by the thousand, which the worker would serve first."""
    tidy(settings)


def tidy(settings: Settings) -> None:
    with psycopg.connect(settings.database) as connection:
        connection.execute("TRUNCATE contact, procrastinate_jobs CASCADE")


@pytest.fixture(scope="session")
def actions(settings: Settings, tidied: None) -> Iterator[Process]:
    port = settings.actions_port
    yield from _running(Process("actions", settings, lambda: answers("127.0.0.1", port, "/health")))


@pytest.fixture(scope="session")
def engine(settings: Settings, model: Path) -> Iterator[Process]:
    port = settings.engine_port
    ready = lambda: answers("127.0.0.1", port, "/webhooks/faro/")  # noqa: E731
    yield from _running(Process("engine", settings, ready))


@pytest.fixture(scope="session")
def gateway(settings: Settings) -> Iterator[Process]:
    port = settings.gateway_port
    yield from _running(Process("gateway", settings, lambda: answers("127.0.0.1", port, "/health")))


@pytest.fixture(scope="module")  # not longer: another worker may have other channels
def worker(settings: Settings, tidied: None) -> Iterator[Process]:
    with psycopg.connect(settings.database) as connection:
        connection.execute("DELETE FROM procrastinate_workers")  # those of before
    yield from _running(Process("worker", settings, lambda: _serves(settings)))


def _serves(settings: Settings) -> bool:
    """Whether a worker has begun to look for jobs: to read the towns takes it a while."""
    with psycopg.connect(settings.database) as connection:
        return connection.execute("SELECT 1 FROM procrastinate_workers").fetchone() is not None


@pytest.fixture
def phone(runtime: Runtime, engine: Process, actions: Process) -> Callable[..., Phone]:
    """A phone that talks to the real engine; each has a number of its own."""
    return lambda number="+5255", language=None, channel="web": Phone(runtime, number, language, channel)


def pytest_configure() -> None:
    """A suite begun in the background, or by nohup, ignores these, and so would all that it starts and then stops."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thousand", action="store_true", help="tests/test_thousand.py with as many as are promised")
    parser.addoption("--chaos", action="store_true", help="tests/test_chaos.py with as many as are promised")
    parser.addoption("--chaos-seed", type=int, default=1, help="which people, kills and faults tests/test_chaos.py has")


# What is measured by the clock, or takes both cores: run after all others, one at a time.
ALONE = ("test_load.py", "test_quick.py", "test_road.py", "test_understand.py", "test_install.py", "test_demo.py",
         "test_up.py", "test_growing.py", "test_flood_others.py", "test_faults.py",
         "test_chaos.py", "test_start.py")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not engine"` is the quick part: everything that needs no Rasa; `alone`: see ALONE."""
    for item in items:
        if item.path.name in ALONE:
            item.add_marker(pytest.mark.alone)
        if {"engine", "model"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.engine)
    items.sort(key=_waits_for)


def _waits_for(item: pytest.Item) -> int:
    """0: nothing; 1: the engine's environment; 2: the model, which is trained meanwhile."""
    if {"engine", "model"} & set(getattr(item, "fixturenames", ())):
        return 2
    return 1 if item.get_closest_marker("engine") else 0


def pytest_collection_finish(session: pytest.Session) -> None:
    """The model is trained, if need be, while the tests that need none are running."""
    if any(item.get_closest_marker("engine") for item in session.items) and not session.config.option.collectonly:
        nowhere = subprocess.DEVNULL  # what it says is said again to whom has to wait for it
        subprocess.Popen([ROOT / ".venv/bin/faro", "train"], cwd=ROOT, stdout=nowhere, stderr=nowhere)
