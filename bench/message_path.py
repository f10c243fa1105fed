"""The message path beside stock Rasa's: ``python -m bench.message_path`` (`make bench`) writes bench/results/.

One machine, one run, the same conversations (bench/talks.py): Faro's whole turn, with its storage and the words of its
answer, beside the turn of stock Rasa behind its REST channel. Stock Rasa is trained on the same examples, rules and
domain, with few epochs: they cost time in training, not in a turn.
"""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import click
import httpx

from bench import crowd, ours, stock
from bench.talks import Talk, talk
from bench.written import Row, written
from bot import conversation
from tests.talk import Phone

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 8
FIVE = ("hola", "me robaron ayer", "en tapachula", "fue en la terminal", "se llevaron mi pasaporte")
LONG = ("hola", "gracias", "que derechos tengo", "menu")
Says = Callable[[str, str], None]


@dataclass(frozen=True)
class Sizes:
    """How much is measured: talks by many, talks by one, the turns of the long conversation, the queue."""

    many: int
    one: int
    long: int
    stock_long: int
    queue: int


WHOLE = Sizes(many=40, one=10, long=1000, stock_long=300, queue=10_000)
SHORT = Sizes(many=10, one=2, long=60, stock_long=60, queue=300)


@dataclass(frozen=True)
class Turns:
    """Of one of the two. Times in ms, the five quick messages in seconds, memory in MB."""

    each_second: float
    p50: float
    p95: float
    grown: float
    five: float
    memory: float


@click.command(help=__doc__)
@click.option("--epochs", default=1, show_default=True, help="Of stock Rasa's training.")
@click.option("--short", is_flag=True, help="A tenth of it, to see that it runs; the figures say little.")
@click.option("--queue", default=10_000, show_default=True, help="Messages that wait at once.")
@click.option("--keep", type=Path, default=ROOT / "models/stock", help="Where stock Rasa's model is kept.")
def main(epochs: int, short: bool, queue: int, keep: Path) -> None:
    """Measure both, write the table and the picture."""
    sizes = SHORT if short else replace(WHOLE, queue=queue)
    print("training stock Rasa, unless it is kept", flush=True)
    stock.train(keep, epochs)
    with ours.running() as faro:
        own, rows = _faro(faro, sizes), list(crowd.rows(faro, sizes.queue))
        with stock.running(keep, faro.settings.database) as other:
            theirs = _stock(other, sizes)
    written([*_rows(own, theirs, sizes), *rows], ROOT / "bench/results", short)


def _faro(faro: ours.Faro, sizes: Sizes) -> Turns:
    phones: dict[str, Phone] = {}

    def says(person: str, text: str) -> None:
        if person not in phones:
            phones[person] = Phone(faro.runtime, "+5255", None)
        faro.says(phones[person], text)

    def five() -> float:
        person = Phone(faro.runtime, "+5255", None)
        for words in FIVE:
            person.stores("text", text=words)
        began = time.perf_counter()
        conversation.answer(faro.runtime, person.contact)
        return time.perf_counter() - began

    figures = _turns("Faro", says, five, sizes, sizes.long)
    with ours.working(faro):
        time.sleep(5)
        return Turns(*figures, faro.memory())


def _stock(other: stock.Stock, sizes: Sizes) -> Turns:
    with httpx.Client(timeout=300) as client:

        def says(person: str, text: str) -> None:
            other.says(client, person, text)

        def five() -> float:
            """All at once, as quick messages come: each request waits for the one before."""
            person, began = str(uuid.uuid4()), time.perf_counter()
            with ThreadPoolExecutor(len(FIVE)) as pool:
                list(pool.map(lambda words: says(person, words), FIVE))
            return time.perf_counter() - began

        figures = _turns("stock Rasa", says, five, sizes, sizes.stock_long)
        return Turns(*figures, sum(ours.memory(pid) for pid in other.pids))


def _turns(
    name: str, says: Says, five: Callable[[], float], sizes: Sizes, long: int
) -> tuple[float, float, float, float, float]:
    for n in range(5):  # warm
        _say_all(says, talk(n))
    print(f"{name}: {CLIENTS} clients", flush=True)
    rate = _each_second(says, [talk(100 + n) for n in range(sizes.many)])
    print(f"{name}: {rate:.1f} turns a second; one client", flush=True)
    took = sorted(took for n in range(sizes.one) for took in _say_all(says, talk(1000 + n)))
    print(f"{name}: p50 {statistics.median(took):.1f} ms; one long conversation", flush=True)
    grown, quick = _grown(says, long), min(five() for _ in range(3))
    print(f"{name}: turn {long} against turn 10: {grown:.2f}; five quick: {quick:.2f} s", flush=True)
    return rate, statistics.median(took), took[int(len(took) * 0.95)], grown, quick


def _say_all(says: Says, talk: Talk) -> list[float]:
    """ms of each turn."""
    person, took = str(uuid.uuid4()), []
    for line in talk.lines:
        began = time.perf_counter()
        says(person, line)
        took.append(1000 * (time.perf_counter() - began))
    return took


def _each_second(says: Says, talks: Sequence[Talk]) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda one: _say_all(says, one), talks))
    return sum(len(one.lines) for one in talks) / (time.perf_counter() - began)


def _grown(says: Says, turns: int) -> float:
    """The last turns of a conversation against those about the tenth."""
    person, took = str(uuid.uuid4()), []
    for turn in range(turns):
        began = time.perf_counter()
        says(person, LONG[turn % len(LONG)])
        took.append(time.perf_counter() - began)
    return statistics.median(took[-20:]) / statistics.median(took[4:24])


def _rows(own: Turns, theirs: Turns, sizes: Sizes) -> Iterator[Row]:
    yield Row(f"turns a second, {CLIENTS} clients", own.each_second, theirs.each_second, at_least=8)
    yield Row("ms a turn, one client, p50", own.p50, theirs.p50, at_most=0.2)
    yield Row("ms a turn, one client, p95", own.p95, theirs.p95, at_most=0.2)
    long = f"turn {sizes.long} against turn 10 (stock: turn {sizes.stock_long})"
    yield Row(long, own.grown, theirs.grown, limit=1.3)
    yield Row("five quick messages answered, s", own.five, theirs.five, limit=0.3)
    yield Row("memory of all processes, MB", own.memory, theirs.memory, at_most=0.8)


if __name__ == "__main__":
    main()
