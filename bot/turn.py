"""One turn: what a message says, what is decided, what is said back; written in the session it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import added, consent, copying, doubt, follow_up, media, outbox, receipt, reports, safe, transcript
from bot.addressee import person
from bot.engine import Answer, Context
from bot.erasing import erase
from bot.hearing import Heard, Known, hear
from bot.replies import Reply, Wording, write
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Outbound, Report, now

# Replies that stand by themselves in the middle of a report; the open question follows with a word of return.
DIGRESSIONS = {
    "topic", "bot_identity", "privacy", "report_status", "subscribe", "unsubscribe", "person_asked", "passed_on",
}  # fmt: skip


class Turn:
    """One message and what comes of it. Everything is written in the session it was given."""

    def __init__(self, runtime: Runtime, session: Session, contact: Contact, inbound: Inbound) -> None:
        self.runtime = runtime
        self.session = session
        self.contact = contact
        self.inbound = inbound
        self.content = runtime.shelf.content()
        self.report: Report | None = None  # what this message belongs to
        sealed = contact.dialogue_sealed
        self.dialogue = runtime.vault.open(sealed) if sealed else {"awaiting": None, "slots": {}}
        self.following: added.Following | None = self.dialogue.get("following")

    def take(self) -> None:
        """Hear, decide, learn, reply."""
        body = self._body()
        if body["kind"] == "blocked" or body.get("by_provider") and body["kind"] == "stop":
            self.inbound.answered_at = now()  # nothing can be said to them
            return
        if self.contact.erased_at:  # somebody we erased writes again: a stranger
            self.contact.erased_at = self.contact.welcomed_at = None
        doubt.notice(self.contact, self.content, self.inbound.received_at)
        heard = hear(body, self._known())
        self._hide_receipt(body)
        self._pass_on(heard, body)
        if safe.is_past(self.contact, self.inbound):
            self._ends()
            return
        answer = added.takes(self, heard, body) or self._decide(heard)
        self._learn(heard, answer)
        replies = self._replies(heard, answer)
        self._send(replies, keep_offer=heard.show in UNREAD)
        self._remember(answer)
        self._ends()

    def _ends(self) -> None:
        """It is answered; what belongs to a report goes into its box."""
        self.inbound.answered_at = now()
        if self.report:
            self.session.flush()
            transcript.into_box(self.session, self.runtime.vault, self.report)

    # -- hear

    def _sealed(self) -> dict[str, Any]:
        body: dict[str, Any] = self.runtime.vault.open(self.inbound.body_sealed)
        return body

    def _body(self) -> dict[str, Any]:
        """The stored message; a tapped option is looked up in the very message that offered it."""
        body = self._sealed()
        if body["kind"] == "option":
            offered = self.session.get(Outbound, body.get("outbound"))
            mine = offered is not None and offered.contact_id == self.contact.id
            options = offered.options if offered and mine else []
            body["option"] = next((o for o in options if o["number"] == body["number"]), None)
        if body["kind"] == "media":
            body["note"] = media.note(self.session, self.runtime.settings, self.inbound, body["media"])
        if body["kind"] == "text" and body.get("message"):
            body["text"] = self._mended(body)
        return body

    def _mended(self, body: dict[str, Any]) -> str:
        """The words as the person has changed them by now, before we had read them."""
        later = select(Inbound).where(Inbound.contact_id == self.contact.id, Inbound.answered_at.is_(None))
        for inbound in self.session.scalars(later.where(Inbound.id > self.inbound.id).order_by(Inbound.id)):
            other = self.runtime.vault.open(inbound.body_sealed)
            if other["kind"] == "edited" and other["message"] == body["message"]:
                inbound.answered_at = now()
                body["text"] = other["text"]
        return str(body["text"])

    def _known(self) -> Known:
        return Known(
            language=self.contact.language,
            country=self.contact.country,
            phone_country=self._number_country(),
            awaiting=self.dialogue["awaiting"],
            offered=self.contact.offered,
            commands=self.content.commands,
            in_form=self.contact.form is not None,
        )

    def _hide_receipt(self, body: dict[str, Any]) -> None:
        """A receipt is kept nowhere with what the person wrote, and no desk reads it."""
        text = str(body.get("text", ""))
        if (hidden := receipt.hidden(text)) != text:
            body["text"] = hidden
            self.inbound.body_sealed = self.runtime.vault.seal(self._sealed() | {"text": hidden})

    def _number_country(self) -> str | None:
        """The country of the phone's number, where it may stand for where something happened.

        Not a country that the campaign does not serve, and not while a place was told whose country is open.
        """
        slots = self.dialogue["slots"]
        country = self.contact.phone_country
        served = country in self.content.routing.emergency
        return country if served and not ("place" in slots and "country" not in slots) else None

    def _pass_on(self, heard: Heard, body: dict[str, Any]) -> None:
        """While an operator talks with somebody, whatever they type is read there too, also a cry for help."""
        thread = self._thread
        if thread and (heard.typed or body["kind"] == "media"):
            whole = str(body["text"])
            reports.add_line(self.session, thread, whole, None, self.inbound.id)
            self.report = thread

    @cached_property
    def _thread(self) -> Report | None:
        """The case in which a desk has written, unless a question of ours is open."""
        open_question = self.dialogue["awaiting"]
        thread = None if open_question else reports.open_thread(self.session, self.contact.id)
        return thread if thread and not doubt.hides(self.contact, thread) else None

    # -- decide

    def _decide(self, heard: Heard) -> Answer:
        """Ask the engine, unless the reply is known without it; then the dialogue stays where it was."""
        if heard.show == "cleared":
            return safe.CLEARED
        if heard.says is None:
            shown = ({"reply": heard.show},)
            slots, awaiting = self.dialogue["slots"], self.dialogue["awaiting"]
            return Answer(shown, self.contact.form, awaiting, slots, intent=None)
        return self.runtime.engine.ask(self.contact.id, heard.says, self._context(heard))

    def _context(self, heard: Heard) -> Context:
        awaiting, slots = self.dialogue["awaiting"], self.dialogue["slots"]
        if self._thread:
            awaiting = "desk"
        return Context(
            inbound=self.inbound.id,
            language=heard.language,
            awaiting=awaiting,
            place=heard.place,
            country=heard.country,
            country_said=heard.told_country if awaiting == "country" else None,
            known_place=slots.get("place"),
            known_crime=slots.get("crime_type"),
        )

    # -- learn

    def _learn(self, heard: Heard, answer: Answer) -> None:
        contact = self.contact
        contact.language = heard.language
        contact.foreign_language = heard.foreign or contact.foreign_language
        if heard.wish and answer.intent == "change_language":
            contact.language = heard.wish
        contact.country = heard.told_where(answer.intent) or contact.country
        if heard.says != "/silence":
            contact.last_inbound_at = self.inbound.received_at
            # Who writes to us takes our answers; where the provider thinks otherwise, it says so again.
            if contact.blocked_at and self.inbound.received_at > contact.blocked_at:
                contact.blocked_at = None
        contact.via = self._sealed().get("via") or contact.via
        if answer.form != contact.form:
            contact.form_since = self.inbound.id if answer.form else None
        contact.form = answer.form

    # -- reply

    def _replies(self, heard: Heard, answer: Answer) -> list[Reply]:
        named = [self._with_facts(row, heard, answer) for row in answer.replies]
        replies = self._in_form(named) if answer.form else named
        replies = self._safety_first(replies, heard, answer)
        if heard.note:
            replies.insert(0, self._with_facts({"reply": heard.note}, heard, answer))
        replies += consent.asked_after(self, replies)
        replies += safe.asked_after(self, replies)
        if self._could_use_sms() and safe.asks_sms(self, replies):
            replies.append(Reply("ask_sms", {}))
        if heard.cut:
            replies.insert(0, Reply("too_long", {"limit": len(heard.typed)}))
        if self.contact.welcomed_at is None and heard.show not in ("stopped", "cleared"):
            self.contact.welcomed_at = now()
            first = 1 if replies and replies[0].name == "emergency" else 0
            replies.insert(first, Reply("welcome", {}))
        return replies or [Reply("not_understood", {})]

    def _with_facts(self, row: object, heard: Heard, answer: Answer) -> Reply:
        """The reply as named by the engine, with what only we know added; some are done as well as said."""
        assert isinstance(row, dict)
        params = {k: v for k, v in row.items() if k != "reply"} | {"in_form": bool(answer.form)}
        reply = Reply(row["reply"], params)
        does = DOES.get(reply.name)
        return does(self, reply, heard, answer) if does else reply

    def _desk_to_be(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        desk = reports.decide(answer.slots, self.content, self._told(), self.contact.language, now()).desk
        return _with(reply, slots=answer.slots, desk=desk)

    def _told(self) -> list[str]:
        """All that they wrote since the report began, as it is filed with."""
        since, until = self.contact.form_since or self.inbound.id, self.inbound.id
        return transcript.words(self.session, self.runtime.vault, self.contact.id, since, until)

    def _subscribed(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        self.contact.subscribed = reply.name == "subscribe"
        return reply

    def _passed_on(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        report = self._thread
        return _with(reply, desk=report.desk) if report else Reply("not_understood", {})

    def _could_use_sms(self) -> bool:
        return self.contact.channel == "whatsapp" and "sms" in self.runtime.doors and not self.contact.sms_agreed_at

    def _stopped(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        """The campaign's messages have stopped in the inbox already; whether the desk's shall is asked."""
        copying.forget(self.session, self.contact.id)
        theirs = doubt.shown(self.contact, reports.of_contact(self.session, self.contact.id))
        open_cases = [r.number for r in theirs if r.status != "closed"]
        return _with(reply, cases=", ".join(open_cases), by_sms=self.contact.channel == "sms")

    def _case_messages(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        if self.contact.doubted_at:  # an old button
            return Reply("not_understood", {})
        self.contact.case_messages = reply.name == "case_write"
        return self._stopped(reply, heard, answer)

    def _started(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        return Reply("started_news", {}) if self.contact.subscribed else reply

    def _sms_agreed(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        self.contact.sms_agreed_at = now()
        return reply

    def _more(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        """The next page of what an SMS had no room for."""
        rest = self.runtime.vault.open(self.contact.rest_sealed) if self.contact.rest_sealed else []
        return _with(reply, page=rest[0], rest=rest[1:]) if rest else Reply("more_none", {})

    def _erased(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        in_doubt = self.contact.doubted_at is not None
        kept = erase(self.session, self.contact, self.inbound)
        if in_doubt:
            return Reply("data_deleted_here", {})
        return Reply("data_deleted_except", {"cases": ", ".join(kept)}) if kept else reply

    def _filed(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        """The receipt is made here and not where the report is filed, so that the engine never knows it."""
        report = self.session.scalars(select(Report).where(Report.inbound_id == self.inbound.id)).one()
        given = follow_up.give(self.runtime.vault, report)
        self.report = report
        return _with(reply, **given, page=f"{self.runtime.settings.address}/proof")

    def _followed(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        vault = self.runtime.vault
        followed = follow_up.find(self.session, vault, heard.receipt or "", self.contact.id)
        if followed is None:
            return Reply("receipt_unknown", {})
        safe.receipt_shown(self, followed.report)
        if self.contact.welcomed_at is None:  # a borrowed phone: the person is known, in the language of their report
            self.contact.language = followed.report.language
        self.following = added.begin(followed.report)
        return _with(reply, **follow_up.standing(self.session, followed))

    def _in_form(self, replies: list[Reply]) -> list[Reply]:
        """In a report one question stands at the end: no second list of numbers, and a word of return to it."""
        choice = next((r for r in replies if r.name == "ask_correction" or r.params.get("chosen") is False), None)
        if choice:
            return [r for r in replies if r is choice or not r.name.startswith("ask_")]
        renamed = [replace(r, name=IN_FORM.get(r.name, r.name)) for r in replies]
        asked = [i for i, r in enumerate(renamed) if r.name.startswith("ask_")]
        if asked and asked[0] > 0 and renamed[0].name in DIGRESSIONS:
            renamed.insert(asked[0], Reply("back_to_report", {}))
        return renamed

    def _safety_first(self, replies: list[Reply], heard: Heard, answer: Answer) -> list[Reply]:
        """Whoever is in danger has the number of that country before anything else, whatever else is going on."""
        country = answer.slots.get("country") or heard.country or "?"
        told = any(reply.name == "emergency" for reply in replies)
        in_danger = answer.slots.get("danger") == "yes" and answer.form is not None
        if in_danger and not told and self.contact.told_emergency != country:
            replies.insert(0, Reply("emergency", {"country": answer.slots.get("country") or heard.country}))
            told = True
        if told:
            replies.sort(key=lambda reply: reply.name != "emergency")
            self.contact.told_emergency = country
        if answer.form is None:
            self.contact.told_emergency = None
        return replies

    def _send(self, replies: Sequence[Reply], keep_offer: bool) -> None:
        words = Wording(self.content, person(self.contact, self.content), now())
        parts = [part for reply in replies for part in write(words, reply)]
        outbox.hurry(self.session, self.contact)
        outbox.put(self.session, self.runtime.vault, self.contact, parts, words.say, self.inbound.id, self._kind())
        if more := next((reply for reply in replies if reply.name == "more" and reply.params["rest"]), None):
            self.contact.rest_sealed = self.runtime.vault.seal(more.params["rest"])
        if keep_offer:
            return
        options = next((part.options for part in reversed(parts) if part.options), ())
        self.contact.offered = [option.as_row() for option in options]

    def _kind(self) -> str:
        """Our own clock has spoken, not the person: nobody waits for what is said to that."""
        return "notice" if self._sealed()["kind"] == "silence" else "reply"

    def _remember(self, answer: Answer) -> None:
        awaiting = answer.awaiting
        if any(row["reply"] == "ask_delete" for row in answer.replies):
            awaiting = "delete_my_data"
        dialogue: dict[str, Any] = {"awaiting": awaiting, "slots": dict(answer.slots) if answer.form else {}}
        if self.following:
            dialogue["following"] = self.following
        self.contact.dialogue_sealed = self.runtime.vault.seal(dialogue)


Does = Callable[[Turn, Reply, Heard, Answer], Reply]
# What only we know of a reply, or do when it is said.
DOES: Mapping[str, Does] = {
    "ask_confirmed": Turn._desk_to_be,
    "located": lambda turn, reply, heard, answer: _with(reply, place=heard.place, country=heard.told_country),
    "change_language": lambda turn, reply, heard, answer: _with(reply, chosen=bool(heard.wish)),
    "emergency": lambda turn, reply, heard, answer: _with(reply, country=answer.slots.get("country") or heard.country),
    "not_understood": lambda turn, reply, heard, answer: _with(
        reply, likeliest=answer.likeliest if answer.intent == "nlu_fallback" and heard.typed else ()
    ),
    "subscribe": Turn._subscribed,
    "unsubscribe": Turn._subscribed,
    "passed_on": Turn._passed_on,
    "data_deleted": Turn._erased,
    "stopped": Turn._stopped,
    "case_write": Turn._case_messages,
    "case_quiet": Turn._case_messages,
    "started": Turn._started,
    "sms_agreed": Turn._sms_agreed,
    "more": Turn._more,
    "report_filed": Turn._filed,
    "receipt_status": Turn._followed,
    **safe.DOES,
    **added.DOES,
    **consent.DOES,
}
# What could not be read changes nothing: the last options still count; as they do on the pages of one answer.
UNREAD = {
    "empty_message", "unreadable", "picture_kept", "voice_kept", "file_kept", "file_refused", "contact_shared",
    "edited", "files_full", "more", "receipt_in_form", "receipt_slip",
}  # fmt: skip
# What a reply is called while a report is open: without a list of numbers of its own.
IN_FORM = {"menu": "menu_in_form", "not_understood": "not_understood_in_form"}


def _with(reply: Reply, **more: object) -> Reply:
    return replace(reply, params=dict(reply.params) | more)
