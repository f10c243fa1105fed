"""What the desk's newest pages can show, for the tests of languages, headers and access: each state, made for real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import delete, update

from bot import reports, telling
from bot.replies import Reply
from bot.runtime import Runtime
from bot.store.alerts import Alert, AlertSetting, PartnerPost
from bot.store.models import Contact, Outbound, Report, now
from tests.channels import with_settings
from tests.desk import token
from tests.reports import filed

LONG_AGO, SOME_DAY = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# What the person of a report may have chosen, by name.
CHOICES: dict[str, dict[str, Any]] = {
    "hours": {"safe": "hours", "safe_from": 1080, "safe_until": 1260},
    "never": {"safe": "never"},
    "neutral": {"safe": "neutral"},
    "sms": {"safe": "sms"},
    "silent": {"safe": "any", "last_inbound_at": LONG_AGO},
    "doubted": {"safe": "any", "doubted_at": SOME_DAY},
}
# How far a line of the desk may have come: status, reason, tries.
WAYPOINTS = [
    ("waiting", None, 0), ("waiting", None, 2), ("sending", None, 1), ("sent", None, 1), ("delivered", None, 1),
    ("read", None, 1), ("failed", None, 3), ("gone", None, 0),
    *[("held", why, 0) for why in ("stopped", "blocked", "window", "closed", "hours", "neutral")],
    ("withheld", "never", 0),
]  # fmt: skip
# Public, by number, so that nobody is asked where it is; nothing is sent there.
HOOK = "https://93.184.215.14/faro"
SOUTH = {"zone": "America/Lima", "begins": "22:00", "ends": "06:00"}
# What can be chosen, in an order in which each way is new.
CHOSEN: dict[str, dict[str, Any]] = {
    "a code is shown": {"way": "telegram"},
    "sms": {"way": "sms", "address": "+525512345678"},
    "e-mail on duty": {"way": "email", "address": "a@faro.example.org", "what": "danger", "day": ["0", "6"], **SOUTH},
    "a secret is shown": {"way": "webhook", "address": HOOK},
}
REFUSED: dict[str, dict[str, Any]] = {
    "a way that is not there": {"way": "fax"},
    "no country": {"way": "sms", "address": "5512345678"},
    "no number": {"way": "sms", "address": "+5211"},
    "no e-mail": {"way": "email", "address": "a@"},
    "no address": {"way": "webhook", "address": "https://["},
    "no host": {"way": "webhook", "address": "https://"},
    "no tls": {"way": "webhook", "address": "http://93.184.215.14/"},
    "private": {"way": "webhook", "address": "https://10.0.0.1/"},
    "no hours": {"way": "off", "day": ["1"]},
    "no zone": {"way": "off", "day": ["1"], **SOUTH, "zone": ""},
}


def every_way(runtime: Runtime) -> Runtime:
    """As a campaign that has configured all ways to be alerted."""
    return with_settings(
        runtime, try_phone=True, twilio_account_sid="AC" + "0" * 32, twilio_auth_token="a" * 32,
        twilio_sms_from="+15005550006", telegram_token=f"110201543:{'a' * 35}", telegram_secret="s",
        smtp_url="smtp://127.0.0.1:9", mail_from="faro@example.org",
    )  # fmt: skip


def forget_alerts(runtime: Runtime) -> None:
    """So that nobody is alerted to what other tests file."""
    with runtime.sessions.begin() as session:
        for table in (AlertSetting, Alert, PartnerPost):
            session.execute(delete(table))


def alert_pages(client: FlaskClient, runtime: Runtime, asks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """/desk/alerts of somebody who has chosen nothing yet, in each state and after each refusal; and of their tests."""

    def does(path: str, **form: Any) -> str:
        form["csrf_token"] = token(client, "/desk/password")
        return client.post(f"/desk/{path}", data=form, headers=asks, follow_redirects=True).get_data(as_text=True)

    def shown() -> str:
        return client.get("/desk/alerts", headers=asks).get_data(as_text=True)

    yield "alerts off", shown()
    yield "test of nothing", does("alerts/test")
    for name, form in CHOSEN.items():
        yield name, does("alerts", language="es", **form)
        yield f"after: {name}", shown()
    for name, form in REFUSED.items():
        yield f"refused: {name}", does("alerts", language="es", **form)
    yield "tested", does("alerts/test")
    yield "tested twice", does("alerts/test")
    for status in ("sent", "failed", "dropped"):
        with runtime.sessions.begin() as session:
            session.execute(update(Alert).where(Alert.why == "test").values(status=status))
        yield f"test {status}", shown()
    yield "alerts off again", does("alerts", way="off", language="es")


def not_told(runtime: Runtime, *desks: str) -> None:
    """One report in danger at the first desk and two at the next, to which nobody was alerted; a partner took none.

    Whatever else waits there counts as accepted.
    """
    with runtime.sessions.begin() as session:
        waits = Report.desk.in_(desks), Report.status == "filed"
        session.execute(update(Report).where(*waits).values(status="accepted", accepted_by="ana@faro.test"))
    for many, desk in enumerate(desks, 1):
        made = [filed(runtime, desk, danger="yes") for _ in range(many)]
        with runtime.sessions.begin() as session:
            session.add(PartnerPost(report_id=made[0].id, partner="casehouse", desk=desk, why="filed", status="failed"))


def chosen_by_person(runtime: Runtime, desk: str, choice: str) -> Report:
    """An accepted report whose person chose one of CHOICES, with a line of the desk at each of WAYPOINTS."""
    report = filed(runtime, desk)
    with runtime.sessions.begin() as session:
        theirs = session.get_one(Report, report.id)
        reports.accept(theirs, "ana@faro.test")
        for status, reason, attempts in WAYPOINTS:
            line = reports.add_line(session, theirs, "lo vimos", "ana@faro.test")
            said = {"case": theirs.number, "desk": desk, "text": "lo vimos"}
            sent = telling.tell(session, runtime, theirs, Reply("case_message", said), now())[0]
            session.flush()
            line.outbound_id = sent.id
            sent.status, sent.reason, sent.attempts = status, reason, attempts
        session.execute(delete(Outbound).where(Outbound.status == "gone"))
        session.execute(update(Contact).where(Contact.id == theirs.contact_id).values(**CHOICES[choice]))
    return report
