"""Who works at a desk is told of its reports, once for each occasion, and of nothing but number and urgency."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text

from bot import alerting, alerts, asking, jobs, outside_jobs, own_alerts, webhooks
from bot.channels import telegram, webhook
from bot.content import LANGUAGES
from bot.gateway import application
from bot.messages import NotSent
from bot.runtime import Runtime
from bot.store.alerts import Alert, AlertSetting
from bot.store.audit import Action, Audit
from bot.store.models import Contact, Report, now
from bot.store.people import User
from tests.channels import AT_HOME, PUBLIC, Kept, queue, with_settings
from tests.conftest import Process, tidy, wait_until
from tests.desk import member, token
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import FakeTwilio
from tests.outside import PASSWORD, USER, MailServer, System, certificate, mail_server
from tests.towns import DANGER, OTHER, START, Town
from tests.towns import town as made_town

__all__ = ["queue"]
pytestmark = AT_HOME

SID, TOKEN, BOT = "AC" + "0" * 32, "a" * 32, f"110201543:{'a' * 35}"
SMS = "+5255" + "12345678"
CANARY = "canarioalerta"
LINK = f"{PUBLIC}/desk/"


@dataclass
class House:
    """A town whose providers, mail server and a member's own system are on this machine."""

    town: Town
    app: Flask
    twilio: FakeTwilio
    telegram: FakeTelegram
    system: System

    @property
    def runtime(self) -> Runtime:
        return self.town.runtime

    def joins(self, *desks: str, role: str = "operator", **chosen: Any) -> Operator:
        """Somebody new at these desks (north-mx), who chooses; without ``way`` a webhook for all reports."""
        client = member(self.app, self.runtime, list(desks) or ["north-mx"], role)
        with self.runtime.sessions() as session:
            number = session.scalar(select(func.max(User.id))) or 0
        made = Operator(self, client, number)
        if chosen.get("way", "") is not None:
            made.chooses(**chosen)
        return made


@dataclass
class Operator:
    house: House
    client: FlaskClient
    id: int

    def chooses(self, way: str = "webhook", **more: Any) -> str:
        """What the page says then."""
        usual = {"sms": SMS, "email": "ana@faro.example.org", "webhook": f"{self.house.system.url}/hook"}
        form = {"way": way, "address": usual.get(way, ""), "language": "en", "what": "all"} | more
        form["csrf_token"] = token(self.client, "/desk/alerts")
        page = self.client.post("/desk/alerts", data=form, follow_redirects=True).get_data(as_text=True)
        if found := re.search(r'id="secret".*?class="words">([^<]+)<', page, re.S):
            self.house.system.secret = found[1]
        return page

    def tests(self) -> str:
        form = {"csrf_token": token(self.client, "/desk/alerts")}
        return self.client.post("/desk/alerts/test", data=form, follow_redirects=True).get_data(as_text=True)

    @property
    def setting(self) -> AlertSetting:
        with self.house.runtime.sessions() as session:
            return session.get_one(AlertSetting, self.id)

    def alerts(self, report: uuid.UUID | None = None) -> list[Alert]:
        query = select(Alert).where(Alert.user_id == self.id).order_by(Alert.id)
        with self.house.runtime.sessions() as session:
            return [row for row in session.scalars(query) if report in (None, row.report_id)]

    def why(self) -> list[str]:
        return [alert.why for alert in self.alerts()]

    def is_told(self) -> list[str]:
        """Take the jobs of their alerts; the statuses."""
        for alert in self.alerts():
            alerting.send(self.house.runtime, alert.id)
        return [alert.status for alert in self.alerts()]

    def changes(self, **values: Any) -> None:
        """Set columns of their alerts, as if time had passed or a process had died."""
        with self.house.runtime.sessions.begin() as session:
            for alert in session.scalars(select(Alert).where(Alert.user_id == self.id)):
                for name, value in values.items():
                    setattr(alert, name, value)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def mails(trust: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(trust[1]))
    with mail_server(trust[0]) as server:
        yield server


@pytest.fixture
def house(
    runtime: Runtime, queue: procrastinate.App, mails: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with FakeTwilio(SID, TOKEN) as sms, FakeTelegram(BOT, "s") as chat, System() as system:
        settings = {
            "public_url": PUBLIC, "twilio_account_sid": SID, "twilio_auth_token": TOKEN, "twilio_api": sms.url,
            "twilio_sms_from": "+15005550006", "telegram_token": BOT, "telegram_secret": "s", "telegram_api": chat.url,
            "smtp_url": smtp(mails), "mail_from": "faro@example.org", "webhooks_inside": True,
        }  # fmt: skip
        with made_town(with_settings(runtime, **settings), tmp_path_factory.getbasetemp() / "town") as made:
            yield House(made, application(made.runtime, queue), sms, chat, system)
    with runtime.sessions.begin() as session:
        session.execute(delete(AlertSetting))
        session.execute(delete(Alert))


def smtp(mails: MailServer, scheme: str = "smtp", host: str = "localhost", password: str = "p%40ss%20word") -> str:
    assert PASSWORD == "p@ss word"
    return f"{scheme}://{USER}:{password}@{host}:{mails.port}"


# Who is told, and when


def test_a_filed_report_and_its_alerts_are_there_together_or_not_at_all(house: House) -> None:
    ana, report = house.joins(), house.town.files()
    assert [(alert.why, alert.since, alert.status) for alert in ana.alerts(report)] == [("filed", START, "waiting")]
    assert jobs_of(house, ana) == 1
    with house.runtime.sessions() as session:  # never committed
        alerts.note(session, session.get_one(Report, report), "filed", now())
        assert session.scalar(select(func.count()).where(Alert.report_id == report)) == 2
    assert ana.why() == ["filed"] and jobs_of(house, ana) == 1


def jobs_of(house: House, operator: Operator) -> int:
    numbers = [alert.id for alert in operator.alerts()]
    query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'faro:alert' AND args->>'alert' = ANY(:n)")
    with house.runtime.sessions() as session:
        return int(session.scalar(query, {"n": list(map(str, numbers))}) or 0)


@pytest.mark.parametrize(
    "who",
    [{"desks": ("far-us",)}, {"role": "auditor", "way": None}, {"way": "off"}, {"what": "danger"},
     {"way": "telegram"}, {"way": None}],
)  # fmt: skip
def test_nobody_else_is_told(who: dict[str, Any], house: House) -> None:
    other = house.joins(*who.pop("desks", ()), **who)
    house.town.files()
    assert other.alerts() == []


def test_an_auditor_is_told_of_nothing_whatever_they_had_chosen_before(house: House) -> None:
    ana = house.joins()
    with house.runtime.sessions.begin() as session:
        session.get_one(User, ana.id).roles = []
    house.town.files()
    assert ana.alerts() == []


def test_who_wants_danger_only_is_told_of_danger(house: House) -> None:
    ana = house.joins(what="danger")
    house.town.files(danger="yes")
    assert ana.why() == ["filed"]


def test_who_is_off_duty_sleeps(house: House) -> None:
    """2020-01-01 12:00 UTC is a Wednesday, 6 o'clock in Mexico."""
    hours = {"zone": "America/Mexico_City", "begins": "05:00", "ends": "07:00"}
    on, off = house.joins(day=["2"], **hours), house.joins(day=["1", "3"], **hours)
    at_night = house.joins(day=["1"], zone="America/Mexico_City", begins="22:00", ends="06:01")
    house.town.files()
    assert (on.why(), off.why(), at_night.why()) == (["filed"], [], ["filed"])


def test_hours_in_a_zone_that_is_no_more_keep_nobody_from_filing(house: House) -> None:
    ana = house.joins()
    with house.runtime.sessions.begin() as session:
        gone = {"days": [0], "begins": 0, "ends": 1, "zone": "Mexico/Nowhere"}
        session.get_one(AlertSetting, ana.id).duty = gone
    house.town.files()
    assert ana.why() == ["filed"]


def test_the_next_desk_is_told_when_a_report_is_passed_on_to_it(house: House) -> None:
    north, east = house.joins("north-mx"), house.joins("east-gt")
    house.town.files()
    house.town.runs(START + OTHER)
    assert north.why() == ["filed"] and east.why() == ["passed_on"]
    assert north.is_told() == ["dropped"]  # it is somebody else's now
    assert east.is_told() == ["sent"]
    assert house.system.told[0]["why"] == "passed_on" and house.system.told[0]["desk"] == "East-Gt"


def test_half_of_the_time_gone_in_danger_is_told_once_more(house: House) -> None:
    ana = house.joins()
    house.town.files(danger="yes")
    house.town.files()
    half = START + DANGER / 2
    for at, told in [(half - timedelta(seconds=1), 0), (half, 1), (half + timedelta(minutes=1), 1)]:
        with house.runtime.sessions.begin() as session:
            alerts.remind(session, house.runtime.shelf.content().routing, at)
        assert ana.why() == ["filed"] * 2 + ["half_time"] * told
    assert ana.is_told() == ["sent"] * 3


def test_a_report_that_somebody_has_accepted_reminds_nobody(house: House) -> None:
    ana = house.joins()
    report = house.town.files(danger="yes")
    house.town.changes(report, status="accepted")
    with house.runtime.sessions.begin() as session:
        alerts.remind(session, house.runtime.shelf.content().routing, START + DANGER / 2)
    assert ana.is_told() == ["dropped"] and house.system.told == []


# What is said


def heard(house: House, mails: MailServer, way: str) -> list[str]:
    if way == "sms":
        return [message.text for message in house.twilio.messages if message.to == SMS]
    if way == "telegram":
        return [message.text for message in house.telegram.messages if "test of your alerts" not in message.text]
    if way == "email":
        return [str(mail.content, "utf-8").partition("\r\n\r\n")[2].strip() for mail in mails.mails]  # type: ignore[arg-type]
    return [str(told) for told in house.system.told]


def connected(house: House, operator: Operator, chat: int = 4711) -> str:
    """Their Telegram, by the code of the page; the code."""
    (code,) = re.findall(r"/start (desk-[\w-]+)", operator.chooses("telegram"))
    starts(house, code, chat)
    house.telegram.messages.clear()
    return str(code)


def starts(house: House, code: str, chat: int) -> None:
    update = house.telegram.updates.start(chat, code)
    house.telegram.queue(update)
    webhooks.take(house.runtime, telegram.read(update))


@pytest.mark.parametrize("way", ["sms", "telegram", "email"])
def test_each_way_tells_number_and_urgency_and_nothing_else(way: str, house: House, mails: MailServer) -> None:
    ana = house.joins(way=None)
    connected(house, ana) if way == "telegram" else ana.chooses(way)
    danger, calm = house.town.files(danger="yes", words=CANARY), house.town.files(what=CANARY)
    ana.is_told()
    numbers = [house.town.report(report).number for report in (danger, calm)]
    assert heard(house, mails, way) == [
        f"DANGER NOW. New case {numbers[0]} at North-Mx. {LINK}",
        f"No danger now. New case {numbers[1]} at North-Mx. {LINK}",
    ]
    assert {alert.status for alert in ana.alerts(danger) + ana.alerts(calm)} == {"sent"}


def test_a_webhook_is_told_the_same_signed_with_the_members_own_secret(house: House) -> None:
    ana = house.joins()
    report = house.town.files(danger="yes", words=CANARY)
    assert ana.is_told() == ["sent"]
    assert house.system.told == [{
        "id": f"alert-{ana.alerts()[0].id}", "why": "filed", "case": house.town.report(report).number, "danger": True,
        "desk": "North-Mx", "link": LINK,
    }]  # fmt: skip
    assert house.system.right == [True]


def test_another_member_has_another_secret(house: House) -> None:
    ana, _ = house.joins(), house.joins()
    house.town.files()
    ana.is_told()
    assert house.system.right == [False]  # the fake checks with the secret of who chose last


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_its_own_words(language: str, house: House) -> None:
    ana = house.joins(way="sms", language=language)
    report = house.town.files(danger="yes")
    assert ana.is_told() == ["sent"]
    (said,) = [message.text for message in house.twilio.messages]
    own = house.runtime.shelf.content().phrases[language]["alert_danger"]
    assert own in said and house.town.report(report).number in said and "{" not in said


def test_a_mail_is_signed_in_for_and_carries_no_more_in_its_head(house: House, mails: MailServer) -> None:
    ana = house.joins(way="email")
    report = house.town.files(words=CANARY)
    ana.is_told()
    head = str(mails.mails[0].content, "utf-8").partition("\r\n\r\n")[0]  # type: ignore[arg-type]
    assert mails.signed_in == [True] and mails.mails[0].rcpt_tos == ["ana@faro.example.org"]
    assert f"Subject: Faro: {house.town.report(report).number}\r\n" in head and f"<alert-{ana.alerts()[0].id}@" in head


# Once


def test_two_workers_tell_it_once(house: House) -> None:
    ana = house.joins()
    house.town.files()
    (alert,) = ana.alerts()
    house.system.prepare(delay=0.5)
    threads = [threading.Thread(target=alerting.send, args=(house.runtime, alert.id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(house.system.told) == 1 and ana.is_told() == ["sent"] and len(house.system.told) == 1


@pytest.mark.parametrize("way", ["webhook", "sms", "telegram", "email"])
def test_a_lost_answer_is_repeated_once_and_never_again(way: str, house: House, mails: MailServer) -> None:
    ana = house.joins(way=None)
    connected(house, ana) if way == "telegram" else ana.chooses(way)
    house.town.files()
    fake = {"webhook": house.system, "sms": house.twilio, "telegram": house.telegram}.get(way)
    if fake:
        fake.prepare(drop=True, times=2, method="POST")
    mails.after += ["", ""]
    (alert,) = [a for a in ana.alerts() if a.why == "filed"]
    for arrived, status in [(1, "sending"), (1, "sending"), (2, "failed"), (2, "failed")]:
        if arrived == 2:
            ana.changes(claimed_at=now() - alerting.CLAIM)
        alerting.send(house.runtime, alert.id)
        assert (len(heard(house, mails, way)), ana.alerts(alert.report_id)[0].status) == (arrived, status)


def test_after_a_process_died_it_is_told_once_more_and_not_after_a_second_death(house: House) -> None:
    ana = house.joins()
    house.town.files()
    ana.changes(status="sending", attempts=1, claimed_at=now())
    assert ana.is_told() == ["sending"] and house.system.told == []  # perhaps it is alive
    ana.changes(claimed_at=now() - alerting.CLAIM)
    assert ana.is_told() == ["sent"] and len(house.system.told) == 1
    ana.changes(status="sending", claimed_at=now() - alerting.CLAIM)
    assert ana.is_told() == ["failed"] and len(house.system.told) == 1


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "7"}}, {"status": 404}])
def test_what_was_not_taken_is_tried_again_later(answer: dict[str, Any], house: House) -> None:
    ana = house.joins()
    house.town.files()
    house.system.prepare(**answer)
    wait = alerting.send(house.runtime, ana.alerts()[0].id)
    assert wait and ana.alerts()[0].status == "waiting" and house.system.told == []
    assert wait == 7 or answer["status"] != 429
    assert ana.is_told() == ["waiting"]  # not yet
    ana.changes(next_try_at=now())
    assert ana.is_told() == ["sent"] and len(house.system.told) == 1


def test_a_day_of_tries_is_enough(house: House) -> None:
    ana = house.joins()
    house.town.files()
    house.system.prepare(503)
    ana.changes(first_tried_at=now() - timedelta(hours=25))
    assert ana.is_told() == ["failed"]


@pytest.mark.parametrize(("answers", "status"), [(["550 nobody"], "failed"), (["451 later"], "waiting")])
def test_a_mail_server_that_says_no_is_believed(
    answers: list[str], status: str, house: House, mails: MailServer
) -> None:
    ana = house.joins(way="email")
    house.town.files()
    mails.answers += answers
    assert ana.is_told() == [status] and mails.mails == []


def test_mail_goes_out_with_tls_from_the_first_byte_too(
    house: House, trust: tuple[ssl.SSLContext, Path], mails: MailServer
) -> None:
    with mail_server(trust[0], at_once=True) as other:
        assert mail_by(house, smtp(other, "smtps")) == "sent"
        assert len(other.mails) == 1 and mails.mails == []


def test_no_mail_goes_out_without_tls_to_a_stranger_or_with_a_wrong_password(
    house: House, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(None) as open_one:
        assert mail_by(house, smtp(open_one)) == "waiting" and open_one.mails == []
    assert mail_by(house, smtp(mails, password="wrong")) == "waiting"
    assert mail_by(house, smtp(mails, host="127.0.0.1")) == "waiting"  # a certificate for another name
    monkeypatch.delenv("SSL_CERT_FILE")
    assert mail_by(house, smtp(mails)) == "waiting"
    assert mails.mails == []


def mail_by(house: House, url: str) -> str:
    """What becomes of an alert by this server."""
    ana = house.joins(way="email")
    house.town.files()
    runtime = replace(house.runtime, settings=house.runtime.settings.model_copy(update={"smtp_url": url}))
    alerting.send(runtime, ana.alerts()[0].id)
    return ana.alerts()[0].status


# Where a webhook may lead


@pytest.mark.parametrize(
    ("url", "why"),
    [("http://example.org/x", "https://"), ("https://127.0.0.1/x", "private"), ("https://localhost/x", "private"),
     ("https://[::1]/x", "private"), ("https://169.254.169.254/latest", "private"), ("https://2130706433/", "private"),
     ("https://u:p@example.org/", "is like"), ("ftp://example.org/", "https://"), ("nonsense", "is like")],
)  # fmt: skip
def test_a_webhook_may_lead_into_no_private_network(url: str, why: str, house: House) -> None:
    ana = house.joins(way=None)
    outside = replace(house.runtime, settings=house.runtime.settings.model_copy(update={"webhooks_inside": False}))
    choice = own_alerts.Choice("webhook", url, False, "en", None)
    with pytest.raises(own_alerts.NotTaken, match=why), house.runtime.sessions.begin() as session:
        own_alerts.save(session, outside, ana.id, choice)


def test_what_leads_inside_by_now_is_not_called(house: House) -> None:
    ana = house.joins()
    house.town.files()
    outside = replace(house.runtime, settings=house.runtime.settings.model_copy(update={"webhooks_inside": False}))
    assert alerting.send(outside, ana.alerts()[0].id) is None
    assert ana.alerts()[0].status == "failed" and house.system.requests == []


def test_an_https_webhook_is_called_by_number_and_checked_by_name(
    house: House, trust: tuple[ssl.SSLContext, Path]
) -> None:
    with mail_server(trust[0], at_once=True) as other:  # it speaks TLS, and no HTTP: what comes after TLS is lost
        for host, code in [("localhost", "webhook no answer"), ("127.0.0.1", "webhook no connection")]:
            with pytest.raises(NotSent, match=code):
                webhook.post(webhook.Hook(f"https://{host}:{other.port}/", "s", inside=True), "x", {})


# The page


def test_the_page_keeps_what_somebody_chooses_sealed_and_shows_it_nobody(house: House, kept: Kept) -> None:
    ana, eva = house.joins(way="sms", day=["0", "4"], begins="22:00", ends="06:00", zone="America/Lima"), house.joins()
    page = ana.client.get("/desk/alerts").get_data(as_text=True)
    assert SMS not in page and "leave this empty" in page and 'value="22:00"' in page and "Lima" in page
    assert SMS not in eva.client.get("/desk/alerts").get_data(as_text=True)
    assert house.runtime.vault.open(ana.setting.address_sealed or b"") == SMS
    secret = house.system.secret
    assert len(secret) > 40 and secret not in eva.client.get("/desk/alerts").get_data(as_text=True)
    stolen = kept.dump("alert_setting", "alert", "procrastinate_jobs")
    assert SMS not in stolen and secret not in stolen and house.system.url not in stolen
    assert SMS.encode().hex() not in stolen


@pytest.fixture
def kept(house: House) -> Kept:
    return Kept(house.runtime)


def test_who_changes_their_alerts_is_in_the_log_and_what_they_chose_is_not(house: House, kept: Kept) -> None:
    ana = house.joins(way="sms")
    ana.chooses("sms", address="1")  # refused: nothing was changed
    with house.runtime.sessions() as session:
        rows = list(session.scalars(select(Audit).where(Audit.who == ana.id).order_by(Audit.number)))
    assert [row.action for row in rows if row.action.startswith("alerts")] == [Action.ALERTS_CHANGED]
    assert (rows[-1].case_number, rows[-1].about) == (None, None)
    assert SMS not in kept.dump("audit")
    boss = member(house.app, house.runtime, ["north-mx"], "administrator")
    assert "alerts changed" in boss.get("/desk/audit").get_data(as_text=True)


def test_what_is_not_said_anew_stays(house: House) -> None:
    ana = house.joins(way="sms")
    ana.chooses("sms", address="", what="danger")
    assert ana.setting.danger_only and house.runtime.vault.open(ana.setting.address_sealed or b"") == SMS
    ana.chooses("off")
    assert ana.setting.address_sealed is None


@pytest.mark.parametrize(
    ("form", "why"),
    [({"way": "sms", "address": "5512345678"}, "with its country"), ({"way": "sms", "address": "+5211"}, "no such"),
     ({"way": "email", "address": "a@b.org, c@d.org"}, "no e-mail"), ({"way": "fax"}, "one of the ways"),
     ({"way": "email", "address": "a@b.org\nBcc: x@y.org"}, "no e-mail"), ({"language": "xx"}, "one of the ways"),
     ({"day": ["1"], "begins": "25:00", "ends": "06:00", "zone": "America/Lima"}, "08:00"),
     ({"day": ["1"], "begins": "22:00", "ends": "06:00", "zone": "../../etc/passwd"}, "time zone")],
)  # fmt: skip
def test_what_cannot_be_is_said_and_changes_nothing(form: dict[str, Any], why: str, house: House) -> None:
    ana = house.joins(way="sms")
    assert f"Not saved: {why}"[:11] in (page := ana.chooses(**({"way": "sms"} | form))) and why in page
    assert ana.setting.way == "sms" and house.runtime.vault.open(ana.setting.address_sealed or b"") == SMS


def test_who_mistyped_one_thing_writes_nothing_else_anew(house: House) -> None:
    ana = house.joins(way="sms")
    page = ana.chooses("email", address='ana@"x', what="danger", language="fr", day=["1", "6"],
                       begins="22:00", ends="06:00", zone="America/Lima")  # fmt: skip
    for typed in ('value="email" selected', 'value="ana@&#34;x"', 'value="danger" selected', 'lang="fr" selected',
                  'value="1" checked', 'value="6" checked', 'value="22:00"', 'value="06:00"', "Lima"):  # fmt: skip
        assert typed in page, typed
    assert page.count("checked") == 2 and 'value="America/Lima" selected' in page
    assert "One is kept" not in page  # that is the number, not an e-mail address
    assert "ana@" not in ana.client.get("/desk/alerts").get_data(as_text=True)


def test_only_ways_that_the_campaign_has_are_offered(house: House, runtime: Runtime, queue: procrastinate.App) -> None:
    bare = member(application(runtime, queue), runtime, ["north-mx"])
    page = bare.get("/desk/alerts").get_data(as_text=True)
    assert re.findall(r'<option value="(\w+)"[^>]*>[A-Z]', page)[:2] == ["off", "webhook"]


def test_a_test_tells_whether_it_arrives_once_a_minute(house: House) -> None:
    ana = house.joins(way="sms")
    assert "on its way" in ana.tests() and "wait a minute" in ana.tests()
    assert ana.is_told() == ["sent"]
    assert [m.text for m in house.twilio.messages] == [f"This is a test of your alerts from Faro. {LINK}"]
    assert "The last test was sent" in ana.client.get("/desk/alerts").get_data(as_text=True)
    ana.changes(created_at=now() - timedelta(minutes=2))
    ana.tests()
    assert ana.is_told() == ["sent"] and len(house.twilio.messages) == 2


# Telegram


def test_a_code_connects_one_chat_once_and_makes_nobody_a_person_of_the_campaign(house: House, kept: Kept) -> None:
    ana, people = house.joins(way=None), total(house, Contact)
    code = connected(house, ana)
    assert ana.why() == ["test"] and ana.is_told() == ["sent"]
    assert [m.chat_id for m in house.telegram.messages] == [4711]
    starts(house, code, 4712)  # somebody else has seen it
    assert house.runtime.vault.open(ana.setting.address_sealed or b"") == "4711"
    assert total(house, Contact) == people and code not in kept.dump("alert_setting", "provider_event")


def test_a_code_ends_after_an_hour(house: House) -> None:
    ana = house.joins(way=None)
    (code,) = re.findall(r"/start (desk-[\w-]+)", ana.chooses("telegram"))
    with house.runtime.sessions.begin() as session:
        session.get_one(AlertSetting, ana.id).code_expires_at = now()
    starts(house, code, 4711)
    assert ana.setting.address_sealed is None
    assert "not connected yet" in ana.client.get("/desk/alerts").get_data(as_text=True)


def test_other_links_of_the_campaign_still_bring_people(house: House) -> None:
    people = total(house, Contact)
    starts(house, "desk-shelter", 987650)
    assert total(house, Contact) == people + 1


def total(house: House, table: Any) -> int:
    with house.runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_who_blocks_our_bot_is_not_tried_for_a_day(house: House) -> None:
    ana = house.joins(way=None)
    connected(house, ana)
    ana.is_told()
    house.telegram.blocked.add(4711)
    house.town.files()
    assert ana.is_told() == ["sent", "failed"]


# What the desk sees


def lines(house: House, desk: str = "north-mx") -> list[str]:
    page = member(house.app, house.runtime, [desk]).get("/desk/").get_data(as_text=True)
    return re.findall(r"Nobody at [^:<]+", page)


def test_the_list_says_where_nobody_could_be_reached(house: House) -> None:
    assert lines(house) == []
    house.town.files()
    assert lines(house) == []  # nobody wanted to be told
    house.town.files(danger="yes")
    assert lines(house) == ["Nobody at North-Mx could be alerted to 1 new report"]
    assert lines(house, "east-gt") == []
    ana = house.joins(what="danger")
    house.town.files(danger="yes")
    assert lines(house) == ["Nobody at North-Mx could be alerted to 1 new report"]  # the other is on its way
    ana.changes(status="failed")
    assert lines(house) == ["Nobody at North-Mx could be alerted to 2 new reports"]
    ana.changes(status="waiting", created_at=now() - alerts.ON_ITS_WAY)
    assert lines(house) == ["Nobody at North-Mx could be alerted to 2 new reports"]
    ana.changes(status="sent")
    assert lines(house) == ["Nobody at North-Mx could be alerted to 1 new report"]


# The worker


def test_each_minute_what_was_left_behind_gets_a_job_that_names_a_row_and_nothing_else(house: House) -> None:
    ana = house.joins()
    house.town.files(danger="yes", at=now() - DANGER / 2)
    with house.runtime.sessions.begin() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
    ana.changes(created_at=now() - timedelta(minutes=1))
    asyncio.run(a_minute(house))
    asyncio.run(a_minute(house))  # one that waits is enough
    assert ana.why() == ["filed", "half_time"]
    with house.runtime.sessions() as session:
        rows = session.execute(text("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")).all()
    assert {(task, tuple(args)) for task, args in rows} == {("faro:alert", ("alert",))}
    assert sorted(args["alert"] for _, args in rows) == [alert.id for alert in ana.alerts()]


async def a_minute(house: House) -> None:
    async with jobs.queue(house.runtime.settings.database).open_async() as app:
        job = procrastinate.jobs.Job(queue="default", lock=None, queueing_lock=None, task_name="tell_outside")
        context = procrastinate.JobContext(
            app=app, job=job, start_timestamp=0, abort_reason=lambda: None,
            additional_context={"runtime": house.runtime},
        )  # fmt: skip
        await outside_jobs.tell_outside(context, 0)


@pytest.mark.slow
def test_a_worker_killed_while_it_tells_loses_nothing_and_repeats_once(house: House) -> None:
    tidy(house.runtime.settings)
    worker = Process("worker", house.runtime.settings, lambda: True)
    ana = house.joins()
    house.system.prepare(delay=30)
    worker.start()
    house.town.files(at=now())  # by the worker's own clock
    wait_until(lambda: len(house.system.told) == 1, "the first try")
    worker.kill()
    assert [alert.status for alert in ana.alerts()] == ["sending"]
    ana.changes(claimed_at=now() - alerting.CLAIM)
    ask_again(house, ana)
    worker.start()
    wait_until(lambda: ana.alerts()[0].status == "sent", "the second try")
    worker.stop()
    first, second = house.system.told
    assert first == second
    assert house.system.url not in worker.log.read_text()


def ask_again(house: House, operator: Operator) -> None:
    """As the sweep would within a minute."""
    with house.runtime.sessions.begin() as session:
        for alert in operator.alerts():
            asking.ask(session, "alert", alert=alert.id)


def test_no_address_stands_in_a_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for way in ("sms", "email", "webhook"):
        ana = house.joins(way=way)
        house.town.files()
        house.twilio.prepare_error(21211, f"The number {SMS} is not valid", method="POST")
        house.system.prepare(refuse=True)
        ana.is_told()
        house.twilio._prepared.clear()
        house.system._prepared.clear()
    assert SMS not in caplog.text and "faro.example.org" not in caplog.text and house.system.url not in caplog.text
    assert "alert" in caplog.text


def test_alerts_go_with_their_report(house: House) -> None:
    ana, report = house.joins(), house.town.files()
    with house.runtime.sessions.begin() as session:
        session.execute(delete(Report).where(Report.id == report))
    assert ana.alerts() == []
