"""A child who is a victim is seen in the first message: tests/cases/minors.yml, and all messages of another hand."""

from __future__ import annotations

import pytest
import yaml

from bot import measuring, minors
from bot.settings import ROOT

CASES = yaml.safe_load((ROOT / "tests/cases/minors.yml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_a_child_is_seen_and_a_time_is_no_age(case: dict[str, object]) -> None:
    assert minors.named(str(case["text"])) == case["minor"]


def test_children_are_seen_in_messages_of_another_hand_and_grown_ups_are_not_taken_for_them() -> None:
    files = (ROOT / "tests/understanding").glob("*.jsonl")
    rows = [row for file in files for row in measuring.labelled(file.read_text("utf-8").splitlines())]
    told = [(bool(row["minor"]), minors.named(row["text"])) for row in rows if row["crime_type"]]
    both = sum(right and seen for right, seen in told)
    assert both >= 0.97 * sum(right for right, _ in told)
    assert both >= 0.93 * sum(seen for _, seen in told)
