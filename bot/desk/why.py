"""Why a report came to its desk, as one sentence for its operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import Locale
from babel.dates import format_datetime
from flask_babel import gettext as _

from bot.accused import Body
from bot.desk.language import LOCALES
from bot.places import country_name
from bot.routing import ANY

Phrases = Mapping[str, str]


def sentence(
    why: Mapping[str, Any], phrases: Phrases, language: str = "en", bodies: Mapping[str, Body] | None = None
) -> str:
    """``why``: the parts of `routing.Why`, as they were kept with the report; ``phrases``: those of ``language``."""
    if not why.get("skipped"):
        return _fitted(why, phrases, language)
    title, owners = why["skipped"]
    told = {"case": title, "body": listed(owners, bodies or {}, language)}
    if ANY in why["accused"]:
        passed = _(
            "“%(case)s” would fit, but it belongs to %(body)s, and nobody said which authority is accused.", **told
        )
    else:
        passed = _("“%(case)s” would fit, but it belongs to %(body)s, who are accused.", **told)
    return f"{passed} {_fitted(why, phrases, language)}"


def listed(owners: Iterable[str], bodies: Mapping[str, Body], language: str) -> str:
    """What authorities are called, in a row."""
    return ", ".join(bodies[one].name[language] if one in bodies else one for one in owners)


def _fitted(why: Mapping[str, Any], phrases: Phrases, language: str) -> str:
    words = _Words(phrases, language)
    before = {"before": why["before"], "unfit": words.unfit(*why["unfit"])} if why["before"] is not None else None
    if why["case"] is None:
        if before is None:
            return _("No case fitted, so the default decided.")
        return _("No case fitted, so the default decided; the last one, “%(before)s”, did not: %(unfit)s.", **before)
    fitted = {"case": why["case"]}
    fitted["asked"] = ", ".join(words.asked(name, told) for name, told in why["fitted"]) or _("it takes everything")
    if before is None:
        return _("Case “%(case)s” fitted (%(asked)s).", **fitted)
    return _(
        "Case “%(case)s” fitted (%(asked)s); the one before it, “%(before)s”, did not: %(unfit)s.", **fitted, **before
    )


@dataclass(frozen=True)
class _Words:
    phrases: Phrases
    language: str

    def asked(self, name: str, told: Any) -> str:
        """What was told, where a case asks for just that."""
        if name == "urgent":
            return _("somebody in danger") if told else _("nobody in danger")
        if name == "minor":
            return _("somebody under 18") if told else _("nobody under 18")
        if name == "language":
            return _("written in %(language)s", language=self._language(told))
        if name == "open":
            return _("its desk was open")
        return country_name(told, self.language) if name == "country" else self._crime(told)

    def unfit(self, name: str, told: Any) -> str:
        """What was told, where a case asks for something else."""
        if name == "language":
            return _("it was written in %(language)s", language=self._language(told))
        if name == "open":
            return self._closed(told)
        if told is None and name == "country":
            return _("the country was not known")
        if told is None:
            return _("nobody knew whether somebody was under 18")
        if name == "country":
            return _("it happened in %(country)s", country=country_name(told, self.language))
        if name == "crime":
            return _("it was about %(crime)s", crime=self._crime(told))
        if name == "urgent":
            return _("somebody was in danger") if told else _("nobody was in danger")
        return _("somebody was under 18") if told else _("nobody was under 18")

    def _crime(self, crime: str) -> str:
        return self.phrases.get(f"crime_{crime}", crime).lower()

    def _language(self, spoken: str) -> str:
        return str(Locale.parse(LOCALES[self.language]).languages.get(spoken, spoken))

    def _closed(self, told: str) -> str:
        """``told``: of `Opening.told`. Where the country has several clocks, from the first to the last of them."""
        clocks = [datetime.fromisoformat(one) for one in told.split("/")]
        time = "–".join(f"{clock:%H:%M}" for clock in clocks)
        day = format_datetime(clocks[0], "EEEE", locale=LOCALES[self.language])
        return _("its desk was closed at %(time)s there (%(day)s)", time=time, day=day)
