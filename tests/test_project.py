"""The project keeps its own promises: docs, schema, layers, and a top level that Rasa takes for its own."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from alembic import command
from sqlalchemy import text

from bot.content import LANGUAGES, read, where
from bot.settings import ROOT, Settings, load
from bot.store import migrate
from bot.store.session import connect

README = (ROOT / "README.md").read_text("utf-8")


def test_every_setting_stands_in_the_readme_and_nothing_else() -> None:
    listed = set(re.findall(r"^\| `((?:FARO_|DATABASE)\w+)`", README, re.M))
    read_ones = {field.validation_alias or f"FARO_{name.upper()}" for name, field in Settings.model_fields.items()}
    assert listed == read_ones - {"FARO_ROOT"}


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_folder_of_the_content_is_the_one_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = tmp_path / ".env"
    assert where.folder(env) == load(env).content == ROOT / "content"
    env.write_text(env.read_text() + "FARO_CONTENT=/kept\n")
    assert where.folder(env) == load(env).content == Path("/kept")
    monkeypatch.setenv("FARO_CONTENT", "/given")
    assert where.folder(env) == load(env).content == Path("/given")


def test_nothing_else_reads_the_environment() -> None:
    allowed = {
        "settings.py",
        "training.py",
        "up.py",
        "postgres.py",
        "understanding.py",
        "where.py",
    }  # the others pass it on to a process
    for path in ROOT.glob("bot/**/*.py"):
        if path.name not in allowed:
            assert "os.environ" not in path.read_text("utf-8"), path


def test_every_command_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"^    make (\w+)", README, re.M)) <= targets
    for line in re.findall(r"^    (?:\.venv/bin/)?faro ([a-z ]+?)(?: [A-Z\[-]|$|  )", README, re.M):
        said = subprocess.run([ROOT / ".venv/bin/faro", *line.split(), "--help"], capture_output=True, text=True)
        assert said.returncode == 0, line


def test_every_file_named_in_the_docs_exists() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("content/**/README.md")]:
        for name in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / name).exists(), f"{page.name}: {name}"


LAYERS = [
    {
        "__main__",
        "gateway",
        "webhooks",
        "polling",
        "phone",
        "demo",
        "desk",
        "jobs",
        "outside_jobs",
        "up",
        "runner",
        "understanding",
        "measuring",
        "proof_page",
        "health",
        "metrics",
        "backup_commands",
    },
    {
        "conversation",
        "aside",
        "pace",
        "slots",
        "clocks",
        "turn",
        "media",
        "outbox",
        "passing",
        "telling",
        "delivery",
        "receipts",
        "erasing",
        "retention",
        "holds",
        "rotating",
        "audit",
        "reports",
        "desk_keys",
        "handing",
        "copying",
        "consent",
        "transcript",
        "added",
        "indicators",
        "asking",
        "alerts",
        "alerting",
        "own_alerts",
        "partners",
        "partner_keys",
        "partner_sending",
        "follow_up",
        "proof",
        "inbox",
        "training",
        "postgres",
        "staff",
        "addressee",
        "safe",
        "doubt",
        "veil",
        "figures",
        "backups",
        "dumping",
    },
    {"replies", "messages", "policy", "wishes", "channels", "runtime"},
    {"store", "content", "sealing", "boxes", "sealed_file", "engine", "settings"},
    {
        "hearing",
        "receipt",
        "commands",
        "sms",
        "places",
        "language",
        "foreign",
        "creole",
        "indigenous",
        "gazetteer",
        "misspelt",
        "cities",
        "names",
        "numerals",
        "chinese",
        "authorities",
        "bearings",
        "mentions",
        "spans",
        "whereabouts",
        "weighing",
        "learnt",
        "victims",
        "surroundings",
        "routing",
        "accused",
        "directory",
        "hours",
        "minors",
        "ages",
        "daytimes",
        "quiet",
    },
]


def test_imports_never_go_up() -> None:
    level = {name: i for i, names in enumerate(LAYERS) for name in names}
    for path in ROOT.glob("bot/**/*.py"):
        here = path.relative_to(ROOT / "bot").with_suffix("").parts[0]
        if here in ("__init__",):
            continue
        for other in _imports(path):
            assert level[other] >= level[here], f"{path.name} ({here}) imports {other}"


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bot":
            parts = (node.module or "").split(".")[1:]
            yield from parts[:1] if parts else [name.name for name in node.names]


def test_migrations_and_models_agree_and_run_both_ways(database: str) -> None:
    command.check(migrate.config(database))
    name = database.rpartition("/")[0] + "/migrations_test"
    engine = connect(database)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrations_test"))
        connection.execute(text("CREATE DATABASE migrations_test"))
    migrate.upgrade(name)
    command.downgrade(migrate.config(name), "base")
    assert not migrate.is_current(name)
    migrate.upgrade(name)
    assert migrate.is_current(name)


def test_the_engine_knows_every_topic_and_act() -> None:
    """Ids of the taxonomy are never renamed; each has examples in all five languages and rules for both places."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    topics = set(read(ROOT / "content").topics)
    rules = "".join(path.read_text("utf-8") for path in ROOT.glob("data/rules/*.yml"))
    for topic in topics:
        assert f"asks about {topic}\n" in rules and f"asks about {topic} in a report\n" in rules
    learnt = {path.stem for path in ROOT.glob("data/nlu/*/*.yml")}
    assert learnt <= set(domain["intents"])
    for language in LANGUAGES:
        assert {path.stem for path in ROOT.glob(f"data/nlu/{language}/*.yml")} == learnt, language
        assert topics <= learnt


@pytest.mark.engine
def test_rasa_finds_the_project_valid(tmp_path: Path) -> None:
    """Read by Rasa itself: what reads the examples for a training checks no file (engine/examples.py)."""
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    assert config.pop("importers") == [{"name": "engine.examples.Examples"}]
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config), "utf-8")
    quiet = os.environ | {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    rasa = ROOT / ".venv-engine/bin/rasa"
    command_line = [str(rasa), "data", "validate", "--config", str(tmp_path / "config.yml")]
    said = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, env=quiet)
    assert said.returncode == 0, said.stdout[-2000:]
    assert "No story structure conflicts found" in said.stdout + said.stderr


def test_rasa_tests_the_rules(model: Path, tmp_path: Path) -> None:
    """`rasa test core` plays the stories in tests/rasa against the trained rules."""
    quiet = os.environ | {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command_line = [
        str(ROOT / ".venv-engine/bin/rasa"), "test", "core", "--model", str(model), "--stories", "tests/rasa",
        "--out", str(tmp_path), "--fail-on-prediction-errors",
    ]  # fmt: skip
    said = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, env=quiet)
    assert said.returncode == 0, said.stdout[-2000:] + said.stderr[-2000:]
