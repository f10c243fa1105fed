"""What has to be true afterwards, seen from the phones and from the database; each promise by itself."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.runtime import Runtime
from tests.chaos.house import Death, rows
from tests.chaos.people import CASE, Life, is_sorry, plain, without_sorry
from tests.chaos.providers import Heard, Phone, Providers

# So long before its worker or its database was killed the answer to a part may not have been written down yet.
IN_HAND = 3.0

TAKEN = "SELECT provider_id, answered_at IS NOT NULL FROM inbound WHERE contact_id = %s ORDER BY id"
SENT = "SELECT provider_id, status, inbound_id, kind FROM outbound WHERE contact_id = %s ORDER BY id"
REPORTS = "SELECT number, inbound_id FROM report WHERE contact_id = %s"
JOBS = """SELECT task_name, status::text, coalesce(lock, queueing_lock, '') FROM procrastinate_jobs
    WHERE status = 'doing' OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at < now() + interval '1 hour')
    AND task_name IN ('faro:answer', 'faro:deliver'))"""
OPEN = """SELECT (SELECT count(*) FROM inbound WHERE answered_at IS NULL)
    + (SELECT count(*) FROM outbound WHERE status IN ('waiting', 'sending'))"""


@dataclass(frozen=True)
class Checked:
    """One promise: how much was looked at, and what broke it."""

    promise: str
    looked_at: int
    broken: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """All that a run has left behind."""

    runtime: Runtime
    providers: Providers
    lives: Sequence[Life]
    deaths: Sequence[Death]
    sorry: Sequence[str]

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        return rows(self.runtime.settings.database, query, values)

    def contact(self, phone: Phone) -> uuid.UUID | None:
        address = phone.number[1:] if phone.channel == "telegram" else phone.number
        found = self.runtime.vault.fingerprint(phone.channel, address)
        known = self.ask("SELECT id FROM contact WHERE channel = %s AND address_hash = %s", phone.channel, found)
        return uuid.UUID(str(known[0][0])) if known else None

    def may_be_lost(self, heard: Heard) -> bool:
        """Whether Faro may never have learnt that the provider took it."""
        away = [death for death in self.deaths if death.name in ("worker", "postgres")]
        return not heard.answered or any(death.at - IN_HAND < heard.at < death.up_at for death in away)


def settled(evidence: Evidence, patience: float) -> None:
    """Wait until nothing is under way, or for so many seconds: what is then still open is stuck."""
    until = time.monotonic() + patience
    while time.monotonic() < until and (evidence.ask(OPEN) != [(0,)] or evidence.ask(JOBS)):
        time.sleep(0.5)


def check(evidence: Evidence) -> list[Checked]:
    each: dict[str, Callable[[Evidence, Life], Iterator[str]]] = {
        "every message is taken in once, in order, and answered": _taken,
        "every message is answered once, in order, as on a quiet day": _answered,
        "no part is sent twice that the provider had taken": _sent,
        "every report is filed once, and its number told": _filed,
    }
    made = [_checked(evidence, promise, broken) for promise, broken in each.items()]
    stuck = tuple(_stuck(evidence))
    jobs = evidence.ask("SELECT count(*) FROM procrastinate_jobs")
    return [*made, Checked("no job is stuck", int(str(jobs[0][0])), stuck)]


def _checked(evidence: Evidence, promise: str, broken: Callable[[Evidence, Life], Iterator[str]]) -> Checked:
    found = [
        f"{life.person.phone.channel} {life.person.phone.number}: {what}"
        for life in evidence.lives
        for what in broken(evidence, life)
    ]
    return Checked(promise, len(evidence.lives), tuple(found))


def _taken(evidence: Evidence, life: Life) -> Iterator[str]:
    kept = evidence.ask(TAKEN, evidence.contact(life.person.phone))
    names = [str(name) for name, _ in kept]
    if len(names) > len(life.said):
        yield f"{len(life.said)} messages became {len(names)}: one was taken in twice"
    elif missing := [i + 1 for i, name in enumerate(life.said) if name not in names]:
        yield f"acknowledged and lost: message {', '.join(map(str, missing))} of {len(life.said)}"
    elif names != life.said:
        yield "taken in another order than they were written"
    if waiting := [i + 1 for i, (_, answered) in enumerate(kept) if not answered]:
        yield f"never answered: message {', '.join(map(str, waiting))}"
    if life.waited_for:
        yield f"waited in vain after «{life.waited_for}»"


def _answered(evidence: Evidence, life: Life) -> Iterator[str]:
    heard = without_sorry(evidence.providers.heard[life.person.phone], evidence.sorry)
    once = [plain(one.text) for one in heard if not _is_first_of_two(evidence, heard, one)]
    wanted = [text for answer in life.person.talk.heard[: len(life.said)] for text in answer]
    if once == wanted:
        return
    lost, more = Counter(wanted) - Counter(once), Counter(once) - Counter(wanted)
    for text in lost:
        yield f"not heard: «{_short(text)}»"
    for text in more:
        yield f"heard {'once too often' if text in wanted else 'and never recorded'}: «{_short(text)}»"
    if not lost and not more:
        yield "heard in another order than it was recorded"


def _is_first_of_two(evidence: Evidence, heard: Sequence[Heard], one: Heard) -> bool:
    """The one repeat that is documented: on Telegram, which cannot be asked, when its answer was lost."""
    after = heard[heard.index(one) + 1 :]
    allowed = one.id.isdigit() and evidence.may_be_lost(one)
    return allowed and bool(after) and after[0].text == one.text


def _sent(evidence: Evidence, life: Life) -> Iterator[str]:
    """What a phone heard and no part of ours knows by the provider's id was sent by a try that was forgotten."""
    phone = life.person.phone
    parts = evidence.ask(SENT, evidence.contact(phone))
    known, heard = {name for name, *_ in parts}, evidence.providers.heard[phone]
    for one in heard:
        if one.id not in known and not (phone.channel == "telegram" and evidence.may_be_lost(one)):
            yield f"sent twice: «{_short(one.text)}»"
    for text, times in Counter(one.text for one in heard if is_sorry(one.text, evidence.sorry)).items():
        if times > len(life.said) + 1:
            yield f"{times} times for {len(life.said)} messages: «{_short(text)}»"


def _filed(evidence: Evidence, life: Life) -> Iterator[str]:
    filed = [str(number) for number, _ in evidence.ask(REPORTS, evidence.contact(life.person.phone))]
    if len(filed) != life.person.talk.reports and not life.waited_for:
        yield f"{len(filed)} reports filed, {life.person.talk.reports} sent"
    told = {code for one in evidence.providers.heard[life.person.phone] for code in CASE.findall(one.text)}
    for number in set(filed) - told:
        yield f"filed and not told: {number}"


def _stuck(evidence: Evidence) -> Iterator[str]:
    for task, status, lock in evidence.ask(JOBS):
        yield f"{task} is {status} ({lock})"
    (left,) = evidence.ask(OPEN)
    if left != (0,):
        yield f"{left[0]} messages or parts still wait"


def _short(text: str) -> str:
    return " ".join(text.split())[:60]
