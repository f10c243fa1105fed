"""Which desk a report goes to, and whom the person can call: ordered cases, the first that fits, a default last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Incident:
    """What routing looks at. ``country`` is where it happened, None when nobody knows."""

    country: str | None
    crime_type: str
    urgent: bool
    minor: bool | None


# What a case asks ("country", "crime", "urgent", "minor"), and what was told of it; None: not known.
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
    """

    id: str
    name: Mapping[str, str]
    country: str | None
    accept_within: AcceptWithin = AcceptWithin()
    next: str | None = None
    keep_days: int | None = None


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

    def fits(self, incident: Incident) -> bool:
        # Not by `compared`: the check of a saved file asks this a hundred thousand times.
        return (
            (not self.countries or incident.country in self.countries)
            and (not self.crimes or incident.crime_type in self.crimes)
            and (self.urgent is None or self.urgent == incident.urgent)
            and (self.minor is None or self.minor == incident.minor)
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


@dataclass(frozen=True)
class Route:
    """``call``: ids of directory entries, in the order to give them; ``case``: the title of the case that fitted."""

    desk: str
    call: tuple[str, ...]
    case: str


def route(incident: Incident, routing: Routing) -> Route:
    """The first case that fits, else the default."""
    case = next((case for case in routing.cases if case.fits(incident)), routing.default)
    return Route(case.desk, case.call, case.title)


@dataclass(frozen=True)
class Why:
    """Why a report goes where it goes, in the parts of one sentence.

    ``case``: the title of the case that fitted, None for the default; ``fitted``: all that it asked.
    ``before``: the title of the case above it, None when it is the first; ``unfit``: the first thing told that did not
    fit there.
    """

    case: str | None
    fitted: tuple[Condition, ...]
    before: str | None
    unfit: Condition | None


def explain(incident: Incident, routing: Routing) -> Why:
    """Why `route` chooses as it does."""
    place = next((n for n, case in enumerate(routing.cases) if case.fits(incident)), len(routing.cases))
    chosen = routing.cases[place] if place < len(routing.cases) else None
    before = routing.cases[place - 1] if place else None
    return Why(
        case=chosen.title if chosen else None,
        fitted=tuple(condition for condition, _ in chosen.compared(incident)) if chosen else (),
        before=before.title if before else None,
        unfit=next(condition for condition, fits in before.compared(incident) if not fits) if before else None,
    )
