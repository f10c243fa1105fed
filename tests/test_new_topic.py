"""Staff make a topic without knowing Python or Rasa: one command, and all that has to agree agrees."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bot.content import Reader, where
from bot.settings import ROOT
from bot.staff.commands import content as command

GIVEN = {
    "--title": "Comida y agua",
    "--menu": "help",
    "--contacts": "shelter, general_help",
    "--sms": "Pregunte por comida en albergues e iglesias.",
    "--full": "Pregunte por comida en albergues, iglesias y comedores.",
    "--basis": "advice of shelters, not law",
    "--source": "general knowledge",
    "--source-date": "2026",
    "--confidence": "medium",
}
ASKED = ("donde puedo comer hoy", "hay comedor cerca?", "tengo hambre", "dan comida gratis", "agua para los niños")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The campaign's files and the model's, to be changed."""
    for name in ("content", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "domain.yml", tmp_path)
    monkeypatch.setenv("FARO_CONTENT", str(tmp_path / "content"))
    monkeypatch.setattr(where, "ROOT", tmp_path)
    return tmp_path


def make(topic: str = "help_food", **other: str) -> Result:
    given = GIVEN | {f"--{name}": value for name, value in other.items()}
    words = [word for pair in given.items() for word in pair] + [word for one in ASKED for word in ("--example", one)]
    return CliRunner().invoke(command, ["new-topic", topic, *words], catch_exceptions=False)


def test_the_topic_stands_in_the_menu_and_the_model_can_learn_it(copy: Path) -> None:
    result = make()
    assert result.exit_code == 0, result.output
    topic = Reader(copy / "content").read().topics["help_food"]
    assert topic.menu == "help" and topic.texts[("", "es")].title == "Comida y agua"
    domain = yaml.safe_load((copy / "domain.yml").read_text("utf-8"))
    assert "help_food" in domain["intents"] and "help_food" in domain["forms"]["report_form"]["ignored_intents"]
    assert domain["responses"]["utter_help_food"] == [{"custom": {"reply": "topic", "topic": "help_food"}}]
    rules = yaml.safe_load((copy / "data/rules/questions.yml").read_text("utf-8"))["rules"]
    assert [rule["rule"] for rule in rules[-2:]] == ["asks about help_food", "asks about help_food in a report"]
    examples = yaml.safe_load((copy / "data/nlu/es/help_food.yml").read_text("utf-8"))["nlu"][0]
    assert all(asked in examples["examples"] for asked in ASKED)


def test_it_names_what_is_still_to_write(copy: Path) -> None:
    said = make().output.partition("Still to write:")[2]
    for language in ("en", "pt", "fr", "ht"):
        assert f"content/topics/help_food/{language}.md" in said
        assert f"data/nlu/{language}/help_food.yml" in said
    assert "35 more ways" in said and "faro train" in said


def test_whatever_is_not_given_is_asked(copy: Path) -> None:
    answers = "\n".join([*GIVEN.values(), *ASKED]) + "\n"
    result = CliRunner().invoke(command, ["new-topic", "help_food"], input=answers)
    assert result.exit_code == 0, result.output
    assert "help_food" in Reader(copy / "content").read().topics


REFUSED = [
    ({"topic": "Help Food"}, "small letters"),
    ({"topic": "help_shelter"}, "there already"),
    ({"menu": "risks"}, "the menu risks is full"),
    ({"contacts": "food"}, "no contact of the directory is for food"),
    ({"sms": "Llame al 911"}, "looks like a phone number"),
    ({"title": "Comida, agua, ropa y cobijas"}, "a menu shows 24"),
]


@pytest.mark.parametrize(("wrong", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_a_mistake_is_told_and_nothing_is_written(wrong: dict[str, str], says: str, copy: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    result = make(**wrong)
    assert result.exit_code == 1 and says in result.output
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
