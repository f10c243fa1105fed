"""Nothing is lost and nothing is doubled, whoever dies and whatever the providers answer: docs/nothing-lost.md.

`make chaos` is the whole: 200 people, every process killed four times, Faro exactly as the Procfile starts it. With
all other tests a short form runs: 20 people, every process killed once, and a worker whose clock is hurried. The bugs
planted at the end show that the checks can fail.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.chaos import people, trouble
from tests.chaos.house import KILLED, House, own
from tests.chaos.people import Person, Talk
from tests.chaos.providers import Providers
from tests.chaos.run import run
from tests.chaos.trouble import Fault, Kill
from tests.conftest import tidy


@dataclass(frozen=True)
class Size:
    """``kills`` of each process; ``faults`` of the providers; seconds of ``patience`` with one answer."""

    people: int
    talks: int
    kills: int
    faults: int
    patience: float


SHORT, WHOLE = Size(20, 6, 1, 11, 90), Size(200, 30, 4, 66, 500)


@pytest.fixture(scope="module")
def size(pytestconfig: pytest.Config) -> Size:
    return WHOLE if pytestconfig.getoption("--chaos") else SHORT


@pytest.fixture(scope="module")
def chance(pytestconfig: pytest.Config) -> random.Random:
    return random.Random(pytestconfig.getoption("--chaos-seed"))


@pytest.fixture(scope="module")
def apart(given: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return own(given, tmp_path_factory.mktemp("chaos"))


@pytest.fixture(scope="module")
def providers(apart: Settings) -> Iterator[Providers]:
    with Providers(apart.gateway_port, apart.telegram_secret) as providers:
        yield providers


@pytest.fixture(scope="module")
def house(apart: Settings, providers: Providers, model: Path) -> Iterator[House]:
    with House(providers.connected(apart)) as house:
        yield house


@pytest.fixture(scope="module")
def recorded(house: House, providers: Providers, chance: random.Random, size: Size) -> list[Talk]:
    return people.record(house, providers, people.talks(house.runtime.shelf.content(), chance, size.talks))


def test_nothing_is_lost_and_nothing_doubled_whoever_dies(
    house: House, providers: Providers, recorded: list[Talk], chance: random.Random, size: Size
) -> None:
    assert {talk.channel for talk in recorded} == {"sms", "whatsapp", "telegram"}
    assert sum(talk.reports for talk in recorded) >= len(recorded) / 3
    if size is SHORT:
        house.started_as("worker", "--hurried")
    crowd, events = people.people(recorded, chance, size.people), trouble.draw(chance, size.kills, size.faults)
    outcome = run(house, providers, crowd, events, size.patience)
    print(f"\n{outcome.story()}")
    assert Counter(death.name for death in outcome.done.deaths) == dict.fromkeys(KILLED, size.kills)
    assert len(outcome.done.faults) == size.faults and outcome.repeated
    assert not outcome.broken, "\n".join(outcome.broken)


# The test of the test: somebody has got something wrong, and the checks say what. Each is planted by a launcher in
# tests/chaos/launch.py, not by anything in bot/.


@dataclass(frozen=True)
class Planted:
    """``patience``: long where it costs nothing, as everybody is answered sooner or later."""

    process: str
    bug: str
    events: Sequence[Kill | Fault]
    at_once: bool
    brought_again: bool
    patience: float
    promise: str
    said: str


TAKEN, ANSWERED = "every message is taken in once", "every message is answered once"
PLANTED = [
    Planted("gateway", "no_dedup", [], False, True, 90, TAKEN, "one was taken in twice"),
    Planted("gateway", "early_yes", [Kill(0.3, 0, "gateway")], False, False, 20, TAKEN, "acknowledged and lost"),
    Planted(
        "worker", "no_look", [Fault(0.1, "sms", "nothing")], False, False, 90, "no part is sent twice", "sent twice"
    ),
    Planted("worker", "no_rescue", [Kill(0.5, 0, "worker")], True, False, 20, "no job is stuck", "faro:answer is"),
    Planted("worker", "newest_first", [], True, False, 90, ANSWERED, "heard"),
]


# With all other tests only these, as each takes a minute; with `--chaos` all.
ALWAYS = ("no_dedup", "early_yes")


@pytest.fixture
def wrong(house: House, providers: Providers, planted: Planted, pytestconfig: pytest.Config) -> House:
    """Faro with the bug, and no memory of the tests before."""
    if planted.bug not in ALWAYS and not pytestconfig.getoption("--chaos"):
        pytest.skip("only with --chaos")
    providers.behave()
    providers.reports = (0,)  # from a report we learn that a part was taken, too
    tidy(house.settings)
    bug = ("--bug", planted.bug)
    house.started_as("gateway", *(bug if planted.process == "gateway" else ()))
    house.started_as("worker", "--hurried", *(bug if planted.process == "worker" else ()))
    return house


@pytest.mark.parametrize("planted", PLANTED, ids=[planted.bug for planted in PLANTED])
def test_a_planted_bug_is_found_and_named(
    wrong: House, providers: Providers, recorded: list[Talk], planted: Planted, chance: random.Random
) -> None:
    numbered = 10_000 + 100 * PLANTED.index(planted)
    crowd = [_as(person, planted) for person in people.people(recorded[:6], chance, 6, numbered)]
    outcome = run(wrong, providers, crowd, planted.events, planted.patience)
    print(f"\n{outcome.story()}")
    assert [what for what in outcome.broken if what.startswith(planted.promise) and planted.said in what]


def _as(person: Person, planted: Planted) -> Person:
    again = tuple(0.5 if planted.brought_again else None for _ in person.again)
    return replace(person, at_once=planted.at_once, again=again)
