"""Send an alert: claimed, sent, recorded, each in a transaction of its own.

It is marked as `sending` before anybody is called. So when the process dies, or the answer is lost, it is known that it
may have arrived: it goes once more, and then never again. None of these ways can be asked what became of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from bot import handing, policy, sms
from bot.channels import mail, webhook
from bot.messages import Letter, NotSent, Then
from bot.replies import Person, Wording
from bot.runtime import Runtime
from bot.store.alerts import Alert, AlertSetting
from bot.store.models import Report, now
from bot.store.people import User

log = logging.getLogger(__name__)

# Longer than any of the ways takes: a claim that is older belongs to a process that died, or its answer was lost.
CLAIM = timedelta(minutes=2)
FOR_GOOD = (Then.STOPPED, Then.WINDOW)


@dataclass(frozen=True)
class Telling:
    """One alert on its way out: the case number and its urgency, and nothing else of the report."""

    alert: int
    way: str
    to: str = field(repr=False)
    secret: str = field(repr=False)
    why: str
    case: str
    danger: bool
    desk: str
    text: str
    link: str

    @property
    def name(self) -> str:
        return f"alert-{self.alert}"


def send(runtime: Runtime, alert: int) -> float | None:
    """Send it if it can be sent now; seconds until it is worth trying again, None when there is nothing more to do."""
    with runtime.sessions.begin() as session:
        row = session.get(Alert, alert, with_for_update=True)
        claimed = _claim(session, runtime, row) if row else None
    if not isinstance(claimed, Telling):
        return claimed
    try:
        _carry(runtime, claimed)
    except NotSent as error:
        log.warning("alert %s: %s", alert, error)
        return _failed(runtime, alert, error)
    with runtime.sessions.begin() as session:
        sent = session.get(Alert, alert, with_for_update=True)
        if sent is not None:  # its report may have been erased meanwhile
            sent.status, sent.reason, sent.sent_at = "sent", None, now()
    return None


def _claim(session: Session, runtime: Runtime, row: Alert) -> Telling | float | None:
    """What to send now, or in how many seconds to look again."""
    if row.status not in ("waiting", "sending"):
        return None
    due = row.claimed_at + CLAIM if row.status == "sending" and row.claimed_at else row.next_try_at
    if due and due > now():
        return max((due - now()).total_seconds(), 0.05)
    if row.status == "sending" and row.unanswered:
        row.status, row.reason = policy.NO_ANSWER.status, policy.NO_ANSWER.reason
        return None
    row.unanswered += row.status == "sending"
    telling = _telling(session, runtime, row)
    if isinstance(telling, str):
        row.status, row.reason = "dropped", telling
        return None
    row.status, row.claimed_at, row.attempts = "sending", now(), row.attempts + 1
    row.first_tried_at = row.first_tried_at or now()
    return telling


def _telling(session: Session, runtime: Runtime, row: Alert) -> Telling | str:
    """What to tell, or why nothing is to be told any more."""
    setting, user = session.get(AlertSetting, row.user_id), session.get_one(User, row.user_id)
    report = session.get(Report, row.report_id) if row.report_id else None
    if setting is None or setting.way == "off" or setting.address_sealed is None or not user.active:
        return "off"
    if report and (not _news(session, report, row) or row.desk not in user.desks):
        return "in hand"
    words = Wording(runtime.shelf.content(), Person(setting.language, None, None), now())
    case, danger, link = report.number if report else "", bool(report and report.urgent), _link(runtime)
    desk = words.desk(row.desk) if report else ""
    urgency = [words.say("alert_danger" if danger else "alert_calm")] if report else []
    return Telling(
        alert=row.id, way=setting.way, to=runtime.vault.open(setting.address_sealed),
        secret=runtime.vault.open(setting.secret_sealed) if setting.secret_sealed else "",
        why=row.why, case=case, danger=danger, desk=desk, link=link,
        text=" ".join([*urgency, words.say(f"alert_{row.why}", case=case, desk=desk), link]),
    )  # fmt: skip


def _news(session: Session, report: Report, row: Alert) -> bool:
    """Whether the desk still has to do with it what it is told of."""
    if row.why in ("handed_over", "copied"):
        return handing.reads(session, report, [row.desk])
    return report.status == "filed" and report.desk == row.desk


def _link(runtime: Runtime) -> str:
    return f"{runtime.settings.address}/desk/"


def _failed(runtime: Runtime, alert: int, error: NotSent) -> float | None:
    with runtime.sessions.begin() as session:
        row = session.get(Alert, alert, with_for_update=True)
        if row is None:
            return None
        lost = row.unanswered + 1
        after = policy.after_failure(error, row.attempts, now() - (row.first_tried_at or now()), lost)
        row.status, row.reason = ("failed" if error.then in FOR_GOOD else after.status), after.reason
        if row.status == "waiting":
            row.next_try_at = now() + timedelta(seconds=after.wait or 0)
        return None if row.status == "failed" else after.wait


# The ways.


def _carry(runtime: Runtime, telling: Telling) -> None:
    """Raises NotSent, whatever goes wrong: other errors might hold an address."""
    try:
        WAYS[telling.way](runtime, telling)
    except NotSent:
        raise
    except Exception as error:
        raise NotSent(Then.LOOK, type(error).__name__) from None


def _by_door(runtime: Runtime, telling: Telling) -> None:
    """As any letter; it has no row among those to people, so nothing is looked up under its number."""
    door = runtime.doors.get(telling.way)
    if door is None:
        raise NotSent(Then.RETRY, f"{telling.way} closed")
    text = sms.fit(telling.text) if telling.way == "sms" else telling.text
    door.send(Letter(outbound=0, channel=telling.way, to=telling.to, text=text))


def _by_mail(runtime: Runtime, telling: Telling) -> None:
    subject = f"Faro: {telling.case}" if telling.case else "Faro"
    mail.send(runtime.settings, mail.Mail(telling.name, telling.to, subject, telling.text + "\n"))


def _by_webhook(runtime: Runtime, telling: Telling) -> None:
    hook = webhook.Hook(telling.to, telling.secret, runtime.settings.webhooks_inside)
    said = {"case": telling.case, "danger": telling.danger, "desk": telling.desk, "link": telling.link}
    webhook.post(hook, telling.name, {"id": telling.name, "why": telling.why} | said)


WAYS: Mapping[str, Callable[[Runtime, Telling], None]] = {
    "sms": _by_door, "telegram": _by_door, "email": _by_mail, "webhook": _by_webhook,
}  # fmt: skip
