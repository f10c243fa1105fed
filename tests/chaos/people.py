"""Who writes: talks from tests/conversations/, recorded on a quiet day, and people who have them once more."""

from __future__ import annotations

import random
import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import yaml

from bot.commands import command_in
from bot.content import Content
from tests.chaos.house import House, rows
from tests.chaos.providers import Heard, NotTaken, Phone, Providers
from tests.conftest import wait_until

TALKS = Path(__file__).parents[1] / "conversations"
CHANNELS = ("sms", "whatsapp", "telegram")
LONGEST_LINE = 300
AT_ONCE = 30  # people who write at the same time
# A case number; and with it what else each report has of its own: the receipt, the fingerprint of the proof.
CASE = re.compile(r"\b[2-9A-Z]{3}-[2-9A-Z]{3}\b")
OF_EACH = re.compile(rf"{CASE.pattern}|\b[2-9A-Z]{{4}}-[2-9A-Z]{{4}}-[2-9A-Z]{{2}}\b|\b[0-9a-f]{{16}}\b")

ANSWERED = """SELECT i.answered_at IS NOT NULL AND EXISTS (SELECT 1 FROM outbound o WHERE o.inbound_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM outbound o WHERE o.contact_id = i.contact_id AND o.status IN ('waiting', 'sending'))
    FROM inbound i WHERE i.provider_id = %s"""
REPORTS = "SELECT count(*) FROM report r JOIN inbound i ON i.id = r.inbound_id WHERE i.provider_id = ANY(%s)"


@dataclass(frozen=True)
class Talk:
    """What is said on a channel and, once recorded, what is heard after each line and how many reports it files."""

    name: str
    channel: str
    prefix: str
    lines: tuple[str, ...]
    heard: tuple[tuple[str, ...], ...] = ()
    reports: int = 0

    def phone(self, number: int) -> Phone:
        return Phone(self.channel, f"{self.prefix}{number:05}")


@dataclass(frozen=True)
class Person:
    """``at_once``: writes all lines without waiting. ``again``: of each line, after how many seconds it is brought a
    second time though it had been taken (None: not)."""

    phone: Phone
    talk: Talk
    at_once: bool
    again: tuple[float | None, ...]


@dataclass
class Life:
    """What became of a person; ``waited_for``: the line that was not answered, or not even taken, in time."""

    person: Person
    said: list[str] = field(default_factory=list)
    waited_for: str | None = None


def talks(content: Content, chance: random.Random, number: int) -> list[Talk]:
    """So many of them, each on one channel; two of three are reports."""
    plain_ones = [talk for talk in _written() if _is_plain(content, talk.lines)]
    reports = [talk for talk in plain_ones if len(talk.lines) >= 6]
    others = [talk for talk in plain_ones if 1 < len(talk.lines) < 6]
    picked = [*chance.sample(reports, number * 2 // 3), *chance.sample(others, number - number * 2 // 3)]
    return [replace(talk, channel=CHANNELS[i % len(CHANNELS)]) for i, talk in enumerate(picked)]


def _written() -> Iterator[Talk]:
    """Those that are words alone."""
    for name in ("reports", "questions"):
        for talk in yaml.safe_load((TALKS / f"{name}.yml").read_text("utf-8")):
            lines = tuple(str(step.get("says", "")) for step in talk["talk"])
            if all(lines):
                yield Talk(talk["name"], "", str(talk.get("number", "+525512300000"))[:-5], lines)


def _is_plain(content: Content, lines: Sequence[str]) -> bool:
    """Without STOP and its like, after which there is less to hear; short enough for an SMS."""
    acts = [command_in(line, content.commands) for line in lines]
    return not set(acts) & {"stop", "clear", "start"} and max(map(len, lines)) < LONGEST_LINE


def people(talked: Sequence[Talk], chance: random.Random, number: int, first: int = 1000) -> list[Person]:
    """One in four writes all at once; a quarter of all messages is brought twice. ``first``: of their numbers."""
    found = []
    for i in range(number):
        talk = talked[i % len(talked)]
        again = tuple(chance.choice((None, None, None, chance.uniform(0, 4))) for _ in talk.lines)
        found.append(Person(talk.phone(first + i), talk, i % 4 == 3, again))
    return found


def record(house: House, providers: Providers, talked: Sequence[Talk]) -> list[Talk]:
    """Have each talk once while nothing is wrong."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda i: _recorded(house, providers, talked[i], i), range(len(talked))))


def _recorded(house: House, providers: Providers, talk: Talk, number: int) -> Talk:
    phone, heard, said = talk.phone(number), [], []
    for line in talk.lines:
        known = len(providers.heard[phone])
        said.append(providers.brings(phone, line))
        wait_until(partial(_is_answered, house, said[-1]), f"the answer to «{line}»", 300)
        heard.append(tuple(plain(one.text) for one in providers.heard[phone][known:]))
    (filed,) = rows(house.settings.database, REPORTS, [said])
    return replace(talk, heard=tuple(heard), reports=int(str(filed[0])))


def _is_answered(house: House, name: str) -> bool:
    return rows(house.settings.database, ANSWERED, [name]) == [(True,)]


def live(providers: Providers, person: Person, sorry: Sequence[str], patience: float) -> Life:
    """Say the lines, one after the other as they are answered, or all at once."""
    life, due = Life(person), 0
    for line, again, answer in zip(person.talk.lines, person.again, person.talk.heard, strict=True):
        try:
            life.said.append(providers.brings(person.phone, line, again))
        except NotTaken:
            life.waited_for = line
            return life
        due += len(answer)
        if not person.at_once and not _hears(providers, person.phone, due, sorry, patience):
            life.waited_for = line
            return life
    return life


def _hears(providers: Providers, phone: Phone, due: int, sorry: Sequence[str], patience: float) -> bool:
    until = time.monotonic() + patience
    while len(without_sorry(list(providers.heard[phone]), sorry)) < due:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def without_sorry(heard: Sequence[Heard], sorry: Sequence[str]) -> list[Heard]:
    """But for what is said while a part of Faro is away."""
    return [one for one in heard if not is_sorry(one.text, sorry)]


def is_sorry(text: str, sorry: Sequence[str]) -> bool:
    return plain(text).startswith(tuple(sorry))


def sorry_in(content: Content) -> list[str]:
    """How "I cannot answer now" begins, in each language and as an SMS has it too."""
    return [plain(words["engine_down"])[:40] for words in content.phrases.values()]


def plain(text: str) -> str:
    """As it is compared: without what each report has of its own, and without the accents that an SMS lacks."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return OF_EACH.sub("#", bare)
