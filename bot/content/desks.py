"""The desks of routing.yml: how long each may leave a report waiting, and which desk gets it then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from bot.content.texts import Mistake, line_after, line_of
from bot.routing import AcceptWithin, Desk, Routing

LONGEST = 3650  # days that anything may be kept
WORDS = ("country", "name", "accept_within", "next", "keep_days")
DURATION = re.compile(r"([1-9]\d{0,3})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def line(raw: str, name: str) -> int:
    """Where a desk begins."""
    return line_of(raw, f" {name}:")


def desk(raw: str, name: str, row: Mapping[str, Any]) -> Desk:
    """One desk. Raises Mistake with its line, and KeyError without a name."""
    if unknown := set(row) - set(WORDS):
        raise Mistake(line(raw, name), f"{name}: unknown word {sorted(unknown)[0]}; known are {', '.join(WORDS)}")
    following = row.get("next")
    if "keep_days" in row:
        check_days(row["keep_days"], "keep_days", line_after(raw, line(raw, name), "keep_days:"))
    return Desk(
        name, row["name"], row.get("country"), _accept_within(raw, name, row), following and str(following),
        row.get("keep_days"),
    )  # fmt: skip


def check_days(days: Any, name: str, line: int) -> None:
    """Raises Mistake."""
    if type(days) is not int or not 1 <= days <= LONGEST:
        raise Mistake(line, f"{name}: wanted is a whole number of days, from 1 to {LONGEST}")


def _accept_within(raw: str, name: str, row: Mapping[str, Any]) -> AcceptWithin:
    where, given = line_after(raw, line(raw, name), "accept_within:"), row.get("accept_within") or {}
    if not isinstance(given, Mapping) or set(given) - {"danger", "other"}:
        raise Mistake(where, f"{name}: accept_within is written {{danger: 15m, other: 24h}}")
    times = {kind: duration(str(words)) for kind, words in given.items()}
    for kind, time in times.items():
        if time is None:
            raise Mistake(
                line_after(raw, where - 1, f"{kind}:"),
                f"{name}, {kind}: {given[kind]} is no time, write it like 15m, 24h or 2d",
            )
    return AcceptWithin(**{kind: time for kind, time in times.items() if time})


def duration(words: str) -> timedelta | None:
    """Minutes, hours or days; None for anything else.

    >>> duration("15m"), duration("24h"), duration("0m"), duration("1.5h")
    (datetime.timedelta(seconds=900), datetime.timedelta(days=1), None, None)
    """
    found = DURATION.fullmatch(words)
    return timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None


def mistakes(routing: Routing, raw: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) of desks that pass on to nobody."""
    for each in routing.desks.values():
        if each.next is not None and (each.next == each.id or each.next not in routing.desks):
            wrong = "is the desk itself" if each.next == each.id else "is no desk"
            yield line_after(raw, line(raw, each.id), "next:"), f"{each.id}: next: {each.next} {wrong}"
