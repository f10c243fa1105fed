"""What goes wrong, and when: drawn from a seed, done as the talks get on."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.chaos.house import KILLED, Death, House
from tests.chaos.providers import FAULTS, Providers


@dataclass(frozen=True)
class Kill:
    """SIGKILL to a process when this share of all messages was taken, and some ``pause`` of seconds later."""

    after: float
    pause: float
    name: str


@dataclass(frozen=True)
class Fault:
    """The next answer of that channel's provider."""

    after: float
    channel: str
    how: str


@dataclass
class Done:
    """What was really done, for the checks and for whoever reads the output."""

    deaths: list[Death] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def draw(chance: random.Random, rounds: int, faults: int) -> list[Kill | Fault]:
    """Each process ``rounds`` times, one after the other in any order; and so many faults, of every kind."""
    names = [name for _ in range(rounds) for name in chance.sample(KILLED, len(KILLED))]
    kills = [Kill((i + chance.random()) / len(names) * 0.9, chance.random(), name) for i, name in enumerate(names)]
    kinds = [(channel, how) for channel, all_of_it in FAULTS.items() for how in all_of_it]
    found = [Fault(chance.random() * 0.95, *kinds[i % len(kinds)]) for i in range(faults)]
    return sorted([*kills, *found], key=lambda event: event.after)


class Trouble:
    """Does it in a thread of its own; ``progress`` tells which share of all messages was taken."""

    def __init__(self, house: House, providers: Providers, progress: Callable[[], float]) -> None:
        self.house, self.providers, self.progress = house, providers, progress
        self.done = Done()
        self.went_wrong: BaseException | None = None

    def begin(self, events: Sequence[Kill | Fault]) -> threading.Thread:
        thread = threading.Thread(target=self._all, args=(events,), daemon=True)
        thread.start()
        return thread

    def _all(self, events: Sequence[Kill | Fault]) -> None:
        try:
            for event in events:
                while self.progress() < event.after:
                    time.sleep(0.05)
                self._do(event)
        except BaseException as error:  # told by the main thread, as nobody looks at this one
            self.went_wrong = error

    def _do(self, event: Kill | Fault) -> None:
        if isinstance(event, Fault):
            self.providers.misbehave(event.channel, event.how)
            self.done.faults.append(event)
            return
        time.sleep(event.pause)
        self.done.deaths.append(self.house.kill(event.name))
