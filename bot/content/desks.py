"""The desks of routing.yml: how long each may leave a report waiting, and which desk gets it then."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from bot.content.model import Problem
from bot.content.texts import Mistake, line_after, line_of
from bot.directory import Hotline
from bot.hours import Opening, parse, zones
from bot.routing import AcceptWithin, Desk, Routing

LONGEST = 3650  # days that anything may be kept
WORDS = ("country", "name", "accept_within", "next", "keep_days", "partner", "bodies", "hours")
ENTRY = re.compile(r"[a-z]{2,3}-[a-z0-9-]+")  # how entries of hotlines/ are named
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
        row.get("keep_days"), row.get("partner") and str(row["partner"]), _bodies(raw, name, row),
        *_hours(raw, name, row),
    )  # fmt: skip


def _hours(raw: str, name: str, row: Mapping[str, Any]) -> tuple[Opening | None, str | None]:
    """When it is worked, or the entry of the directory that says so."""
    words = str(row.get("hours") or "")
    if not words or ENTRY.fullmatch(words):
        return None, words or None
    week, _, zone = words.rpartition(" ")
    given = week if zone in _zones() else words
    try:
        found = parse(given)
    except ValueError as error:
        raise Mistake(line_after(raw, line(raw, name), "hours:"), f"{name}: {error}") from None
    if found and given == week:
        found = replace(found, zone=zone)
    country = str(row.get("country") or "")
    if found and found.spans and not (found.zone or zones(country)):
        says = f"{name}: by whose clock? Give the desk a country, or end its hours with a zone like America/Lima"
        raise Mistake(line_after(raw, line(raw, name), "hours:"), says)
    return Opening(found, country) if found else None, None


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone)


def with_hours(routing: Routing, hotlines: Mapping[str, Hotline]) -> Routing:
    """The same with the hours of the entries that desks name."""
    return replace(routing, desks={name: _with_hours(each, hotlines) for name, each in routing.desks.items()})


def _with_hours(each: Desk, hotlines: Mapping[str, Hotline]) -> Desk:
    entry = hotlines.get(each.hours_of or "")
    return replace(each, opening=Opening(entry.hours, entry.country)) if entry and entry.hours else each


def unknown_entries(routing: Routing, hotlines: Collection[str], raw: str) -> Iterator[tuple[int, str]]:
    for each in routing.desks.values():
        if each.hours_of and each.hours_of not in hotlines:
            where = line_after(raw, line(raw, each.id), "hours:")
            yield where, f"{each.id}: hours: there is no contact {each.hours_of} in hotlines/"


def _bodies(raw: str, name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    given = row.get("bodies") or []
    if not isinstance(given, list) or not all(isinstance(body, str) for body in given):
        where = line_after(raw, line(raw, name), "bodies:")
        raise Mistake(where, f"{name}: bodies is written [police, migration]")
    return tuple(given)


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


def unknown_partners(routing: Routing, raw: str, known: frozenset[str]) -> Iterator[Problem]:
    """Desks whose partner system is not among those that are configured: it would get none of their reports."""
    for each in routing.desks.values():
        if each.partner and each.partner not in known:
            where = line_after(raw, line(raw, each.id), "partner:")
            yield Problem("routing.yml", where, f"{each.id}: the partner {each.partner} is not in FARO_PARTNERS")


def unknown_bodies(routing: Routing, known: Collection[str], raw: str) -> Iterator[tuple[int, str]]:
    """Desks that belong to a body which no list of words finds; and whether there is a desk of no authority."""
    for each in routing.desks.values():
        for body in each.bodies:
            if body not in known:
                where, listed = line_after(raw, line(raw, each.id), "bodies:"), ", ".join(known)
                yield where, f"{each.id}: there is no body {body} in accused.yml; known are {listed}"
    if routing.desks and all(each.bodies for each in routing.desks.values()):
        yield line_of(raw, "desks:"), "every desk belongs to a body: one must belong to none, for what accuses them"


def mistakes(routing: Routing, raw: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) of desks that pass on to nobody."""
    for each in routing.desks.values():
        if each.next is not None and (each.next == each.id or each.next not in routing.desks):
            wrong = "is the desk itself" if each.next == each.id else "is no desk"
            yield line_after(raw, line(raw, each.id), "next:"), f"{each.id}: next: {each.next} {wrong}"
