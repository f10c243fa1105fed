"""tests/broken: one mistake a file, its first line what staff are told. Copy one, break it otherwise, say the message.

A second line ``in: <path>`` names where the file stands when the message is about another one. An empty file is a
missing one. Everything else is tests/broken/good, in which nothing is wrong.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.content import ContentError, Problem, Reader, progress
from bot.settings import ROOT
from bot.staff.commands import content as command

BROKEN = ROOT / "tests/broken"
FILES = sorted(p for p in BROKEN.iterdir() if p.is_file())
TODAY = date(2026, 11, 22)


def told(folder: Path) -> list[Problem]:
    """What `faro content check` names: mistakes, else what is to do."""
    reader = Reader(folder)
    try:
        return progress.to_do(reader.read(), reader.raw, TODAY)
    except ContentError as error:
        return list(error.problems)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BROKEN / "good", tmp_path / "content"))


def test_nothing_is_wrong_in_the_good_folder(good: Path) -> None:
    assert told(good) == []


@pytest.mark.parametrize("file", FILES, ids=[p.stem for p in FILES])
def test_a_mistake_is_named_with_file_and_line(file: Path, good: Path) -> None:
    message, rest = file.read_text("utf-8").split("\n", 1)
    where = message.split(":")[0]
    if rest.startswith("in: "):
        line, rest = rest.split("\n", 1)
        where = line.removeprefix("in: ")
    target = good / where
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(rest, "utf-8") if rest else target.unlink()
    found = told(good)
    assert str(found[0]) == message
    # One mistake is told once; where it touches the four translations, once for each.
    assert len(found) == 1 or len({problem.path for problem in found}) == 4


def test_a_file_in_another_alphabet_s_bytes_is_named(good: Path) -> None:
    (good / "topics/rights_work/pt.md").write_bytes("título".encode("latin-1"))
    assert [str(problem) for problem in told(good)] == ["topics/rights_work/pt.md:1: save this file as UTF-8"]


def test_several_mistakes_are_all_named_at_once(good: Path) -> None:
    for path in ("campaign.yml", "topics/topics.yml"):
        (good / path).write_text("a: [", "utf-8")
    assert [problem.path for problem in told(good)] == ["topics/topics.yml", "campaign.yml"]


def test_the_exit_status_tells_a_machine(good: Path) -> None:
    run = CliRunner()
    assert run.invoke(command, ["check", str(good)]).exit_code == 0
    (good / "topics/rights_work/MX.pt.md").unlink()
    assert run.invoke(command, ["check", str(good)]).exit_code == 0
    assert run.invoke(command, ["check", "--strict", str(good)]).exit_code == 1
    (good / "campaign.yml").write_text("a: [", "utf-8")
    assert run.invoke(command, ["check", str(good)]).exit_code == 1


def test_a_signature_counts_until_the_words_change(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_CONTENT", str(good))
    run, file = CliRunner(), good / "topics/rights_work/MX.pt.md"
    signed = run.invoke(command, ["sign", "rights_work", "--lang", "pt", "--country", "MX", "--by", "Ana: Souza"])
    assert signed.exit_code == 0, signed.output
    text = Reader(good).read().topics["rights_work"].texts[("MX", "pt")]
    assert text.reviewed and text.reviewed_by == "Ana: Souza"
    file.write_text(file.read_text("utf-8").replace("de graça", "grátis"), "utf-8")
    assert not Reader(good).read().topics["rights_work"].texts[("MX", "pt")].reviewed
    assert "0 signed, 15 that nobody has signed" in run.invoke(command, ["check", str(good)]).output
