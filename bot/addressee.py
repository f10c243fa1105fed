"""What a reply has to know of the person it is for."""

from __future__ import annotations

from bot.content import Content
from bot.replies import Person
from bot.store.models import Contact


def person(contact: Contact, content: Content) -> Person:
    served = contact.phone_country if contact.phone_country in content.routing.emergency else None
    country = contact.country or served
    return Person(contact.language or "es", country, contact.phone_country, brief=contact.channel == "sms")
