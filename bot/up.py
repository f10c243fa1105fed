"""`faro up`: check, start the Procfile's processes under supervisord, stop them in order."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import http.client
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

import psycopg
from honcho.environ import parse_procfile

from bot import postgres
from bot.postgres import CannotStart
from bot.settings import Settings

LONGEST_START = 300  # seconds; the engine takes about 20
LONGEST_STOP = 60

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
_libc = ctypes.CDLL(None)


class Stop(BaseException):
    """Somebody wants us to stop. No Exception, so that nobody on the way takes it for an error."""


def up(settings: Settings) -> int:
    """Run Faro until told to stop; the exit status. Whatever happens, no process is left behind."""
    _listen_for_stop()
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
    welcome(settings)
    while True:
        runner.watch()
        time.sleep(0.5)


def say(line: str, to: TextIO | None = None) -> None:
    # the terminal may be gone by the time we stop
    with contextlib.suppress(OSError):
        print(line, file=to, flush=True)


# What has to be there.


def procfile(settings: Settings) -> dict[str, str]:
    """Name and command of each process, in starting order; PostgreSQL only when it is ours."""
    programs = dict(parse_procfile((settings.root / "Procfile").read_text()).processes)
    if settings.database_url:
        programs.pop("postgres", None)
    return programs


def check(settings: Settings, programs: dict[str, str]) -> None:
    for command in programs.values():
        check_program(settings.root / shlex.split(command)[0])
    check_ports(settings, programs)
    if settings.database_url:
        check_database(settings)


def check_program(path: Path) -> None:
    if not path.is_file():
        raise CannotStart(f"{path} is missing: run `make install`.")


def check_ports(settings: Settings, programs: dict[str, str]) -> None:
    wanted = {
        "gateway": (settings.gateway_host, settings.gateway_port),
        "engine": ("127.0.0.1", settings.engine_port),
        "actions": ("127.0.0.1", settings.actions_port),
        "postgres": ("127.0.0.1", settings.postgres_port),
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
                f"free it or choose another with FARO_{name.upper()}_PORT."
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


# The process runner.


def configuration(programs: dict[str, str]) -> str:
    """supervisord's. (honcho stops all when one dies, and the database before its clients.)"""
    return SUPERVISORD + "".join(
        PROGRAM.format(
            name=name,
            command=command.replace("%", "%%"),
            priority=priority,
            # a smart shutdown would wait for the clients
            stopsignal="INT" if name == "postgres" else "TERM",
            stopwait=20 if name == "postgres" else 8,
        )
        for priority, (name, command) in enumerate(programs.items(), start=1)
    )


# user=root only says that we mean it; without it supervisord warns at every start.
SUPERVISORD = f"""[supervisord]
nodaemon=true
silent=true
nocleanup=true
{"user=root" if os.geteuid() == 0 else ""}
pidfile=%(here)s/supervisord.pid
logfile=%(here)s/log/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
"""

# Stopped from the highest priority down, one after another. Retries without end, each a second
# later than the last, as what a process waits for (a disk, a database) may be mended without us.
PROGRAM = """
[program:{name}]
command={command}
priority={priority}
autorestart=true
startsecs=1
startretries=1000000
stopsignal={stopsignal}
stopwaitsecs={stopwait}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=%(here)s/log/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=3
"""

EXITED = re.compile(r" exited: (\S+) \((.*); not expected\)")


class Runner:
    """supervisord: started, and watched for processes that die. `leave_nobody` stops it."""

    def __init__(self, settings: Settings, programs: dict[str, str]) -> None:
        self.logs = settings.var / "log"
        self.config = settings.var.absolute() / "supervisord.conf"
        self.settings = settings
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.config.write_text(configuration(programs))
        self.deaths: dict[str, int] = {}

    def start(self) -> None:
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.config)]
        own_log = self.logs / "supervisord.log"
        with own_log.open("a") as errors:
            self._log = own_log.open()
            self._log.seek(0, os.SEEK_END)
            # A session of its own keeps Ctrl-C from it: it stops all in order when we say so.
            self.process = subprocess.Popen(
                command,
                cwd=self.settings.root,
                env=self.settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                preexec_fn=_stop_with_parent,
            )

    def watch(self) -> None:
        """Say who died since the last look."""
        reap()
        for line in self._log:
            if died := EXITED.search(line):
                name, how = died.groups()
                self.deaths[name] = self.deaths.get(name, 0) + 1
                say(f"{name} stopped by itself ({how}) and is started again; see {self.log(name)}")
        if self.process.poll() is not None:
            raise CannotStart(f"The process runner has stopped: see {self.log('supervisord')}.")

    def log(self, name: str) -> Path:
        path = self.logs / f"{name}.log"
        root = self.settings.root
        return path.relative_to(root) if path.is_relative_to(root) else path

    def last_words(self, name: str) -> str:
        lines = (self.logs / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return f"{lines[-1].strip() if lines else 'it said nothing'} ({self.log(name)})"


def _stop_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


# The start, step by step.


def wait_until_ready(settings: Settings, runner: Runner) -> None:
    from bot.store import migrate

    wait_for({"Database": lambda: database_answers(settings)}, runner)
    migrate.upgrade(settings.database)
    # the others have waited for it
    say("Schema ready; the engine is loading the model")
    wait_for(health(settings), runner)


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


def health(settings: Settings) -> dict[str, Callable[[], bool]]:
    """For each process that has an address, how to ask whether it is ready."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    gateway = anywhere.get(settings.gateway_host, settings.gateway_host)
    return {
        "Actions": partial(answers, "127.0.0.1", settings.actions_port, "/health"),
        "Gateway": partial(answers, gateway, settings.gateway_port, "/health"),
        "Engine": partial(answers, "127.0.0.1", settings.engine_port, "/webhooks/faro/"),
    }


def answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(settings: Settings) -> None:
    from bot.desk.people import first_link

    say("\nFaro is running.")
    if settings.shows_try:
        say(f"  Try it:  {settings.address}/try")
    say(f"  Desk:    {settings.address}/desk")
    if link := first_link(settings):
        say(f"  The first administrator signs in here, once:\n           {link}")
    say(f"  Logs:    {settings.var / 'log'}\n  Stop:    Ctrl-C\n")


# The end.


def _listen_for_stop() -> None:
    # whatever a killed process leaves behind becomes our child, so that we can end it
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)

    def stop(number: int, frame: object) -> None:
        _stop_listening()
        raise Stop

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup asks to outlive the terminal; a shell's `&` also hides SIGINT, and means nothing
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def _stop_listening() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def leave_nobody() -> None:
    """Ask our children to end (supervisord ends its own in order), wait, and kill who is left."""
    _stop_listening()
    asked = family(only_children=True)
    if asked:
        say("Stopping")
    _send(signal.SIGTERM, asked)
    deadline = time.monotonic() + LONGEST_STOP
    while left := family():
        reap()
        if not set(asked) & set(left):
            deadline = min(deadline, time.monotonic() + 0.3)
        if time.monotonic() > deadline:
            _send(signal.SIGKILL, left)
        time.sleep(0.05)
    if asked:
        say("Stopped")


def family(only_children: bool = False) -> list[int]:
    """Every process that descends from this one."""
    parent = dict(parents())
    children = [pid for pid, of in parent.items() if of == os.getpid()]
    if only_children:
        return children
    found = list(children)
    for pid in found:  # grows while it is read
        found += [child for child, of in parent.items() if of == pid]
    return found


def parents() -> Iterator[tuple[int, int]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            # pid (name, which may hold anything) state parent ...
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])


def reap() -> None:
    """Take note of adopted processes that ended, or they would stay in the table."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _send(number: int, pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
