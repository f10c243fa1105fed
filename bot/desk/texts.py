"""/desk/content: how the campaign's texts stand, and each as the three phones show it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import Blueprint, abort, render_template
from flask_babel import format_number, lazy_gettext, ngettext
from flask_babel import gettext as _
from sqlalchemy import func, select

from bot import sms
from bot.content import LANGUAGES, Content, progress
from bot.content.model import COUNTRIES, Topic, text_path
from bot.content.progress import State
from bot.runtime import Runtime
from bot.staff import showing
from bot.store.models import Contact

PHONES = ("sms", "whatsapp", "telegram")
# What a cell says, and its colour.
WORDS = {
    State.PRESENT: (lazy_gettext("signed"), "good"),
    State.UNREVIEWED: (lazy_gettext("not signed"), "open"),
    State.OUTDATED: (lazy_gettext("outdated"), "late"),
    State.LAPSED: (lazy_gettext("past its date"), "late"),
    State.MISSING: (lazy_gettext("missing"), "bad"),
    State.NOT_NEEDED: (lazy_gettext("general text"), "none"),
}


def add_pages(desk: Blueprint, runtime: Runtime) -> None:
    """Add the pages to the desk, closed like all of it."""
    shelf = runtime.shelf

    @desk.get("/content")
    def texts() -> str:
        content, today = shelf.content(), datetime.now(UTC).date()
        return render_template(
            "desk/texts.html", problems=shelf.problems, topics=content.topics.values(), languages=LANGUAGES,
            countries=COUNTRIES, legend=WORDS.values(), counts=_counts(content, today),
            cell=lambda topic, language: WORDS[progress.state(topic, "", language, today)],
            worst=lambda topic, country: WORDS[progress.in_country(topic, country, today)],
            not_spoken=_not_spoken(runtime),
        )  # fmt: skip

    @desk.get("/content/<topic>/<language>", defaults={"country": ""})
    @desk.get("/content/<topic>/<language>/<country>")
    def text(topic: str, language: str, country: str) -> str:
        content = shelf.content()
        asked = content.topics.get(topic) or abort(404)
        if language not in LANGUAGES or country not in ("", *COUNTRIES):
            abort(404)
        return _text(content, asked, language, country)


def _not_spoken(runtime: Runtime) -> list[tuple[str, int]]:
    """(language that Faro does not answer in, how many people write in it), the most first."""
    people = func.count().label("people")
    query = select(Contact.foreign_language, people).where(Contact.foreign_language.is_not(None))
    with runtime.sessions() as session:
        found = session.execute(query.group_by(Contact.foreign_language).order_by(people.desc()))
        return [(language, many) for language, many in found if language]


def _text(content: Content, topic: Topic, language: str, country: str) -> str:
    at = datetime.now(UTC)
    phones = {name: showing.shown(content, topic.id, language, country or None, name, at) for name in PHONES}
    found = topic.texts.get((country, language))
    return render_template(
        "desk/text.html", topic=topic, language=language, country=country, phones=phones, text=found,
        path=text_path(topic.id, country, language), state=WORDS[progress.state(topic, country, language, at.date())],
        languages=LANGUAGES, countries=COUNTRIES, costs=_cost,
        when={"at once": _("at once"), "after MORE": _("after MORE")},
    )  # fmt: skip


def _counts(content: Content, today: date) -> str:
    """``1,520 texts: 1,500 signed, 20 that nobody has signed, ...``, as `progress.counts` says it in English."""
    states = progress.counted(content, today)
    many = {state: format_number(states[state]) for state in State}
    return _(
        "%(all)s texts: %(signed)s signed, %(open)s that nobody has signed, %(outdated)s outdated, "
        "%(lapsed)s past their date, %(missing)s missing",
        all=format_number(progress.written(states)), signed=many[State.PRESENT], open=many[State.UNREVIEWED],
        outdated=many[State.OUTDATED], lapsed=many[State.LAPSED], missing=many[State.MISSING],
    )  # fmt: skip


def _cost(text: str, channel: str) -> str:
    """What `showing.cost` says in English."""
    if channel == "whatsapp":
        return _("1 message of the session")
    if channel != "sms":
        return _("free")
    size = sms.measure(text)
    said = {"encoding": size.encoding, "units": format_number(size.units)}
    return ngettext(
        "%(num)s segment, %(encoding)s, %(units)s units", "%(num)s segments, %(encoding)s, %(units)s units",
        size.segments, **said,
    )  # fmt: skip
