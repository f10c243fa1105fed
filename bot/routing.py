"""Which desk a report goes to, and whom the person can call: ordered cases, the first that fits, a default last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.hours import Opening


@dataclass(frozen=True)
class Incident:
    """What routing looks at. ``country`` is where it happened, None when nobody knows.

    ``language``: the person's; ``at``: when it is filed (aware), for cases that ask whether their desk is open.
    """

    country: str | None
    crime_type: str
    urgent: bool
    minor: bool | None
    # Bodies of content/accused.yml whom the person accuses, or ANY where nobody knows which authority it was.
    accused: frozenset[str] = frozenset()
    language: str | None = None
    at: datetime | None = None


# Stands for whichever body: then no desk of an authority is asked.
ANY = "any"


# What a case asks ("country", "crime", "urgent", "minor", "language", "open"), and what was told of it; None: not
# known. Of "open": True, or what the clocks said at the closed desk (`Opening.told`).
Condition = tuple[str, str | bool | None]


@dataclass(frozen=True)
class AcceptWithin:
    """How long a report may wait at a desk before it is passed on: one that tells of danger now, and any other."""

    danger: timedelta = timedelta(minutes=15)
    other: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Desk:
    """``next``: the desk that gets what this one did not accept in time; None: the default's.

    ``keep_days``: days from closing until a report is reduced to its statistics; None: as the campaign says.
    ``partner``: the partner system (docs/partner.md) that gets its reports too.
    ``bodies``: the authorities that read there (ids of content/accused.yml): it gets nothing that accuses one of them.
    ``opening``: when it is worked; None: not known, which counts as always. ``hours_of``: the entry of
    content/hotlines/ from which it has them, where the table names one.
    """

    id: str
    name: Mapping[str, str]
    country: str | None
    accept_within: AcceptWithin = AcceptWithin()
    next: str | None = None
    keep_days: int | None = None
    partner: str | None = None
    bodies: tuple[str, ...] = ()
    opening: Opening | None = None
    hours_of: str | None = None

    def those_of(self, accused: frozenset[str]) -> tuple[str, ...]:
        """Which of its bodies are accused."""
        return tuple(body for body in self.bodies if ANY in accused or body in accused)


@dataclass(frozen=True)
class Case:
    """One line of the table: an empty condition fits everything."""

    title: str
    desk: str
    countries: tuple[str, ...] = ()
    crimes: tuple[str, ...] = ()
    urgent: bool | None = None
    minor: bool | None = None
    call: tuple[str, ...] = ()
    # The desk that gets a copy too, if the person agrees (bot/copying.py).
    copy: str | None = None
    languages: tuple[str, ...] = ()
    # Fits only while its desk is open: `Routing.fits` looks, as that is not for the case to know.
    open: bool = False

    def fits(self, incident: Incident) -> bool:
        # Not by `compared`: the check of a saved file asks this a hundred thousand times.
        return (
            (not self.countries or incident.country in self.countries)
            and (not self.crimes or incident.crime_type in self.crimes)
            and (self.urgent is None or self.urgent == incident.urgent)
            and (self.minor is None or self.minor == incident.minor)
            and (not self.languages or incident.language in self.languages)
        )

    def compared(self, incident: Incident) -> Iterator[tuple[Condition, bool]]:
        """Each condition that the case makes, with what was told, and whether that fits."""
        if self.countries:
            yield ("country", incident.country), incident.country in self.countries
        if self.crimes:
            yield ("crime", incident.crime_type), incident.crime_type in self.crimes
        if self.urgent is not None:
            yield ("urgent", incident.urgent), self.urgent == incident.urgent
        if self.minor is not None:
            yield ("minor", incident.minor), self.minor == incident.minor
        if self.languages:
            yield ("language", incident.language), incident.language in self.languages


@dataclass(frozen=True)
class Routing:
    """The whole table of content/routing.yml. ``emergency``: country → id of the directory entry."""

    desks: Mapping[str, Desk]
    emergency: Mapping[str, str]
    cases: tuple[Case, ...]
    default: Case

    def time_to_accept(self, desk: str, urgent: bool) -> timedelta:
        """A desk that the table no longer names has the usual time."""
        known = self.desks.get(desk)
        within = known.accept_within if known else AcceptWithin()
        return within.danger if urgent else within.other

    def after(self, desk: str) -> str | None:
        """The desk that gets a report when this one did not accept it in time; None where there is no other."""
        known = self.desks.get(desk)
        found = (known.next if known else None) or self.default.desk
        return None if found == desk else found

    def chain(self, desk: str, accused: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """The desk and, in order, every other that can get a report from it: those after it, and the default's at last,
        as a desk of a ring may one day be taken out of the table. Those of an accused body are left out."""
        found = [desk]
        while (following := self.after(found[-1])) and following not in found:
            found.append(following)
        others = dict.fromkeys((*found[1:], self.default.desk))
        others.pop(desk, None)
        return (desk, *(one for one in others if not self.barred(one, accused)))

    def barred(self, desk: str, accused: frozenset[str]) -> bool:
        """Whether the desk belongs to a body that is accused."""
        known = self.desks.get(desk)
        return known is not None and bool(known.those_of(accused))

    def is_open(self, desk: str, at: datetime | None) -> bool:
        """A desk whose hours are not known always is; without a moment nothing else is."""
        opening = self.desks[desk].opening if desk in self.desks else None
        return opening is None or (at is not None and opening.holds(at))

    def fits(self, case: Case, incident: Incident) -> bool:
        return case.fits(incident) and (not case.open or self.is_open(case.desk, incident.at))

    def compared(self, case: Case, incident: Incident) -> Iterator[tuple[Condition, bool]]:
        """As that of the case, and last whether its desk was open, where it asks for that."""
        yield from case.compared(incident)
        if case.open:
            is_open, opening = self.is_open(case.desk, incident.at), self.desks[case.desk].opening
            told = opening.told(incident.at) if opening and incident.at else None
            yield ("open", True if is_open else told), is_open

    def takes(self, case: Case, incident: Incident) -> bool:
        return self.fits(case, incident) and not self.barred(case.desk, incident.accused)

    def last(self, incident: Incident) -> Case:
        """What decides where no case does: the default, or, where that is accused, a desk that is not: rather one of
        another country. A table in which every desk belongs to a body is refused (bot/content/desks.py)."""
        if not self.barred(self.default.desk, incident.accused):
            return self.default
        free = [desk for desk in self.desks.values() if not desk.those_of(incident.accused)]
        free.sort(key=lambda desk: desk.country == incident.country)
        return replace(self.default, desk=free[0].id) if free else self.default


@dataclass(frozen=True)
class Route:
    """``call``: ids of directory entries, in the order to give them; ``case``: the title of the case that fitted."""

    desk: str
    call: tuple[str, ...]
    case: str


def route(incident: Incident, routing: Routing) -> Route:
    """The first case that fits and whose desk is not of an accused body, else the default."""
    case = next((case for case in routing.cases if routing.takes(case, incident)), None) or routing.last(incident)
    return Route(case.desk, case.call, case.title)


@dataclass(frozen=True)
class Why:
    """Why a report goes where it goes, in the parts of one sentence.

    ``case``: the title of the case that fitted, None for the default; ``fitted``: all that it asked.
    ``before``: the title of the case above it, None when it is the first; ``unfit``: the first thing told that did not
    fit there. ``skipped``: the first case that fitted and whose desk belongs to an accused body, with its bodies;
    ``accused``: as in `Incident`.
    """

    case: str | None
    fitted: tuple[Condition, ...]
    before: str | None
    unfit: Condition | None
    skipped: tuple[str, tuple[str, ...]] | None = None
    accused: tuple[str, ...] = ()


def explain(incident: Incident, routing: Routing) -> Why:
    """Why `route` chooses as it does."""
    place = next((n for n, case in enumerate(routing.cases) if routing.takes(case, incident)), len(routing.cases))
    chosen = routing.cases[place] if place < len(routing.cases) else None
    before = routing.cases[place - 1] if place and not routing.fits(routing.cases[place - 1], incident) else None
    over = [*routing.cases[:place], *(() if chosen else (routing.default,))]
    fitting = [case for case in over if routing.fits(case, incident)]
    skipped = next((case for case in fitting if routing.barred(case.desk, incident.accused)), None)
    return Why(
        case=chosen.title if chosen else None,
        fitted=tuple(condition for condition, _ in routing.compared(chosen, incident)) if chosen else (),
        before=before.title if before else None,
        unfit=next(told for told, fits in routing.compared(before, incident) if not fits) if before else None,
        skipped=(skipped.title, routing.desks[skipped.desk].those_of(incident.accused)) if skipped else None,
        accused=tuple(sorted(incident.accused)),
    )
