"""A child who is a victim is seen in the first message: tests/cases/minors.yml."""

from __future__ import annotations

import pytest
import yaml

from bot import minors
from bot.settings import ROOT

CASES = yaml.safe_load((ROOT / "tests/cases/minors.yml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_a_child_is_seen_and_a_time_is_no_age(case: dict[str, object]) -> None:
    assert minors.named(str(case["text"])) == case["minor"]
