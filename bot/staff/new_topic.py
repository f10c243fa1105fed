"""A new topic in one go: its text, its row in the menu, and the examples and rules by which it is understood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml

from bot.content.model import LANGUAGES, SOURCE, Content, text_path
from bot.content.texts import parse
from bot.staff.signing import UNREVIEWED

# WhatsApp's lists have ten rows, one of them leads back.
MENU_ROWS = 9
EXAMPLES = 5
VALID = timedelta(days=181)
# Where a topic's lines go in domain.yml: before these.
ANCHORS = (
    ("# acts\n", "- {id}\n"),
    ("    - report_status\n", "    - {id}\n"),
    ("  utter_greet:\n", "  utter_{id}:\n  - custom: {{reply: topic, topic: {id}}}\n"),
)
RULES = """
- rule: asks about {id}
  condition:
  - active_loop: null
  steps:
  - intent: {id}
  - action: utter_{id}

- rule: asks about {id} in a report
  condition:
  - active_loop: report_form
  steps:
  - intent: {id}
  - action: utter_{id}
  - action: report_form
  - active_loop: report_form
"""


class CannotMake(Exception):
    """The topic cannot be made; says why. Nothing was written."""


@dataclass(frozen=True)
class NewTopic:
    """What staff say of it, in Spanish. ``source``: basis, source, source_date, confidence."""

    id: str
    title: str
    menu: str
    contacts: tuple[str, ...]
    short: str
    full: str
    source: Mapping[str, str]
    examples: tuple[str, ...]


def make(root: Path, folder: Path, content: Content, wanted: NewTopic, today: date) -> list[Path]:
    """Write all files, or none; returns them. Raises CannotMake."""
    _check(content, wanted)
    files = {
        folder / text_path(wanted.id, "", SOURCE): _text(wanted, today),
        folder / "topics/topics.yml": _row(folder, wanted),
        root / f"data/nlu/{SOURCE}/{wanted.id}.yml": _examples(wanted),
        root / "domain.yml": _domain(root, wanted.id),
        root / "data/rules/questions.yml": _rules(root, wanted.id),
    }
    for path, words in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, "utf-8")
    return list(files)


def still_to_write(wanted: NewTopic) -> list[str]:
    """What is left after `make`, in plain words."""
    others = [language for language in LANGUAGES if language != SOURCE]
    texts = [
        f"content/{text_path(wanted.id, '', language)} (or `faro content export --lang {language}`)"
        for language in others
    ]
    examples = [f"data/nlu/{language}/{wanted.id}.yml: at least 40 ways to ask it" for language in others]
    return [
        *texts,
        f"data/nlu/{SOURCE}/{wanted.id}.yml: {max(40 - len(wanted.examples), 0)} more ways to ask it",
        *examples,
        "tests/conversations/questions.yml: a question and what it should be answered",
        "then `faro train`: until then nobody who types it is understood; the menu has it at once",
    ]


def _check(content: Content, wanted: NewTopic) -> None:
    if not re.fullmatch(r"[a-z]+(_[a-z]+)+", wanted.id):
        raise CannotMake("a topic is named in small letters with _ between the words, like help_food")
    if wanted.id in content.topics:
        raise CannotMake(f"{wanted.id} is there already")
    if sum(topic.menu == wanted.menu for topic in content.topics.values()) >= MENU_ROWS:
        raise CannotMake(f"the menu {wanted.menu} is full: it shows {MENU_ROWS} topics; choose another")
    purposes = {purpose for hotline in content.hotlines.values() for purpose in hotline.purposes}
    if unknown := [purpose for purpose in wanted.contacts if purpose not in purposes]:
        raise CannotMake(f"no contact of the directory is for {unknown[0]}; there are {', '.join(sorted(purposes))}")
    if len({*wanted.examples}) < EXAMPLES:
        raise CannotMake(f"write at least {EXAMPLES} different ways to ask it, as people would type them")


def _text(wanted: NewTopic, today: date) -> str:
    front = {
        "title": wanted.title, "sources": [dict(wanted.source)], "checked_on": today, "valid_until": today + VALID,
    }  # fmt: skip
    head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=120)
    words = f"---\n{head}{UNREVIEWED}\n---\n# SMS\n\n{wanted.short.strip()}\n\n# Full\n\n{wanted.full.strip()}\n"
    _, problems = parse(text_path(wanted.id, "", SOURCE), words, "", SOURCE)
    if problems:
        raise CannotMake("; ".join(problem.says for problem in problems))
    return words


def _row(folder: Path, wanted: NewTopic) -> str:
    table = (folder / "topics/topics.yml").read_text("utf-8").rstrip("\n")
    return f"{table}\n{wanted.id}:\n  menu: {wanted.menu}\n  contacts: [{', '.join(wanted.contacts)}]\n"


def _examples(wanted: NewTopic) -> str:
    lines = "".join(f"    - {' '.join(example.split())}\n" for example in dict.fromkeys(wanted.examples))
    return f'version: "3.1"\nnlu:\n- intent: {wanted.id}\n  examples: |\n{lines}'


def _domain(root: Path, topic: str) -> str:
    words = (root / "domain.yml").read_text("utf-8")
    for before, line in ANCHORS:
        if words.count(before) != 1:
            raise CannotMake(f"domain.yml has no single line {before.strip()!r} to put the topic before")
        words = words.replace(before, line.format(id=topic) + before)
    return words


def _rules(root: Path, topic: str) -> str:
    return (root / "data/rules/questions.yml").read_text("utf-8").rstrip("\n") + "\n" + RULES.format(id=topic)
