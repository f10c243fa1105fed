"""What is learnt beside the rules (data/where, data/child): from these examples and no others, and where it counts."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import learnt, minors, names, victims, weighing
from bot.mentions import mentions_in
from bot.settings import ROOT

EXAMPLES, CHILDREN = (sorted(learner.EXAMPLES.glob("*.tsv")) for learner in (weighing, victims))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_country_and_a_text(path: Path) -> None:
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    assert rows and all(len(row) == 2 and row[1].strip() for row in rows)
    assert all(re.fullmatch("[A-Z]{2}|-", country) for country, _ in rows)
    assert len({text for _, text in rows}) == len(rows), "no text twice"


@pytest.mark.parametrize("path", CHILDREN, ids=lambda path: path.stem)
def test_every_message_says_whether_a_child_is_a_victim(path: Path) -> None:
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    assert rows and all(len(row) == 2 and row[0] in "01" and row[1].strip() for row in rows)
    assert len({text for _, text in rows}) == len(rows), "no text twice"


def test_what_it_is_tested_by_is_not_among_the_examples() -> None:
    files = [*(ROOT / "tests/understanding").glob("*.jsonl")]
    asked = {json.loads(line)["text"] for path in files for line in path.read_text("utf-8").splitlines()}
    files = [*EXAMPLES, *CHILDREN]
    shown = {line.split("\t")[1] for path in files for line in path.read_text("utf-8").splitlines()}
    assert asked and not asked & shown


@pytest.mark.engine
@pytest.mark.parametrize(("wanted", "learner"), [("where", weighing), ("child", victims)])
def test_the_weights_are_those_of_the_examples(
    wanted: str, learner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they are not any more, `scripts/weights` makes them anew."""
    kept = json.loads(learner.WEIGHTS.read_text("utf-8"))
    monkeypatch.setattr(learner, "WEIGHTS", tmp_path / "made.json")
    runpy.run_path(str(ROOT / "scripts/weights"))["main"](wanted)
    made = json.loads((tmp_path / "made.json").read_text("utf-8"))
    # Another processor may round the last digit otherwise.
    assert made == pytest.approx(kept, abs=0.02)


@given(st.lists(st.text(max_size=30), max_size=40))
def test_a_share_is_a_share(features: list[str]) -> None:
    assert 0 < learnt.share(weighing.WEIGHTS, features) < 1


@pytest.mark.parametrize(
    ("text", "country", "told"),
    [
        pytest.param("the taxi at puno bus station drove off", None, ["Puno"], id="the rules find nothing"),
        pytest.param("the taxi at puno bus station drove off", "PE", [], id="the rules say the same"),
        pytest.param("vengo de Nicaragua", None, [], id="not sure"),
        pytest.param("سرقوني في تيخوانا", None, [], id="a script of which nothing is learnt"),
        pytest.param(" ".join(["en tijuana en cali en lima en quito en rosario"] * 3), None, [], id="a list"),
        pytest.param("hola", None, [], id="no place"),
    ],
)
def test_it_counts_where_it_outweighs_the_rules(text: str, country: str | None, told: list[str]) -> None:
    words = names.words(text)
    found = weighing.outweighing(words, list(mentions_in(words, expected=False)), country)
    assert [mention.entry.name for mention in found] == told


@pytest.mark.parametrize(
    ("text", "child"),
    [
        pytest.param("me and my friend are 15 and they know, the boss told us say 22", True, id="of that age"),
        pytest.param("they took my phone at 15 minutes from the bridge", False, id="a number of something else"),
        pytest.param("سرقوني 14", False, id="a script of which nothing is learnt"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_child_is_likely(text: str, child: bool) -> None:
    assert victims.likely(minors.spelt(text)) == child
