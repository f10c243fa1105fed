"""Faro's understanding beside stock Rasa's: ``python -m bench.understanding`` writes bench/results/understanding.md.

Both are trained here and now on the same examples, nothing kept from before, one after the other, and asked the same
messages of another hand (tests/understanding), one at a time. ``--epochs N``: DIET's (100 in `rasa init`).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from bot.hearing import Known, hear
from bot.training import QUIET
from bot.understanding import TOLD, Ask, engine

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench/results/understanding.md"
# What `rasa init` of 3.6 writes; no responses are selected from, so that part of it is left out.
STOCK = """recipe: default.v1
assistant_id: stock
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
- name: EntitySynonymMapper
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
"""
HEAD = """# Understanding, beside stock Rasa

Made by `.venv/bin/python -m bench.understanding{options}`: one machine ({cores} cores), one run, {examples} examples,
{messages} messages that nobody trained on. Time and memory are of this machine; what carries over is the ratio.
Stock is the pipeline of `rasa init` (DIET, {epochs} epochs), which is given the text alone; ours also finds
language and place.

"""
Message = dict[str, Any]
NOTHING = Known(None, None, None, None, ())


@dataclass(frozen=True)
class Trained:
    """What the training took: seconds, seconds of all cores together, and the most memory (MB)."""

    model: Path
    seconds: float
    work: float
    memory: float


@dataclass(frozen=True)
class Answer:
    """One message, by one of the two: the intent, and how long it took (ms); ``short`` when letters were enough."""

    intent: str
    took: float
    short: bool


@dataclass(frozen=True)
class Measured:
    """One of the two; ``memory`` of its process after all messages (MB)."""

    trained: Trained
    answers: Sequence[Answer]
    memory: float


@click.command(help=__doc__)
@click.option("--epochs", default=100, show_default=True)
@click.option("--keep", type=Path, help="A folder for the models, which are not trained again when they are there.")
def main(epochs: int, keep: Path | None) -> None:
    """Train, ask, write."""
    messages = list(_messages())
    with tempfile.TemporaryDirectory() as folder:
        work = keep or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        stock = work / "stock.yml"
        stock.write_text(STOCK.format(epochs=epochs))
        ours = _measured(ROOT / "config.yml", work / "faro", messages, _heard)
        theirs = _measured(stock, work / "stock", messages, _bare)
    options = "" if epochs == 100 else f" --epochs {epochs}"
    head = HEAD.format(
        options=options, cores=os.cpu_count(), examples=_examples(), messages=len(messages), epochs=epochs
    )
    RESULT.write_text(head + table(messages, ours, theirs), "utf-8")
    print(RESULT.read_text("utf-8"))


def _messages() -> Iterator[Message]:
    for path in sorted((ROOT / "tests/understanding").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            yield {"lang": path.stem} | json.loads(line)


def _examples() -> int:
    files = (yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) for path in (ROOT / "data/nlu").rglob("*.yml"))
    blocks = (block["examples"] for file in files for block in file["nlu"])
    return sum(len(block.splitlines() if isinstance(block, str) else block) for block in blocks)


def _measured(config: Path, folder: Path, messages: Sequence[Message], asked: Callable[[str], Any]) -> Measured:
    print(f"training by {config.name}", file=sys.stderr, flush=True)
    trained = _train(config, folder)
    print(f"asking {len(messages)} messages", file=sys.stderr, flush=True)
    with engine(ROOT, trained.model) as (ask, process):
        _time(ask, "hola", asked)
        answers = [_time(ask, message["text"], asked) for message in messages]
        memory = _memory(process)
    return Measured(trained, answers, memory)


def _train(config: Path, folder: Path) -> Trained:
    """With a cache of its own, so that nothing was read before."""
    told = folder / "trained.json"
    if not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            str(ROOT / ".venv-engine/bin/rasa"), "train", "nlu", "--config", str(config), "--nlu", "data/nlu",
            "--out", str(folder), "--fixed-model-name", "model",
        ]  # fmt: skip
        quiet = QUIET | {"XDG_CACHE_HOME": str(folder), "CUDA_VISIBLE_DEVICES": "-1"}
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ) | quiet, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{config.name}: training failed")
        told.write_text(json.dumps([time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
    return Trained(folder / "model.tar.gz", *json.loads(told.read_text()))


def _heard(text: str) -> Any:
    heard = hear({"kind": "text", "text": text}, NOTHING)
    known = {"place": heard.place, "country": heard.country}
    return {"text": heard.says, "metadata": {name: value for name, value in known.items() if value}}


def _bare(text: str) -> Any:
    return {"text": text, "metadata": {}}


def _time(ask: Ask, text: str, asked: Callable[[str], Any]) -> Answer:
    began = time.perf_counter()
    question = asked(text)
    if question["text"] is None or question["text"].startswith("/"):  # a word that hear() knows by itself
        name = (question["text"] or "/menu").removeprefix("/").partition("{")[0]
        return Answer(name, 1000 * (time.perf_counter() - began), True)
    answer = ask(question)
    return Answer(answer["intent"], 1000 * (time.perf_counter() - began), bool(answer.get("by_letters")))


def _memory(process: subprocess.Popen[str]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def table(messages: Sequence[Message], ours: Measured, theirs: Measured) -> str:
    """A row for each figure: ours, stock, the ratio."""
    rows = [*_right(messages, ours, theirs), *_costs(ours, theirs)]
    lines = ["| | Faro | stock Rasa | ratio |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {a:.{d}f} | {b:.{d}f} | {a / b:.2f} |" for name, a, b, d in rows if b]
    short = [answer.took for answer in ours.answers if answer.short]
    share = len(short) / len(ours.answers)
    name = f"ms a message where the letters are sure ({share:.0%} of all), p50"
    lines.append(f"| {name} | {statistics.median(short):.1f} | | |")
    return "\n".join(lines) + "\n"


Row = tuple[str, float, float, int]


def _right(messages: Sequence[Message], ours: Measured, theirs: Measured) -> Iterator[Row]:
    for language in sorted({message["lang"] for message in messages}):
        among = [i for i, message in enumerate(messages) if message["lang"] == language]
        shares = [statistics.mean(m.answers[i].intent == messages[i]["intent"] for i in among) for m in (ours, theirs)]
        yield f"right intent, {language}", shares[0], shares[1], 2
    told = [i for i, message in enumerate(messages) if message["intent"] in TOLD]
    found = [statistics.mean(m.answers[i].intent in TOLD for i in told) for m in (ours, theirs)]
    yield "crime or danger told, found", found[0], found[1], 2


def _costs(ours: Measured, theirs: Measured) -> Iterator[Row]:
    took = [sorted(answer.took for answer in measured.answers) for measured in (ours, theirs)]
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        at = [times[int(len(times) * share)] for times in took]
        yield f"ms a message, {name}", at[0], at[1], 1
    yield "memory, MB", ours.memory, theirs.memory, 0
    yield "training, s", ours.trained.seconds, theirs.trained.seconds, 0
    yield "training, s of all cores", ours.trained.work, theirs.trained.work, 0
    yield "training, memory, MB", ours.trained.memory, theirs.trained.memory, 0


if __name__ == "__main__":
    main()
