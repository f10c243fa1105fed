"""One run: people write, things go wrong, and afterwards it is looked at what is left of the promises."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.chaos import checks, people
from tests.chaos.checks import Checked, Evidence
from tests.chaos.house import Death, House
from tests.chaos.people import AT_ONCE, Life, Person
from tests.chaos.providers import Providers
from tests.chaos.trouble import Done, Fault, Kill, Trouble


@dataclass(frozen=True)
class Outcome:
    """``by_itself``: what died without having been killed, and was started again."""

    seconds: float
    messages: int
    repeated: int
    done: Done
    by_itself: Sequence[Death]
    checked: Sequence[Checked]

    @property
    def broken(self) -> list[str]:
        return [f"{one.promise}: {what}" for one in self.checked for what in one.broken]

    def story(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.messages} messages in {self.seconds:.0f} s, {self.repeated} of them brought twice"
        for name, times in sorted(Counter(death.name for death in self.done.deaths).items()):
            away = [death.up_at - death.at for death in self.done.deaths if death.name == name]
            yield f"  killed {name} {times} times, away for {max(away):.0f} s at most"
        for (channel, how), times in sorted(Counter((f.channel, f.how) for f in self.done.faults).items()):
            yield f"  {channel} answered {how}: {times} times"
        for name, times in sorted(Counter(death.name for death in self.by_itself).items()):
            yield f"  {name} ended by itself {times} times"
        for one in self.checked:
            yield f"  {'BROKEN' if one.broken else 'kept'}: {one.promise} ({one.looked_at} looked at)"
            yield from (f"    {what}" for what in one.broken[:10])


def run(
    house: House,
    providers: Providers,
    crowd: Sequence[Person],
    events: Sequence[Kill | Fault],
    patience: float,
) -> Outcome:
    """``patience``: how many seconds somebody waits for one answer, and how long the end may take."""
    began, repeated = time.monotonic(), providers.repeated
    house.by_itself.clear()
    sorry = people.sorry_in(house.runtime.shelf.content())
    lives, done = _lived(house, providers, crowd, events, patience, sorry)
    evidence = Evidence(house.runtime, providers, lives, [*done.deaths, *house.by_itself], sorry)
    checks.settled(evidence, patience)
    seconds, messages = time.monotonic() - began, sum(len(life.said) for life in lives)
    return Outcome(
        seconds, messages, providers.repeated - repeated, done, list(house.by_itself), checks.check(evidence)
    )


def _lived(
    house: House, providers: Providers, crowd: Sequence[Person], events: Sequence[Kill | Fault], patience: float,
    sorry: Sequence[str],
) -> tuple[list[Life], Done]:  # fmt: skip
    whole = sum(len(person.talk.lines) for person in crowd)
    over: list[bool] = []  # whoever waited in vain says no more, and what is left to go wrong does so at the end
    trouble = Trouble(house, providers, lambda: 1.0 if over else providers.taken / whole)
    providers.taken = 0
    thread = trouble.begin(events)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        lives = list(pool.map(lambda person: people.live(providers, person, sorry, patience), crowd))
    over.append(True)
    thread.join()
    if trouble.went_wrong:
        raise trouble.went_wrong
    return lives, trouble.done
