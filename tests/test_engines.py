"""Several engines: a contact always goes to the same one while it lives, and goes on with another when it dies."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.engine import Context, Engine
from bot.runtime import Runtime
from bot.settings import ROOT, Settings
from bot.up import answers, procfile
from tests.conftest import Process, free_port
from tests.talk import Phone

# For the engine's own Python.
SAME_RULES = """
import sys
from engine import absent
absent.install()
from engine import rules as ours
from rasa.core.agent import Agent
from rasa.core.policies.rule_policy import RulePolicy

rasas = RulePolicy._get_possible_keys
nodes = Agent.load(sys.argv[1]).processor.graph_runner._instantiated_nodes.values()
policy = next(node._component for node in nodes if isinstance(node._component, RulePolicy))
asked = 0
for lookup in (policy.lookup["rules"], policy.lookup["rules_for_loop_unhappy_path"]):
    for key in lookup:
        steps = policy._rule_key_to_state(key)
        for states in (steps, steps[-1:], [{}, *steps], steps[:-1], [{}], []):
            assert ours._possible_keys(policy, lookup, states) == rasas(policy, lookup, states), states
            asked += 1
print(asked)
"""


@pytest.fixture(scope="module")
def second(settings: Settings, engine: Process) -> Iterator[Process]:
    """Another engine on the same database."""
    port = free_port()
    given = settings.model_copy(update={"engine_port": port})
    process = Process("engine", given, lambda: answers("127.0.0.1", port, "/webhooks/faro/"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def both(runtime: Runtime, engine: Process, second: Process, actions: Process) -> Runtime:
    urls = [*engine.settings.engine_urls, *second.settings.engine_urls]
    return replace(runtime, engine=Engine(urls, runtime.settings.engine_token))


def test_two_are_started_on_ports_of_their_own_and_share_the_cores(settings: Settings) -> None:
    programs = procfile(settings.model_copy(update={"engines": 2}))
    assert f"FARO_ENGINE_PORT={settings.engine_port} " in programs["engine"]
    assert f"FARO_ENGINE_PORT={settings.engine_port + 1} " in programs["engine2"]
    assert "OMP_NUM_THREADS" in programs["engine"] and "OMP_NUM_THREADS" not in procfile(settings)["engine"]


def test_a_contact_goes_to_the_same_one_and_all_to_both() -> None:
    engine = Engine(["http://127.0.0.1:1/", "http://127.0.0.1:2/"], "token")
    people = [uuid.uuid4() for _ in range(200)]
    first = [engine._nearest(person)[0].base_url for person in people]
    assert first == [engine._nearest(person)[0].base_url for person in people]
    assert 60 < first.count(first[0]) < 140


def test_nothing_that_rasa_brings_and_we_do_not_use_is_loaded(engine: Process) -> None:
    """It was half of the start and of the memory (engine/absent.py)."""
    assert engine.running
    mapped = Path(f"/proc/{engine.running.pid}/maps").read_text()
    assert "sklearn" in mapped and "tensorflow" not in mapped and "matplotlib" not in mapped


def test_of_the_rules_those_are_found_that_rasa_finds(model: Path) -> None:
    """engine/rules.py asks it only of those that can fit."""
    command = [str(ROOT / ".venv-engine/bin/python"), "-W", "ignore", "-c", SAME_RULES, str(model)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout.split()[-1]) > 1000, done.stderr[-500:]


def test_a_report_goes_on_with_the_other_engine_when_its_own_dies(
    both: Runtime, engine: Process, second: Process
) -> None:
    person = Phone(both, "+5255", "es")
    person.says("me robaron en tapachula")
    own = both.engine._nearest(person.contact)[0].base_url.port
    dying = engine if own == engine.settings.engine_port else second
    dying.kill()
    try:
        person.says("no")
        bubbles = person.says("ayer")
        assert {bubble.kind for bubble in bubbles} == {"reply"}, "nobody is told of it"
        assert "qué pasó" in bubbles[-1].text.lower()
    finally:
        dying.start()
    assert both.engine._nearest(person.contact)[0].base_url.port == own
    person.says("me quitaron el telefono")
    assert "menor" in person.last[-1].text


def test_the_answer_to_a_message_is_the_same_from_either(both: Runtime) -> None:
    """So that one whose engine died after it had saved the turn is not worked twice."""
    person = Phone(both, "+5255", "es")
    person.says("hola")
    context = Context(inbound=10**9, language="es")
    first, other = (
        Engine(str(client.base_url), both.settings.engine_token) for client in both.engine._nearest(person.contact)
    )
    answer = first.ask(person.contact, "me robaron en tapachula", context)
    assert answer.form == "report_form" and other.ask(person.contact, "me robaron en tapachula", context) == answer
