"""Stock Rasa, as `rasa init` leaves it, with our examples, rules and domain, on the same PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import yaml

from bot.training import QUIET, fingerprint
from tests.conftest import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv-engine/bin"
# What `rasa init` of 3.6 writes, with the policies that it uses when none are named.
CONFIG = """recipe: default.v1
assistant_id: stock
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- {{name: CountVectorsFeaturizer, analyzer: char_wb, min_ngram: 1, max_ngram: 4}}
- {{name: DIETClassifier, epochs: {epochs}, constrain_similarities: true}}
- name: EntitySynonymMapper
- {{name: ResponseSelector, epochs: {epochs}, constrain_similarities: true}}
- {{name: FallbackClassifier, threshold: 0.3, ambiguity_threshold: 0.1}}
policies:
- name: MemoizationPolicy
- name: RulePolicy
- {{name: UnexpecTEDIntentPolicy, max_history: 5, epochs: {epochs}}}
- {{name: TEDPolicy, max_history: 5, epochs: {epochs}, constrain_similarities: true}}
"""
ACTIONS = "from rasa_sdk import Action\n"
ACTION = """

class {name}(Action):
    def name(self):
        return "{action}"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=self.name())
        return []
"""


@dataclass(frozen=True)
class Stock:
    """``pids``: of the engine and its action server."""

    url: str
    pids: tuple[int, ...]

    def says(self, client: httpx.Client, sender: str, text: str) -> None:
        client.post(f"{self.url}/webhooks/rest/webhook", json={"sender": sender, "message": text}).raise_for_status()


def train(folder: Path, epochs: int) -> None:
    """Into ``folder``, unless the same was trained there before."""
    mark = f"{fingerprint(ROOT)} {epochs}"
    told = folder / "fingerprint"
    _write(folder, epochs)
    if told.exists() and told.read_text() == mark:
        return
    command = [str(BIN / "rasa"), "train", "--data", str(ROOT / "data/nlu"), "data", "--fixed-model-name", "model"]
    with (folder / "train.log").open("w") as log:
        subprocess.run(command, cwd=folder, env=_environment(), stdout=log, stderr=log, check=True)
    told.write_text(mark)


def _write(folder: Path, epochs: int) -> None:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    (folder / "config.yml").write_text(CONFIG.format(epochs=epochs))
    (folder / "domain.yml").write_text(yaml.safe_dump(_with_open_answers(domain), allow_unicode=True))
    (folder / "actions.py").write_text(
        ACTIONS + "".join(ACTION.format(name=name.title().replace("_", ""), action=name) for name in domain["actions"])
    )
    (folder / "credentials.yml").write_text("rest:\n")
    rules = [rule for path in sorted((ROOT / "data/rules").glob("*.yml")) for rule in _rules(path)]
    stories = [_story(rule) for rule in rules if rule.get("condition") == [{"active_loop": None}]]
    (folder / "data/rules.yml").write_text(yaml.safe_dump({"version": "3.1", "rules": rules}))
    (folder / "data/stories.yml").write_text(yaml.safe_dump({"version": "3.1", "stories": [s for s in stories if s]}))


def _rules(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text("utf-8"))["rules"])


def _story(rule: dict[str, Any]) -> dict[str, Any] | None:
    """TED learns from stories only: a question and its answer is one, a report is the rules'."""
    simple = all(set(step) <= {"intent", "action"} for step in rule["steps"])
    form = any(step.get("action") in ("report_form", "action_deactivate_loop") for step in rule["steps"])
    return {"story": rule["rule"], "steps": rule["steps"]} if simple and not form else None


def _with_open_answers(domain: dict[str, Any]) -> dict[str, Any]:
    """Our worker hands the engine what it has found in a message; here a form takes the words as they come."""
    for slot in domain["forms"]["report_form"]["required_slots"]:
        here = [{"active_loop": "report_form", "requested_slot": slot}]
        domain["slots"][slot]["mappings"] = [{"type": "from_text", "conditions": here}]
    return domain


def _environment() -> dict[str, str]:
    return dict(os.environ) | QUIET | {"CUDA_VISIBLE_DEVICES": "-1"}


@contextmanager
def running(folder: Path, database: str) -> Iterator[Stock]:
    """Its engine and its action server, on a database of their own beside ours."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE stock")
    ports = free_port(), free_port()
    (folder / "endpoints.yml").write_text(json.dumps(_endpoints(database, ports[1])))
    commands = (
        [BIN / "rasa", "run", "--port", ports[0], "--interface", "127.0.0.1", "--model", "models/model.tar.gz"],
        [BIN / "python", "-m", "rasa_sdk", "--actions", "actions", "--port", ports[1]],
    )
    with (folder / "run.log").open("w") as log:
        started = [
            subprocess.Popen([str(w) for w in words], cwd=folder, env=_environment(), stdout=log, stderr=log)
            for words in commands
        ]
        try:
            url, actions = (f"http://127.0.0.1:{port}" for port in ports)
            wait_until(lambda: _ready(f"{url}/webhooks/rest/"), "stock Rasa", 300)
            wait_until(lambda: _ready(f"{actions}/health"), "its action server", 60)
            yield Stock(url, tuple(process.pid for process in started))
        finally:
            for process in started:
                process.kill()
                process.wait()


def _endpoints(database: str, port: int) -> dict[str, Any]:
    parts = urlsplit(database)
    return {
        "action_endpoint": {"url": f"http://127.0.0.1:{port}/webhook"},
        "tracker_store": {
            "type": "SQL", "dialect": "postgresql", "url": parts.hostname, "port": parts.port, "db": "stock",
            "username": parts.username, "password": parts.password,
        },
    }  # fmt: skip


def _ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
