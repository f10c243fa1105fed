"""Over, or going on: the table of cases is tests/cases/timing.yml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import timing

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "timing.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_message_says_when(case: dict[str, Any]) -> None:
    assert timing.said(case["text"]) == case["said"]
