"""Two workers and two engines on one PostgreSQL: more is answered in a second, and each person still in order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml
from sqlalchemy import func, select

from bench.talks import talk
from bot import inbox
from bot.__main__ import main as faro
from bot.messages import Message
from bot.postgres import CannotStart
from bot.runtime import Runtime
from bot.settings import ROOT, Settings
from bot.store.models import Inbound
from bot.up import answers, procfile
from tests.conftest import Process, free_port, tidy, wait_until

PEOPLE, EACH = 40, 5
RISES = 1.2  # PostgreSQL and the action server share the two cores
TRIES = 3  # what else the machine does can only take away


CORES = sorted(os.sched_getaffinity(0))[:2]


@contextmanager
def grown(settings: Settings, engines: int) -> Iterator[Settings]:
    """So many engines, each on a core of its own, as if each core were a machine; the settings that all have."""
    given = settings.model_copy(update={"engine_port": free_port(engines), "engines": engines})
    with ExitStack() as stack:
        for core, port in enumerate(given.engine_ports):
            alone = given.model_copy(update={"engine_port": port, "engines": 1})
            ready = lambda port=port: answers("127.0.0.1", port, "/webhooks/faro/")  # noqa: E731
            _started(stack, Process("engine", alone, ready, OMP_NUM_THREADS="1"), core)
        yield given


def _started(stack: ExitStack, process: Process, core: int) -> None:
    process.command = ["taskset", "--cpu-list", str(CORES[core]), *process.command]
    stack.callback(process.stop)
    process.start()


@pytest.mark.slow
@pytest.mark.skipif(len(CORES) < 2, reason="needs two cores")
def test_two_of_each_answer_more_in_a_second_and_each_person_in_order(
    settings: Settings, runtime: Runtime, actions: Process
) -> None:
    with grown(settings, 1) as one, grown(settings, 2) as two:
        risen = []
        for _ in range(TRIES):
            single, double = _each_second(runtime, one, 1), _each_second(runtime, two, 2)
            risen.append(double / single)
            if risen[-1] > RISES:
                break
    print("two of each against one:", *(f"{ratio:.2f}" for ratio in risen))
    assert max(risen) > RISES


def _each_second(runtime: Runtime, settings: Settings, workers: int) -> float:
    """Messages answered; the processes' start is not counted."""
    tidy(settings)
    with ExitStack() as stack:
        for core in range(workers):
            _started(stack, Process("worker", settings, lambda: True), core)
        _queue(runtime, PEOPLE, 1)
        wait_until(lambda: not _waiting(runtime), "all workers", 120)
        _queue(runtime, PEOPLE, EACH)
        began = time.monotonic()
        wait_until(lambda: not _waiting(runtime), "all answers", 300)
        took = time.monotonic() - began
    _check_order(runtime)
    return PEOPLE * EACH / took


def _queue(runtime: Runtime, people: int, each: int) -> None:
    for at in range(each):
        for n in range(people):
            body = {"text": talk(n).lines[at % 4]}
            inbox.take(runtime, Message("web", str(uuid.uuid4()), f"+52551{n:07}", "text", body))


def _waiting(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(Inbound).where(Inbound.answered_at.is_(None))) or 0


def _check_order(runtime: Runtime) -> None:
    with runtime.sessions() as session:
        rows: Sequence[Inbound] = session.scalars(select(Inbound).order_by(Inbound.contact_id, Inbound.id)).all()
    for before, after in zip(rows, rows[1:], strict=False):
        assert before.contact_id != after.contact_id or before.answered_at <= after.answered_at  # type: ignore[operator]


def test_a_further_machine_starts_only_what_it_is_told_to(settings: Settings) -> None:
    more = settings.model_copy(update={"only": "engine actions worker", "engines": 2})
    assert set(procfile(more)) == {"engine", "engine2", "actions", "worker"}
    with pytest.raises(CannotStart, match="there is no engin here; there are"):
        procfile(settings.model_copy(update={"only": "engin worker"}))


def test_the_units_and_the_compose_file_name_what_there_is() -> None:
    compose = yaml.safe_load((ROOT / "deploy/compose.yml").read_text())
    names = {name for one in compose["services"].values() for name in one["environment"] if name.startswith("FARO_")}
    assert names <= {f"FARO_{name.upper()}" for name in Settings.model_fields}
    only = compose["services"]["more"]["environment"]["FARO_ONLY"]
    assert set(only.split()) <= {line.partition(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()}
    for unit in (ROOT / "deploy").glob("*.service"):
        called = re.findall(r"\.venv/bin/faro (\w+)", unit.read_text())
        assert called and set(called) <= set(faro.commands), unit.name


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in [*(ROOT / "deploy").glob("*.service"), *(ROOT / "deploy").glob("*.timer")]:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/faro/.venv/bin/faro", "/bin/true"))
    for unit in tmp_path.iterdir():
        said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True).stderr
        assert str(unit.name) not in said, said
