"""Which contacts to give: a pure choice over content/hotlines/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hotline:
    """One entry of the directory; the fields are explained in content/hotlines/README.md."""

    id: str
    country: str
    name: str
    name_en: str
    kind: str
    purposes: tuple[str, ...]
    phone_local: str | None
    phone_intl: str | None
    text: str | None
    whatsapp: str | None
    web: str | None
    hours: str
    free: bool | None
    confidence: str
    source: str
    source_date: str
    note: str

    @property
    def shown(self) -> bool:
        """Whether a migrant may be given this entry.

        Not one that only general knowledge vouches for, and not one whose note is a safety warning (such as a tip
        line that also takes immigration reports), as long as that warning cannot be given with it.
        """
        return self.confidence != "low" and not self.note.startswith("SAFETY")

    @property
    def reachable(self) -> bool:
        return bool(self.phone_local or self.text or self.whatsapp or self.web)


def choose(hotlines: Iterable[Hotline], country: str, purposes: tuple[str, ...], limit: int = 3) -> tuple[Hotline, ...]:
    """The best contacts of a country for the purposes, the first purpose first.

    A complaint about an authority is never sent to an authority; a consulate serves its own nationals, so it is
    given only where a consulate is what was asked for.
    """
    fitting = [
        h
        for h in hotlines
        if h.country == country and h.shown and h.reachable and set(purposes) & set(h.purposes)
        if not ("abuse_by_authority" in purposes and h.kind == "authority")
        if not (h.kind == "consulate" and "consular" not in purposes)
    ]
    return tuple(sorted(fitting, key=lambda h: _rank(h, purposes))[:limit])


def _rank(hotline: Hotline, purposes: tuple[str, ...]) -> tuple[bool, int, bool, int]:
    """Phones before web pages, then the purpose asked for first, then the surer, then the more special."""
    first = min(purposes.index(p) for p in hotline.purposes if p in purposes)
    return (not hotline.phone_local, first, hotline.confidence != "high", len(hotline.purposes))


def by_id(hotlines: Iterable[Hotline]) -> Mapping[str, Hotline]:
    return {hotline.id: hotline for hotline in hotlines}
