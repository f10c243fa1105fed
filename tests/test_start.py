"""From `faro up` on an installed checkout to the first answer, with every part of it real."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.settings import ROOT, Settings
from tests.channels import fresh_number
from tests.conftest import made_up, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.engine]
FIRST_ANSWER = 25.0  # seconds on two cores: issue 7
TRIES = 2  # the machine is shared: the better one counts


@contextmanager
def _up(settings: Settings) -> Iterator[None]:
    """It starts, with a database of its own; gone afterwards, and has said what it was doing."""
    said = settings.var / "said"
    given = {k: v for k, v in settings.environment().items() if k not in ("DATABASE_URL", "FARO_DATABASE")}
    with said.open("w") as out:
        process = subprocess.Popen([ROOT / ".venv/bin/faro", "up"], cwd=ROOT, env=given, stdout=out)
    try:
        yield
        wait_until(lambda: "Faro is running." in said.read_text(), "its word that it is running", 60)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert re.search(r"Database ready.*Engine ready.*Faro is running", said.read_text(), re.DOTALL)


def _first_answer(settings: Settings) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.gateway_port}", trust_env=False) as phone:
        wait_until(lambda: _answers(phone), "the page", 120)
        token = re.search(r'name="csrf-token" content="([^"]+)"', phone.get("/try/").text)
        assert token
        number, name = fresh_number(), uuid.uuid4().hex
        assert _heard(phone, number) == []  # a page shows what comes once it was opened
        words = {"kind": "text", "text": "que derechos tengo", "phone": number, "id": name}
        asked = phone.post("/try/messages", json=words, headers={"X-CSRFToken": token[1]})
        assert asked.status_code == 202, asked.text
        wait_until(lambda: any("derechos" in said for said in _heard(phone, number)), "the answer", 120)


def _answers(phone: httpx.Client) -> bool:
    try:
        return phone.get("/try/").status_code == 200
    except httpx.TransportError:
        return False


def _heard(phone: httpx.Client, number: str) -> list[str]:
    answer = phone.get("/try/messages", params={"number": number, "after": 0})
    return [message.get("text", "") for message in answer.json()["messages"]]  # also their own that arrived


def test_the_first_message_is_answered_within_25_seconds_of_the_start(model: Path, tmp_path: Path) -> None:
    settings = made_up(tmp_path)
    taken = []
    for _ in range(TRIES):
        began = time.monotonic()
        with _up(settings):
            _first_answer(settings)
            taken.append(time.monotonic() - began)
        print(f"the first answer came {taken[-1]:.1f} s after the start")
        if taken[-1] < FIRST_ANSWER:
            return
    raise AssertionError(taken)
