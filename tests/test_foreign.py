"""Languages that Faro does not answer in are known by their script or their letters: tests/cases/foreign.yml."""

from __future__ import annotations

import pytest
import yaml

from bot import foreign
from bot.settings import ROOT

CASES = yaml.safe_load((ROOT / "tests/cases/foreign.yml").read_text("utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_a_language_is_known_by_its_script_or_its_letters(name: str) -> None:
    text, language = CASES[name]
    assert foreign.written(text) == language
