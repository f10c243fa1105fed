"""Send what waits for a person, part by part: claimed, sent, recorded, each in a transaction of its own.

A part is marked as `sending` before the provider is called. So when the process dies, or the answer is lost, it is
known that it may have arrived: Twilio is asked; Telegram, which cannot be asked, gets it once more.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot import doubt, outbox, policy, slots, sms, veil
from bot.channels.rendering import WHATSAPP_TEXT
from bot.messages import Letter, NotSent, Then
from bot.places import present_form
from bot.policy import Case, Next, Way
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Outbound, Sender, now

log = logging.getLogger(__name__)

AGAIN = 0.0


def deliver(runtime: Runtime, contact_id: uuid.UUID) -> float | None:
    """Send what can be sent; seconds until it is worth trying again, None when nothing waits for time to pass."""
    with slots.one(_provider(runtime, contact_id), runtime.settings.worker_concurrency // 2, patient=True) as wait:
        return wait or _deliver(runtime, contact_id)


def _provider(runtime: Runtime, contact_id: uuid.UUID) -> object | None:
    """By which they are reached; None for whoever fetches for themselves (/try)."""
    with runtime.sessions() as session:
        channel = session.scalar(select(Contact.channel).where(Contact.id == contact_id))
    return None if channel == "web" else runtime.doors.get(str(channel))


def _deliver(runtime: Runtime, contact_id: uuid.UUID) -> float | None:
    with runtime.sessions.begin() as session:
        held = Outbound.contact_id == contact_id, Outbound.status == "held"
        session.execute(update(Outbound).where(*held).values(status="waiting", next_try_at=None))
    wait: float | None = AGAIN
    while wait == AGAIN:
        wait = _deliver_next(runtime, contact_id)
    return veil.opens_in(runtime, contact_id) if wait is None else wait


def _deliver_next(runtime: Runtime, contact_id: uuid.UUID) -> float | None:
    with runtime.sessions.begin() as session:
        row = _first(session, contact_id)
        if row is None:
            return None
        contact = session.get_one(Contact, contact_id)
        look_since = (row.first_tried_at or row.created_at) if row.status == "sending" else None
        claimed = _claim(runtime, session, row, contact)
    if not isinstance(claimed, Letter):
        return claimed
    return _hand_over(runtime, claimed, look_since)


def _first(session: Session, contact_id: uuid.UUID) -> Outbound | None:
    query = (
        select(Outbound)
        .where(Outbound.contact_id == contact_id, Outbound.status.in_(("waiting", "sending")))
        .order_by(Outbound.id)
        .limit(1)
        .with_for_update()
    )
    return session.scalars(query).first()


def _claim(runtime: Runtime, session: Session, row: Outbound, contact: Contact) -> Letter | float:
    """The letter to send or to look for now, or how long to wait before looking at this person again."""
    due = row.claimed_at + policy.LOOK_AFTER if row.status == "sending" and row.claimed_at else row.next_try_at
    if due and due > now():
        return _until(due)
    may_go = _may_look if row.status == "sending" else _may_go
    if not may_go(runtime, session, row, contact):
        return AGAIN
    if not _is_open(runtime, row, contact):
        return policy.LOOK_AFTER.total_seconds()
    letter = _letter(runtime, row, contact)
    paused = session.scalar(select(Sender.paused_until).where(Sender.name == _sender(runtime, letter)))
    if paused and paused > now():
        return _until(paused)
    row.status, row.claimed_at, row.attempts = "sending", now(), row.attempts + 1
    row.first_tried_at = row.first_tried_at or now()
    return letter


def _may_look(runtime: Runtime, session: Session, row: Outbound, contact: Contact) -> bool:
    """Whether a part whose answer was lost can be looked for; where not, it goes once more or is given up."""
    repeats = _is_open(runtime, row, contact) and not _can_look(runtime, row.channel or contact.channel)
    too_old = now() - (row.first_tried_at or now()) > policy.TRY_FOR
    if too_old or (repeats and row.unanswered):
        row.status, row.reason = policy.NO_ANSWER.status, policy.NO_ANSWER.reason
        return False
    if repeats:
        row.status, row.claimed_at, row.unanswered = "waiting", None, row.unanswered + 1
    return not repeats


def _is_open(runtime: Runtime, row: Outbound, contact: Contact) -> bool:
    return (row.channel or contact.channel) in runtime.doors


def _until(moment: datetime) -> float:
    return max((moment - now()).total_seconds(), 0.05)


def _sender(runtime: Runtime, letter: Letter) -> str:
    return runtime.doors[letter.channel].sender(letter)


# Whether it may be sent.


def _may_go(runtime: Runtime, session: Session, row: Outbound, contact: Contact) -> bool:
    """Whether the row can be sent now; where not, it is marked with the reason."""
    veil.send_elsewhere(session, row, contact)
    if not _is_open(runtime, row, contact):
        _keep_back(row, "held", "closed")
        return False
    decision = policy.decide(_case(runtime, session, row, contact))
    wanted = decision.reason not in ("stopped", "blocked")  # else nothing goes, nor that there is something
    if wanted and not veil.may_go(runtime, session, row, contact):
        return False
    if decision.way is Way.BY_SMS and "sms" in runtime.doors:
        row.channel = "sms"
    elif decision.way is not Way.SEND:
        _keep_back(row, "withheld" if decision.way is Way.WITHHOLD else "held", decision.reason)
        if decision.way is Way.ASK:
            session.add(_template(runtime, row, contact))
        return False
    return True


def _keep_back(row: Outbound, status: str, reason: str | None) -> None:
    """The day of tries begins anew when it may go."""
    row.status, row.reason, row.first_tried_at, row.attempts = status, reason, None, 0


def _case(runtime: Runtime, session: Session, row: Outbound, contact: Contact) -> Case:
    inbound = row.inbound_id or 0
    whatsapp = (row.channel or contact.channel) == "whatsapp"
    asked = select(exists().where(Outbound.contact_id == contact.id, Outbound.kind == "template",
                                  Outbound.created_at > (contact.last_inbound_at or contact.created_at)))  # fmt: skip
    return Case(
        kind="case" if row.kind == "neutral" else row.kind,
        stopped=contact.stopped_at is not None,
        after_stop=inbound >= (contact.stopped_by or 0),
        case_messages=contact.case_messages,
        blocked=contact.blocked_at is not None,
        after_block=_came_after(session, inbound, contact.blocked_at),
        window_open=policy.window_open(contact.last_inbound_at, contact.window_shut_at, now()) if whatsapp else None,
        has_template=_template_sid(runtime, row, contact) is not None,
        asked_already=whatsapp and bool(session.scalar(asked)),
        sms_agreed=contact.sms_agreed_at is not None,
    )


def _came_after(session: Session, inbound: int, moment: datetime | None) -> bool:
    message = session.get(Inbound, inbound) if moment and inbound else None
    return message is not None and moment is not None and message.received_at > moment


def _template_sid(runtime: Runtime, row: Outbound, contact: Contact) -> str | None:
    templates = runtime.shelf.content().templates
    purpose = row.kind if row.kind in ("case", "neutral") else "notice"
    return templates.get(purpose, {}).get(contact.language or "es")


def _template(runtime: Runtime, row: Outbound, contact: Contact) -> Outbound:
    """Asks the person to write again, so that the window opens for what is held."""
    about = runtime.vault.open(row.body_sealed).get("about")
    body = {"text": "", "template": _template_sid(runtime, row, contact), "variables": [about] if about else []}
    return Outbound(contact_id=contact.id, inbound_id=None, kind="template", body_sealed=runtime.vault.seal(body))


def _letter(runtime: Runtime, row: Outbound, contact: Contact) -> Letter:
    body = runtime.vault.open(row.body_sealed)
    part = outbox.part_of(row, body)
    channel = row.channel or contact.channel
    borrowed, address = channel != contact.channel, str(runtime.vault.open(contact.address_sealed))
    return Letter(
        outbound=row.id,
        channel=channel,
        to=present_form(address) if borrowed else address,
        text=sms.fit(part.text)[:WHATSAPP_TEXT] if borrowed else part.text,
        via=None if borrowed else contact.via,
        options=part.options,
        look="plain" if borrowed else part.look,
        opener=part.opener,
        template=body.get("template"),
        variables=tuple(body.get("variables", ())),
    )


# Send it, and record what became of it.


def _hand_over(runtime: Runtime, letter: Letter, look_since: datetime | None) -> float:
    try:
        if look_since is None:
            _record_sent(runtime, letter, _send(runtime, letter))
        elif found := _looked_up(runtime, letter, look_since):
            _record_sent(runtime, letter, found)
        else:
            _put_back(runtime, letter)
    except NotSent as error:
        log.warning("outbound %s: %s", letter.outbound, error)
        return _record_failure(runtime, letter, error)
    return AGAIN


def _send(runtime: Runtime, letter: Letter) -> str:
    return runtime.doors[letter.channel].send(letter)


def _can_look(runtime: Runtime, channel: str) -> bool:
    return hasattr(runtime.doors[channel], "look_up")


def _looked_up(runtime: Runtime, letter: Letter, since: datetime) -> str | None:
    """The provider's id of a letter whose answer was lost; None when it was never taken. Raises NotSent."""
    try:
        found: str | None = getattr(runtime.doors[letter.channel], "look_up")(letter, since)  # noqa: B009
    except NotSent as error:  # not known yet: never send it again before it is
        raise NotSent(Then.LOOK, error.code) from None
    return None if found and _is_known(runtime, found) else found


def _is_known(runtime: Runtime, provider_id: str) -> bool:
    """Whether what was found is an earlier part with the same words, or an earlier try that was not brought."""
    with runtime.sessions() as session:
        return bool(session.scalar(select(exists().where(Outbound.provider_id == provider_id))))


def _put_back(runtime: Runtime, letter: Letter) -> None:
    """It was not taken, so it goes like any other; meanwhile they may have said STOP."""
    with runtime.sessions.begin() as session:
        row = session.get(Outbound, letter.outbound, with_for_update=True)
        if row is not None and row.status == "sending":
            row.status, row.claimed_at, row.next_try_at = "waiting", None, None


def _record_sent(runtime: Runtime, letter: Letter, provider_id: str) -> None:
    with runtime.sessions.begin() as session:
        row = session.get(Outbound, letter.outbound, with_for_update=True)
        if row is not None and row.status == "sending":  # what became of it may have been reported already
            row.status, row.reason, row.provider_id, row.sent_at = "sent", None, provider_id, now()


def _record_failure(runtime: Runtime, letter: Letter, error: NotSent) -> float:
    with runtime.sessions.begin() as session:
        row = session.get(Outbound, letter.outbound, with_for_update=True)
        if row is None or row.status != "sending":
            return AGAIN
        tried_for = now() - (row.first_tried_at or now())
        lost = 0 if _can_look(runtime, letter.channel) else row.unanswered + 1
        after = policy.after_failure(error, row.attempts, tried_for, lost)
        apply(session, row, after, error.then)
        if after.pause is not None:
            _pause(session, _sender(runtime, letter), after.pause)
        return after.wait or AGAIN


def apply(session: Session, row: Outbound, after: Next, then: Then) -> None:
    """Write down what becomes of a part that was not sent, and what it says about the person."""
    if then is Then.WINDOW and row.kind == "template":  # not approved, so it opens no window
        after = Next("failed", after.reason)
    row.status, row.reason = after.status, after.reason
    row.next_try_at = now() + timedelta(seconds=after.wait) if after.wait else None
    contact = session.get_one(Contact, row.contact_id)
    tried_at = _tried_at(row, contact)
    doubt.gone(contact, after.reason, tried_at)
    if then is Then.STOPPED and row.channel:  # no SMS, then; nor WhatsApp for whom it is not safe
        contact.sms_agreed_at = row.channel = None
        contact.safe = "never" if contact.safe == "sms" else contact.safe
    elif then is Then.STOPPED:  # as of the try: they may have written since
        contact.blocked_at = tried_at
    elif then is Then.WINDOW:
        contact.window_shut_at = tried_at
    if after.status == "waiting":
        row.claimed_at = None


def _tried_at(row: Outbound, contact: Contact) -> datetime:
    """Not before what they wrote last, where the clock was set back: else what was refused would seem to be allowed
    again at once, and be tried without end."""
    tried, wrote = row.claimed_at or now(), contact.last_inbound_at
    return max(tried, wrote) if wrote and wrote > now() else tried


def _pause(session: Session, name: str, seconds: float) -> None:
    """Until then; a longer pause that was asked for stays."""
    until = now() + timedelta(seconds=seconds)
    statement = insert(Sender).values(name=name, paused_until=until)
    longest = func.greatest(Sender.paused_until, until)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"paused_until": longest}))
