"""/desk/alerts: how I am alerted, for everybody who works reports, and only their own; and what the list says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.dates import get_day_names, get_timezone_location
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from bot import alerts, audit, hours, own_alerts, partners
from bot.content import LANGUAGES
from bot.content.model import COUNTRIES
from bot.desk import language
from bot.places import country_name
from bot.runtime import Runtime
from bot.store.audit import Action

# Alerts come in more languages than the desk's own.
SPOKEN = language.LANGUAGES | {"ht": "Kreyòl ayisyen"}


def add_pages(desk: Blueprint, runtime: Runtime) -> None:
    """Add the page to the desk, closed like all of it."""

    @desk.context_processor
    def not_told() -> dict[str, Any]:
        """For the list of reports; asked only where a page asks."""

        def unreached() -> dict[str, int]:
            with runtime.sessions() as session:
                return alerts.unreached(session, current_user.desks)

        def not_taken() -> list[tuple[str, str]]:
            with runtime.sessions() as session:
                return partners.not_taken(session, current_user.desks)

        return {"unreached": unreached, "not_taken": not_taken}

    def page(shown: own_alerts.ShownOnce, refused: bool = False) -> str:
        with runtime.sessions() as session:
            chosen = own_alerts.known(session, current_user.id)
            tested = own_alerts.last_test(session, current_user.id)
        chosen = _typed(chosen) if refused else chosen
        names = _names()
        ways = [(way, names[way]) for way in own_alerts.open_ways(runtime)]
        bot = runtime.shelf.content().campaign.reach.get("telegram")
        return render_template(
            "desk/alerts.html", chosen=chosen, tested=tested, shown=shown, ways=ways, zones=_zones(), days=_days(),
            tongues=[(name, SPOKEN[name]) for name in LANGUAGES], bot=bot,
        )  # fmt: skip

    @desk.get("/alerts", endpoint="alerts")
    def own() -> str:
        return page(own_alerts.ShownOnce())

    @desk.post("/alerts", endpoint="save_alerts")
    def save() -> Response | str:
        try:
            choice = _chosen()
            with runtime.sessions.begin() as session:
                shown = own_alerts.save(session, runtime, current_user.id, choice)
                audit.append(session, current_user, Action.ALERTS_CHANGED)
        except own_alerts.NotTaken as error:
            flash(_("Not saved: %(why)s.", why=_(str(error))))
            return page(own_alerts.ShownOnce(), refused=True)
        flash(_("Saved."))
        # what is shown once can stand on no page that is asked for again
        return page(shown) if shown != own_alerts.ShownOnce() else redirect(url_for("desk.alerts"))

    @desk.post("/alerts/test", endpoint="test_alert")
    def test() -> Response:
        try:
            with runtime.sessions.begin() as session:
                own_alerts.test(session, current_user.id)
            flash(_("A test is on its way."))
        except own_alerts.NotTaken as error:
            flash(_("Not sent: %(why)s.", why=_(str(error))))
        return redirect(url_for("desk.alerts"))


def _names() -> dict[str, str]:
    return {
        "off": _("Not at all"), "sms": "SMS", "telegram": "Telegram", "email": _("E-mail"),
        "webhook": _("Webhook (your system)"),
    }  # fmt: skip


def _days() -> list[str]:
    """Monday first."""
    names = get_day_names("wide", "stand-alone", get_locale() or "en")
    return [names[day] for day in range(7)]


def _zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """(country, (zone, its city)), both as the desk's language calls them and in its order."""
    where, locale = language.chosen(), get_locale() or "en"

    def city(zone: str) -> str:
        return get_timezone_location(zone, locale=locale, return_city=True).rpartition("/")[2]

    countries = sorted((country_name(country, where), hours.zones(country)) for country in COUNTRIES)
    return [
        (name, sorted(((zone, city(zone)) for zone in zones), key=lambda both: both[1])) for name, zones in countries
    ]


def _says(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "").replace("\0", "")[:2000] for name in names}


def _typed(before: Mapping[str, Any]) -> dict[str, Any]:
    """The form as it was sent, in the shape of `own_alerts.known`: who mistyped one thing writes nothing else anew."""
    says = _says("way", "address", "language", "zone", "begins", "ends")
    days = [int(day) for day in request.form.getlist("day") if day in list("0123456")]
    is_kept = before["connected"] and before["way"] == says["way"]
    return says | {"days": days, "danger_only": request.form.get("what") == "danger", "connected": is_kept}


def _chosen() -> own_alerts.Choice:
    form, says = request.form, _says("way", "address", "language", "zone")
    duty = own_alerts.duty(form.getlist("day"), form.get("begins", ""), form.get("ends", ""), says.pop("zone"))
    return own_alerts.Choice(**says, danger_only=form.get("what") == "danger", duty=duty)
