"""The language of the desk: what the person chose, else what their browser asks for, else English."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, abort, has_request_context, redirect, request, session, url_for
from flask_babel import Babel, Domain, force_locale, get_locale, gettext, lazy_gettext
from flask_security import current_user
from flask_security.babel import FsDomain
from werkzeug.wrappers import Response

from bot.runtime import Runtime
from bot.store.people import User

LANGUAGES = {"es": "Español", "en": "English", "pt": "Português", "fr": "Français"}
# Flask-Security keeps its translations under a country's name; a catalogue without one serves each of them.
LOCALES = {"es": "es_ES", "en": "en", "pt": "pt_BR", "fr": "fr_FR"}
CATALOGUES = Path(__file__).parent / "translations"


class Words(Domain):
    """Reads the catalogues as they were written, so that no compiled file can be missing or old."""

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        return _catalogue(locale.language) if locale else NullTranslations()


class FormWords(FsDomain):
    """What Flask-Security says: in our words where we have some, for its own are informal or missing."""

    def gettext(self, string: str, **variables: Any) -> str:
        ours = gettext(string)
        if ours == string:
            return str(super().gettext(string, **variables))  # type: ignore[no-untyped-call]
        return ours % variables if variables else ours


@cache
def _catalogue(language: str) -> NullTranslations:
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def chosen() -> str:
    """One of LANGUAGES, for whoever asks now."""
    if not has_request_context():
        return "en"
    own = current_user.language if current_user and current_user.is_authenticated else None
    return own if own in LANGUAGES else _of_browser()


def _of_browser() -> str:
    """What was chosen in this browser, else what it asks for."""
    before = session.get("language")
    return before if before in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")


def no_database() -> str:
    """For a page that cannot know who is asking."""
    with force_locale(LOCALES[_of_browser()]):
        return gettext("The database does not answer. Nothing was changed; try again.")


def name_of(language: str) -> str:
    """What a language is called in the one of the desk."""
    return str(Locale.parse(LOCALES[chosen()]).languages.get(language, language))


def install(app: Flask) -> None:
    """Before Flask-Security, which asks for it."""
    babel = Babel(app, locale_selector=lambda: LOCALES[chosen()])  # type: ignore[no-untyped-call]
    babel.domain_instance = Words()  # type: ignore[no-untyped-call]
    app.context_processor(
        lambda: {
            "spoken": chosen,
            "desk_languages": LANGUAGES,
            "language_name": name_of,
            "here": _here,
        }  # asked only if shown
    )


def translate_forms(app: Flask) -> None:
    app.extensions["security"].i18n_domain = FormWords(app)  # type: ignore[no-untyped-call]


def add_pages(desk: Blueprint, runtime: Runtime) -> None:
    """The form at the top of each page, open to whoever is signed out too."""

    @desk.post("/language")
    def language() -> Response:
        wanted = request.form.get("language", "")
        if wanted not in LANGUAGES:
            abort(400)
        session["language"] = wanted
        if current_user.is_authenticated:
            with runtime.sessions.begin() as store:
                store.get_one(User, current_user.id).language = wanted
        back = request.form.get("next", "")
        return redirect(back if re.fullmatch(r"/desk/[\w/.?=&%@+-]*", back) else url_for("desk.home"))


def _here() -> str:
    """The page to come back to; none that came of a form, and no sign-in link, for each costs a try."""
    again = request.method == "GET" and request.endpoint != "desk.enter"
    return request.full_path.rstrip("?") if again else ""


# What the forms of Flask-Security can say on our pages, listed for the catalogues.
SHIPPED = (
    lazy_gettext("Authentication failed - identity or password/passcode invalid"),
    lazy_gettext("Email not provided"),
    lazy_gettext("Invalid code"),
    lazy_gettext("Invalid email address"),
    lazy_gettext("Invalid password"),
    lazy_gettext("Password does not match"),
    lazy_gettext("Password must be at least %(length)s characters"),
    lazy_gettext("Password not provided"),
    lazy_gettext("You successfully changed your password."),
    lazy_gettext("You successfully changed your two-factor method."),
    lazy_gettext("Your code has been confirmed"),
    lazy_gettext("You currently do not have permissions to access this page"),
    lazy_gettext("Your new password must be different than your previous password."),
)
