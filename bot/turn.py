"""One turn: what a message says, what is decided, what is said back; written in the session it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from bot import outbox, reports
from bot.content import Content
from bot.engine import Answer, Context
from bot.erasing import erase
from bot.hearing import Heard, Known, hear
from bot.replies import Part, Person, Reply, Wording, write
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
        sealed = contact.dialogue_sealed
        self.dialogue = runtime.vault.open(sealed) if sealed else {"awaiting": None, "slots": {}}

    def take(self) -> None:
        """Hear, decide, learn, reply."""
        if self.contact.erased_at:  # somebody we erased writes again: a stranger
            self.contact.erased_at = self.contact.welcomed_at = None
        heard = hear(self._body(), self._known())
        self._pass_on(heard)
        answer = self._decide(heard)
        self._learn(heard, answer)
        replies = self._replies(heard, answer)
        self._send(self._parts(replies), keep_offer=heard.show in UNREAD)
        self._remember(answer)
        self.inbound.answered_at = now()

    # -- hear

    def _body(self) -> dict[str, object]:
        """The stored message; a tapped option is looked up in the very message that offered it."""
        body: dict[str, object] = self.runtime.vault.open(self.inbound.body_sealed)
        if body["kind"] == "option":
            offered = self.session.get(Outbound, body.get("outbound"))
            mine = offered is not None and offered.contact_id == self.contact.id
            options = offered.options if offered and mine else []
            body["option"] = next((o for o in options if o["number"] == body["number"]), None)
        return body

    def _known(self) -> Known:
        return Known(
            language=self.contact.language,
            country=self.contact.country,
            phone_country=self._number_country(),
            awaiting=self.dialogue["awaiting"],
            offered=self.contact.offered,
        )

    def _number_country(self) -> str | None:
        """The country of the phone's number, where it may stand for where something happened.

        Not a country that the campaign does not serve, and not while a place was told whose country is open.
        """
        slots = self.dialogue["slots"]
        country = self.contact.phone_country
        served = country in self.content.routing.emergency
        return country if served and not ("place" in slots and "country" not in slots) else None

    def _pass_on(self, heard: Heard) -> None:
        """While an operator talks with somebody, whatever they type is read there too, also a cry for help."""
        thread = self._thread()
        if thread and heard.typed:
            whole = str(self._body()["text"])
            reports.add_line(self.session, self.runtime.vault, thread, whole, None, self.inbound.id)

    def _thread(self) -> Report | None:
        """The case in which a desk has written, unless a question of ours is open."""
        open_question = self.dialogue["awaiting"]
        return None if open_question else reports.open_thread(self.session, self.contact.id)

    # -- decide

    def _decide(self, heard: Heard) -> Answer:
        """Ask the engine, unless the reply is known without it; then the dialogue stays where it was."""
        if heard.says is None:
            shown = ({"reply": heard.show},)
            slots, awaiting = self.dialogue["slots"], self.dialogue["awaiting"]
            return Answer(shown, self.contact.form, awaiting, slots, intent=None)
        return self.runtime.engine.ask(self.contact.id, heard.says, self._context(heard))

    def _context(self, heard: Heard) -> Context:
        awaiting, slots = self.dialogue["awaiting"], self.dialogue["slots"]
        if self._thread():
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
        if heard.wish and answer.intent == "change_language":
            contact.language = heard.wish
        contact.country = heard.told_country or contact.country
        contact.last_inbound_at = self.inbound.received_at
        if answer.form != contact.form:
            contact.form_since = self.inbound.id if answer.form else None
        contact.form = answer.form

    # -- reply

    def _replies(self, heard: Heard, answer: Answer) -> list[Reply]:
        named = [self._with_facts(row, heard, answer) for row in answer.replies]
        replies = self._in_form(named) if answer.form else named
        replies = self._safety_first(replies, heard, answer)
        if heard.cut:
            replies.insert(0, Reply("too_long", {"limit": len(heard.typed)}))
        if self.contact.welcomed_at is None:
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
        desk = reports.decide(answer.slots, self.content).desk
        return _with(reply, slots=answer.slots, desk=desk)

    def _subscribed(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        self.contact.subscribed = reply.name == "subscribe"
        return reply

    def _passed_on(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        report = reports.open_thread(self.session, self.contact.id)
        return _with(reply, desk=report.desk) if report else Reply("not_understood", {})

    def _erased(self, reply: Reply, heard: Heard, answer: Answer) -> Reply:
        kept = erase(self.session, self.contact, self.inbound)
        return Reply("data_deleted_except", {"cases": ", ".join(kept)}) if kept else reply

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

    def _parts(self, replies: Sequence[Reply]) -> list[Part]:
        words = Wording(self.content, person(self.contact, self.content), date.today())
        return [part for reply in replies for part in write(words, reply)]

    def _send(self, parts: Sequence[Part], keep_offer: bool) -> None:
        outbox.put(self.session, self.runtime.vault, self.contact, parts, self.inbound.id)
        if keep_offer:
            return
        options = next((part.options for part in reversed(parts) if part.options), ())
        self.contact.offered = [option.as_row() for option in options]

    def _remember(self, answer: Answer) -> None:
        awaiting = answer.awaiting
        if any(row["reply"] == "ask_delete" for row in answer.replies):
            awaiting = "delete_my_data"
        dialogue = {"awaiting": awaiting, "slots": dict(answer.slots) if answer.form else {}}
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
}
# What could not be read changes nothing: the last options still count.
UNREAD = {"empty_message", "unreadable"}
# What a reply is called while a report is open: without a list of numbers of its own.
IN_FORM = {"menu": "menu_in_form", "not_understood": "not_understood_in_form"}


def person(contact: Contact, content: Content) -> Person:
    served = contact.phone_country if contact.phone_country in content.routing.emergency else None
    return Person(contact.language or "es", contact.country or served, contact.phone_country)


def _with(reply: Reply, **more: object) -> Reply:
    return replace(reply, params=dict(reply.params) | more)
