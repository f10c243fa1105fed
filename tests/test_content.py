"""The campaign's files are whole: every language, every phrase, every source; a bad file never takes effect."""

from __future__ import annotations

import re
import shutil
import string
import time
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.content import LANGUAGES, Content, ContentError, Shelf, read
from bot.replies import Person, Reply, Wording, write
from bot.settings import ROOT

# An id is never renamed; these stand in the taxonomy since the beginning.
FIRST_TOPICS = (
    "rights_general rights_detention rights_asylum rights_victims risks_kidnapping risks_smuggling "
    "risks_trafficking risks_extortion report_where complain_where help_shelter help_missing_person"
).split()


@pytest.fixture(scope="module")
def content() -> Content:
    return read(ROOT / "content")


def test_every_phrase_is_in_every_language(content: Content) -> None:
    names = set(content.phrases["en"])
    for language in LANGUAGES:
        assert set(content.phrases[language]) == names, language
        assert all(words.strip() for words in content.phrases[language].values()), language


def test_every_phrase_has_the_same_placeholders(content: Content) -> None:
    for name, english in content.phrases["en"].items():
        wanted = _placeholders(english)
        for language in LANGUAGES:
            assert _placeholders(content.phrases[language][name]) == wanted, (language, name)


def _placeholders(words: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(words) if field}


def test_labels_fit_a_small_phone(content: Content) -> None:
    for language in LANGUAGES:
        labels = {n: w for n, w in content.phrases[language].items() if n.startswith("label_")}
        assert {n: w for n, w in labels.items() if len(w) > 20} == {}


@pytest.mark.parametrize("topic", FIRST_TOPICS)
def test_topic_is_written_in_every_language(topic: str, content: Content) -> None:
    texts = content.topics[topic].texts
    for language in LANGUAGES:
        assert ("", language) in texts
        assert any(country for country, of in texts if of == language), f"{topic}: nothing of a country"


def test_every_text_says_what_it_rests_on(content: Content) -> None:
    for topic in content.topics.values():
        for where, text in topic.texts.items():
            assert text.sources, (topic.id, where)
            assert all(source["confidence"] != "low" for source in text.sources), (topic.id, where)
            assert text.checked_on < text.valid_until and text.reviewed_by is None, (topic.id, where)
            assert len(text.title) <= 24 and len(text.short) <= 240, (topic.id, where)


def test_no_text_holds_a_phone_number(content: Content) -> None:
    for topic in content.topics.values():
        for where, text in topic.texts.items():
            assert not re.search(r"\d{3}|\d[\d -]{5,}\d", text.short + text.full), (topic.id, where)


def test_every_topic_of_the_domain_has_contacts(content: Content) -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    named = {r[0]["custom"]["topic"] for r in domain["responses"].values() if r[0]["custom"]["reply"] == "topic"}
    assert named == set(content.topics)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", ["MX", "GT", "HN", "US", "CO", None])
def test_every_topic_can_be_answered_anywhere(language: str, country: str | None, content: Content) -> None:
    words = Wording(content, Person(language, country, country), date(2026, 11, 21))
    for topic in content.topics:
        (part,) = write(words, Reply("topic", {"topic": topic, "in_form": False}))
        assert "{" not in part.text and len(part.text) > 40, topic


def test_a_text_past_its_date_is_withheld(content: Content) -> None:
    words = Wording(content, Person("en", "MX", "MX"), date(2040, 1, 1))
    (part,) = write(words, Reply("topic", {"topic": "rights_detention", "in_form": False}))
    assert "too old to trust" in part.text and "800 224 2426" in part.text
    assert content.topics["rights_detention"].texts[("", "en")].full not in part.text


def test_a_saved_file_is_live_without_restart_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(ROOT / "content", folder)
    shelf = Shelf(folder)
    campaign = folder / "campaign.yml"
    good = campaign.read_text("utf-8")
    campaign.write_text(good.replace("message_days: 90", "message_days: 30"), "utf-8")
    assert _soon(lambda: shelf.content().campaign.message_days == 30)
    campaign.write_text(good.replace("message_days: 90", "message_days 90"), "utf-8")
    time.sleep(1.2)
    assert shelf.content().campaign.message_days == 30


def _soon(happens: object, seconds: float = 3) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if callable(happens) and happens():
            return True
        time.sleep(0.1)
    return False


BROKEN = [
    ("routing.yml", "desk: demo-mx", "desk: demo-xx", "there is no desk demo-xx"),
    ("routing.yml", "[mx-cndh]", "[us-uscis]", "us-uscis may not be given to people"),
    ("routing.yml", "  crime: abuse_by_authority", "  crimes: abuse_by_authority", "unknown word crimes"),
    ("routing.yml", "MX: mx-emergency", "MX: us-emergency", "no number of that country"),
    ("campaign.yml", "report_days: 90", "", "report_days"),
    ("topics/rights_general/es.md", "# Full", "# Whole", 'the two headings "# SMS" and "# Full"'),
    ("topics/topics.yml", "[mx-cndh]", "[mx-nobody]", "mx-nobody may not be given to people"),
]


@pytest.mark.parametrize(("file", "good", "bad", "says"), BROKEN, ids=[says for *_, says in BROKEN])
def test_a_mistake_is_named_with_its_file(file: str, good: str, bad: str, says: str, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(ROOT / "content", folder)
    path = folder / file
    assert good in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(good, bad, 1), "utf-8")
    with pytest.raises(ContentError, match=re.escape(says)) as problem:
        read(folder)
    assert path.name in str(problem.value) or path.parent.name in str(problem.value)
