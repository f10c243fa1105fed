"""`faro up` with a Procfile of sleepers: what it says, whom it restarts, whom it leaves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import runner, up
from bot.postgres import CannotStart
from bot.settings import Settings

# The steps that need the rest of Faro are left out; starting, watching and stopping are real.
SCRIPT = """
import sys
from pathlib import Path
from bot import up
from bot.settings import Settings

root = Path(sys.argv[1])
up.train = lambda settings: None
up.wait_until_ready = lambda settings, runner: None
up.welcome = lambda settings, programs: up.say("welcome")
settings = Settings.model_validate({"root": root, "var": root / "var"})
sys.exit(up.up(settings))
"""

# One of them has a child in a session of its own, as PostgreSQL's are.
SLEEPERS = """first: /bin/sleep 1000
second: /bin/sh -c "sleep 1000 & setsid sleep 1000 & wait"
third: /bin/sleep 1000
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ports = {f"{name}_port": free_port() for name in ("gateway", "engine", "actions", "postgres")}
    (tmp_path / "Procfile").write_text("gateway: /bin/sleep 9\nengine: /bin/sleep 9\n")
    return Settings.model_validate({"root": tmp_path, "var": tmp_path / "var"} | ports)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture
def faro(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "Procfile").write_text(SLEEPERS)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout and process.stdout.readline() == "welcome\n"
    # the three, two children of the second, and supervisord
    until(lambda: len(descendants(process.pid)) == 6)
    yield process
    process.terminate()
    process.communicate()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 8
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def descendants(pid: int) -> set[int]:
    found = {child for child, parent in runner.parents() if parent == pid}
    return found.union(*(descendants(child) for child in found))


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(faro: subprocess.Popen[str], number: signal.Signals) -> None:
    started = descendants(faro.pid)
    faro.send_signal(number)
    assert faro.wait(8) == 0
    assert alive(started) == set()


# The signal comes while the last words are said, and whoever is at work then swallows what it raises.
SWALLOWED = """
def swallow(settings, programs):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        up.say("swallowed")

import os, signal
up.welcome = swallow
"""


def test_a_signal_that_was_swallowed_stops_everything_too(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "Procfile").write_text(SLEEPERS)
    script = SCRIPT.replace("settings = Settings", f"{SWALLOWED}\nsettings = Settings", 1)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=20)
    assert done.stdout.splitlines() == ["swallowed", "Stopping", "Stopped"] and done.returncode == 0


def test_ctrl_c_reaches_the_whole_group_and_twice(faro: subprocess.Popen[str]) -> None:
    started = descendants(faro.pid)
    os.killpg(faro.pid, signal.SIGINT)
    os.killpg(faro.pid, signal.SIGINT)
    assert faro.wait(8) == 0
    assert alive(started) == set()


def test_a_killed_process_is_started_again_and_we_hear_of_it(faro: subprocess.Popen[str], tmp_path: Path) -> None:
    [first] = [pid for pid in descendants(faro.pid) if command(pid) == "/bin/sleep 1000"][:1]
    time.sleep(1.2)  # until then it counts as a failed start, and waits a second longer
    os.kill(first, signal.SIGKILL)
    assert faro.stdout
    line = faro.stdout.readline()
    assert "stopped by itself (terminated by SIGKILL)" in line
    assert "var/log/" in line
    until(lambda: len(descendants(faro.pid)) == 6)


def test_when_faro_itself_is_killed_the_rest_still_ends(faro: subprocess.Popen[str]) -> None:
    started = descendants(faro.pid)
    alone = {pid for pid in started if os.getsid(pid) == pid} - supervisord(started)
    faro.kill()
    until(lambda: alive(started - alone) == set())
    for pid in alone:  # nobody could tell it; PostgreSQL's own notice that their parent is gone
        os.kill(pid, signal.SIGKILL)


def test_when_the_runner_is_killed_faro_ends_with_a_sentence(faro: subprocess.Popen[str]) -> None:
    started = descendants(faro.pid)
    [runner] = supervisord(started)
    os.kill(runner, signal.SIGKILL)
    said, _ = faro.communicate(timeout=8)
    assert faro.returncode == 1
    assert "The process runner has stopped" in said and "Traceback" not in said
    assert alive(started) == set()


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()


def supervisord(pids: set[int]) -> set[int]:
    return {pid for pid in pids if "supervisor.supervisord" in command(pid)}


def test_a_taken_port_is_named(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.engine_port))
        other.listen()
        with pytest.raises(CannotStart) as problem:
            up.check(settings, up.procfile(settings))
    assert str(settings.engine_port) in str(problem.value)
    assert "FARO_ENGINE_PORT" in str(problem.value)


def test_one_port_for_two_is_refused(settings: Settings) -> None:
    twice = settings.model_copy(update={"engine_port": settings.gateway_port})
    with pytest.raises(CannotStart, match="both"):
        up.check(twice, up.procfile(twice))


def test_a_missing_environment_is_named(settings: Settings) -> None:
    (settings.root / "Procfile").write_text("engine: .venv-engine/bin/python -m engine\n")
    with pytest.raises(CannotStart, match="make install"):
        up.check(settings, up.procfile(settings))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://faro:s3cret@127.0.0.1:1/faro", "cannot be reached"),
        ("postgresql://faro:s3cret@127.0.0.1:port/faro", "cannot be reached"),
        ("faro:s3cret", "no address of a database"),
    ],
)
def test_an_unreachable_database_is_one_sentence_without_the_password(
    settings: Settings, address: str, says: str
) -> None:
    given = settings.model_copy(update={"database_url": address})
    with pytest.raises(CannotStart, match=says) as problem:
        up.check(given, up.procfile(given))
    assert "\n" not in str(problem.value) and "s3cret" not in str(problem.value)


def test_with_a_database_given_ours_is_not_started(settings: Settings) -> None:
    (settings.root / "Procfile").write_text("postgres: x\nworker: y\n")
    given = settings.model_copy(update={"database_url": "postgresql://db/faro"})
    assert list(up.procfile(settings)) == ["postgres", "worker"]
    assert list(up.procfile(given)) == ["worker"]


def test_the_last_started_is_the_first_stopped() -> None:
    config = runner.configuration(up.procfile(Settings.model_validate({})))
    assert [line for line in config.splitlines() if line.startswith("[program")] == [
        "[program:postgres]",
        "[program:engine]",
        "[program:actions]",
        "[program:gateway]",
        "[program:worker]",
    ]
    assert config.index("priority=1\n") < config.index("stopsignal=INT") < config.index("priority=2")
