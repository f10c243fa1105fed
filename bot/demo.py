"""/try in a demonstration: an SMS, a WhatsApp and a Telegram phone side by side, on made-up providers."""

from __future__ import annotations

import httpx
from flask import Blueprint, Response, jsonify, render_template, request

from bot.phone import sample_numbers

# A phone answers when its provider has told our webhook, for which a provider waits 15 seconds.
PATIENCE = httpx.Timeout(20, connect=2)


def blueprint(phones: str) -> Blueprint:
    """``phones``: the address of the made-up providers, which keep what is on the three phones."""
    demo = Blueprint("demo", __name__, template_folder="templates", static_folder="static",
                     url_prefix="/try", static_url_path="/static")  # fmt: skip
    wire = httpx.Client(base_url=phones, timeout=PATIENCE, trust_env=False)

    @demo.get("/")
    @demo.get("", strict_slashes=False)
    def page() -> str:
        return render_template("demo.html", numbers=sample_numbers())

    @demo.route("/phones/<any(sms, whatsapp, telegram):channel>/messages", methods=["GET", "POST"])
    def messages(channel: str) -> Response:
        return _passed_on(wire, f"/phones/{channel}/messages")

    return demo


def _passed_on(wire: httpx.Client, path: str) -> Response:
    """The phones' own answer to this request; 502 with a reason when they give none."""
    try:
        answer = wire.request(
            request.method, path, params=request.args.to_dict(), content=request.get_data(),
            headers={"Content-Type": request.mimetype or "application/json"},
        )  # fmt: skip
    except httpx.HTTPError as error:
        return _no_answer(type(error).__name__)
    if answer.headers.get("Content-Type") != "application/json":
        return _no_answer(f"status {answer.status_code}")
    return Response(answer.content, answer.status_code, mimetype="application/json")


def _no_answer(why: str) -> Response:
    response = jsonify(error=f"the phones do not answer: {why}")
    response.status_code = 502
    return response
