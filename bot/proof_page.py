"""/proof: whoever holds a case number and its fingerprint learns when and where the report was filed, nothing else."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from bot import proof
from bot.content import LANGUAGES
from bot.runtime import Runtime

DEFAULT_LANGUAGE = "es"


def blueprint(runtime: Runtime) -> Blueprint:
    page = Blueprint("proof", __name__, template_folder="templates", static_folder="static",
                     url_prefix="/proof", static_url_path="/static")  # fmt: skip

    @page.get("/", strict_slashes=False)
    @page.get("", strict_slashes=False)
    def ask() -> str:
        return _shown(runtime)

    @page.post("/", strict_slashes=False)
    @page.post("", strict_slashes=False)
    def answer() -> str:
        with runtime.sessions() as session:
            found = proof.find(session, request.form.get("number", ""), request.form.get("mark", ""))
        return _shown(runtime, _said(runtime, found))

    @page.after_request
    def unkept(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    return page


def _shown(runtime: Runtime, said: str | None = None) -> str:
    language = _language()
    words = runtime.shelf.content().phrases[language]
    return render_template("proof.html", words=words, said=said, language=language, languages=LANGUAGES)


def _said(runtime: Runtime, found: proof.Proven | None) -> str:
    content, language = runtime.shelf.content(), _language()
    words = content.phrases[language]
    if found is None:
        return words["proof_nothing"]
    desk = content.routing.desks.get(found.desk)
    name = desk.name[language] if desk else found.desk
    return words["proof_filed"].format(date=found.filed_at.date().isoformat(), desk=name)


def _language() -> str:
    """The one that was chosen on the page, else the browser's."""
    chosen = request.args.get("lang")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, DEFAULT_LANGUAGE)
