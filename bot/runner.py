"""supervisord as the process runner: started with the Procfile's processes, watched, and ended with all of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from bot.postgres import CannotStart
from bot.settings import Settings

LONGEST_STOP = 60  # seconds

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
_libc = ctypes.CDLL(None)


class Stop(BaseException):
    """Somebody wants us to stop. No Exception, so that nobody on the way takes it for an error."""


# Where the signal comes while an object is being finalised, Python prints what is raised and goes on: so `watch` looks.
_asked = threading.Event()


def say(line: str, to: TextIO | None = None) -> None:
    # the terminal may be gone by the time we stop
    with contextlib.suppress(OSError):
        print(line, file=to, flush=True)


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
        self.settings, self.programs = settings, programs
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
        """Say who died since the last look. Raises Stop where it was asked for and got lost, CannotStart."""
        if _asked.is_set():
            raise Stop
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


def listen_for_stop() -> None:
    # whatever a killed process leaves behind becomes our child, so that we can end it
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)

    def stop(number: int, frame: object) -> None:
        _stop_listening()
        _asked.set()
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
