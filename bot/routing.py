"""Which desk a report goes to, and whom the person can call: ordered cases, the first that fits, a default last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Incident:
    """What routing looks at. ``country`` is where it happened, None when nobody knows."""

    country: str | None
    crime_type: str
    urgent: bool
    minor: bool | None


@dataclass(frozen=True)
class Desk:
    id: str
    name: Mapping[str, str]
    country: str | None


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
        return (
            (not self.countries or incident.country in self.countries)
            and (not self.crimes or incident.crime_type in self.crimes)
            and (self.urgent is None or self.urgent == incident.urgent)
            and (self.minor is None or self.minor == incident.minor)
        )


@dataclass(frozen=True)
class Routing:
    """The whole table of content/routing.yml. ``emergency``: country → id of the directory entry."""

    desks: Mapping[str, Desk]
    emergency: Mapping[str, str]
    cases: tuple[Case, ...]
    default: Case


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
