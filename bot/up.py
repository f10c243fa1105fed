"""`faro up`: check, start the Procfile's processes under supervisord, stop them in order."""

from __future__ import annotations

import errno
import http.client
import os
import shlex
import socket
import sys
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import psycopg
from honcho.environ import parse_procfile

from bot import postgres
from bot.postgres import CannotStart
from bot.runner import Runner, Stop, leave_nobody, listen_for_stop, say
from bot.settings import DEMO_PHONES, Settings

LONGEST_START = 300  # seconds; the engine takes about 20


def up(settings: Settings) -> int:
    """Run Faro until told to stop; the exit status. Whatever happens, no process is left behind."""
    listen_for_stop()
    try:
        run(settings)
    except CannotStart as problem:
        say(str(problem), to=sys.stderr)
        return 1
    except Stop:
        return 0
    finally:
        leave_nobody()
    return 0


def run(settings: Settings) -> None:
    programs = procfile(settings)
    check(settings, programs)
    if "postgres" in programs:
        if not postgres.folder(settings).exists():
            say("Making the database")
        postgres.prepare(settings)
    train(settings)
    runner = Runner(settings, programs)
    runner.start()
    wait_until_ready(settings, runner)
    welcome(settings, programs)
    while True:
        runner.watch()
        time.sleep(0.5)


# What has to be there.


def procfile(settings: Settings) -> dict[str, str]:
    """Name and command of each process, in starting order.

    PostgreSQL only when it is ours, the poll only where Telegram cannot call us, the phones only in a demonstration.
    """
    programs = dict(parse_procfile((settings.root / "Procfile").read_text()).processes)
    if settings.database_url:
        programs.pop("postgres", None)
    if not settings.polls_telegram:
        programs.pop("telegram", None)
    if not settings.demo_phones:
        programs.pop("phones", None)
    return {name: command for one in _wanted(settings, programs).items() for name, command in each(settings, *one)}


def _wanted(settings: Settings, programs: dict[str, str]) -> dict[str, str]:
    """All, or only those that FARO_ONLY names; raises CannotStart for a name that is none of them."""
    names = (settings.only or " ".join(programs)).split()
    if strange := sorted(set(names) - set(programs)):
        raise CannotStart(f"FARO_ONLY: there is no {' and no '.join(strange)} here; there are {', '.join(programs)}.")
    return {name: command for name, command in programs.items() if name in names}


def each(settings: Settings, name: str, command: str) -> list[tuple[str, str]]:
    """A program as often as it is wanted: of the engine there may be several, which then share the cores."""
    if name != "engine" or settings.engines == 1:
        return [(name, command)]
    threads = max(1, (os.cpu_count() or 1) // settings.engines)
    return [
        (engine_name(settings, port), f"env FARO_ENGINE_PORT={port} OMP_NUM_THREADS={threads} {command}")
        for port in settings.engine_ports
    ]


def engine_name(settings: Settings, port: int) -> str:
    return "engine" if port == settings.engine_port else f"engine{port - settings.engine_port + 1}"


def check(settings: Settings, programs: dict[str, str]) -> None:
    for command in programs.values():
        words = [word for word in shlex.split(command) if word != "env" and "=" not in word]
        check_program(settings.root / words[0])
    check_ports(settings, programs)
    if settings.database_url:
        check_database(settings)


def check_program(path: Path) -> None:
    if not path.is_file():
        raise CannotStart(f"{path} is missing: run `make install`.")


def check_ports(settings: Settings, programs: dict[str, str]) -> None:
    wanted = {
        "gateway": (settings.gateway_host, settings.gateway_port),
        **{engine_name(settings, port): ("127.0.0.1", port) for port in settings.engine_ports},
        "actions": ("127.0.0.1", settings.actions_port),
        "postgres": ("127.0.0.1", settings.postgres_port),
        "phones": ("127.0.0.1", settings.gateway_port + DEMO_PHONES),
    }
    given: dict[int, str] = {}
    for name, (host, port) in wanted.items():
        if name in programs:
            if given.setdefault(port, name) != name:
                raise CannotStart(f"{name} and {given[port]} are both to listen on port {port}.")
            check_port(name, host, port)


def check_port(name: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            why = f"cannot be used ({error.strerror})"
            if error.errno == errno.EADDRINUSE:
                why = "is taken by another program, or another Faro"
            raise CannotStart(
                f"Port {port} of {host}, wanted by {name}, {why}: "
                f"free it or choose another with FARO_{name.rstrip('0123456789').upper()}_PORT."
            ) from None


def check_database(settings: Settings) -> None:
    try:
        psycopg.connect(settings.database, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise CannotStart(f"The database of DATABASE_URL cannot be reached: {reason}") from None
    except psycopg.Error:  # its text may repeat the address, with the password
        raise CannotStart(
            "DATABASE_URL is no address of a database, such as postgresql://user:password@host:5432/name."
        ) from None


def train(settings: Settings) -> None:
    # as late as can be, here and below: the checks should answer at once
    from bot.training import TrainingFailed, ensure_model

    try:
        ensure_model(settings, say)
    except TrainingFailed as failure:
        raise CannotStart(f"{failure}.") from None


# The start, step by step.


def wait_until_ready(settings: Settings, runner: Runner) -> None:
    from bot.store import migrate

    wait_for({"Database": lambda: database_answers(settings)}, runner)
    migrate.upgrade(settings.database)
    # the others have waited for it
    say("Schema ready; the engine is loading the model")
    wait_for(health(settings, runner.programs), runner)


def wait_for(pending: dict[str, Callable[[], bool]], runner: Runner) -> None:
    """Look until all are ready, saying which is; give up on one that keeps dying, or on time."""
    begun = time.monotonic()
    while pending:
        for name in [name for name, ready in pending.items() if ready()]:
            del pending[name]
            say(f"{name} ready")
        runner.watch()
        for name, times in runner.deaths.items():
            if times >= 5:
                raise CannotStart(f"{name} does not stay up: {runner.last_words(name)}")
        if time.monotonic() > begun + LONGEST_START:
            late = " and ".join(pending)
            raise CannotStart(f"Not ready after {LONGEST_START} s: {late}; see {runner.logs}.")
        time.sleep(0.2)


def database_answers(settings: Settings) -> bool:
    try:
        psycopg.connect(settings.database, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if "authentication failed" in str(error):
            raise CannotStart(
                f"{postgres.folder(settings)} was made with another FARO_POSTGRES_PASSWORD: put the former .env back."
            ) from None
        return False
    return True


def health(settings: Settings, programs: Collection[str]) -> dict[str, Callable[[], bool]]:
    """For each of these processes that has an address, how to ask whether it is ready."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    gateway = anywhere.get(settings.gateway_host, settings.gateway_host)
    engines = {engine_name(settings, port): ("127.0.0.1", port, "/webhooks/faro/") for port in settings.engine_ports}
    places = {
        "actions": ("127.0.0.1", settings.actions_port, "/health"),
        "gateway": (gateway, settings.gateway_port, "/health"),
        **engines,
    }
    return {name.capitalize(): partial(answers, *at) for name, at in places.items() if name in programs}


def answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(settings: Settings, programs: Collection[str]) -> None:
    from bot.desk.people import first_link

    say("\nFaro is running.")
    if "gateway" not in programs:
        return say(f"  {', '.join(programs)}: what has an address is on another machine\n  Stop:    Ctrl-C\n")
    if settings.shows_try:
        say(f"  Try it:  {settings.address}/try")
    say(f"  Desk:    {settings.address}/desk")
    if link := first_link(settings):
        say(f"  The first administrator signs in here, once:\n           {link}")
    say(f"  Logs:    {settings.var / 'log'}\n  Stop:    Ctrl-C\n")
