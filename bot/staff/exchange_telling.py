"""What an import did and left, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.staff.exchange import Outcome
from bot.staff.exchange_returns import Fate, Return

LEFT = (Fate.EMPTY, Fate.UNFINISHED, Fate.STALE, Fate.NEWER_HERE)


def told(outcome: Outcome, reviewer: str | None) -> Iterator[str]:
    """File by file what was written, then what was left as it is, and why."""
    for path in outcome.written:
        made = [each for each in outcome.returns if each.piece.path == path]
        yield f"{path}: {', '.join(_made(made, path in outcome.signed, reviewer or ''))}"
    taken = [each for each in outcome.returns if each.piece.path in outcome.written and not each.phrase]
    yield from _listed("outdated already, their Spanish text has changed since the export", filter(_outdated, taken))
    for fate in LEFT:
        yield from _listed(f"left as they are, {fate.value}", (each for each in outcome.returns if each.fate is fate))
    if outcome.away:
        yield f"{outcome.away} left as they are, not in the file"
    if reviewer:
        yield from _unsigned(outcome)
    same = sum(each.fate is Fate.SAME and each.piece.path not in outcome.written for each in outcome.returns)
    yield f"{len(outcome.written)} files written, {same} texts and phrases unchanged"


def _made(returns: list[Return], signed: bool, reviewer: str) -> Iterator[str]:
    changed = [each for each in returns if each.fate is Fate.CHANGED]
    if changed:
        yield f"phrases changed: {len(changed)}" if changed[0].phrase else "new words"
    if any(each.confirmed for each in returns):
        yield "the words stay, read beside the Spanish text"
    if signed:
        yield f"signed by {reviewer}"


def _outdated(each: Return) -> bool:
    return each.outdated and (each.fate is Fate.CHANGED or each.confirmed)


def _unsigned(outcome: Outcome) -> Iterator[str]:
    passed = [each for each in outcome.returns if each.passed]
    if not passed:
        yield "no text came back marked as final or approved: nothing was signed"
    why = "not signed, though marked as final: read them, then `faro content sign`"
    open_still = (each for each in passed if each.piece.path not in outcome.signed)
    yield from _listed(why, (each for each in open_still if each.fate is Fate.CHANGED or each.outdated))


def _listed(says: str, returns: Iterable[Return]) -> Iterator[str]:
    if ids := [each.piece.id for each in returns]:
        yield f"{len(ids)} {says}: {', '.join(ids)}"
