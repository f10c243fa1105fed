"""What an operator sees before writing: whether and when the person may be written to, and in which words it begins."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from bot import doubt, veil
from bot.runtime import Runtime
from bot.store.models import Contact, Report, now

PLAIN = {
    "neutral": lazy_gettext(
        "The person first hears only that there is a message. Your words arrive when they ask for them."
    ),
    "sms": lazy_gettext("Not on WhatsApp: your words go to the person by SMS."),
    "never": lazy_gettext(
        "Nothing is sent: the person asked for that. Your words wait until they ask whether there is anything."
    ),
}


def told(runtime: Runtime, report: Report) -> list[str]:
    """Sentences, none where there is nothing to heed."""
    with runtime.sessions() as session:
        contact = session.get(Contact, report.contact_id) if report.contact_id else None
        return _of(runtime, contact, report) if contact else []


def _of(runtime: Runtime, contact: Contact, report: Report) -> list[str]:
    wish = veil.wish(runtime, contact, now())
    said = [str(PLAIN[wish.choice])] if wish.choice in PLAIN else []
    if wish.hours:
        begins, ends = (f"{m // 60:02}:{m % 60:02}" for m in (wish.hours.begins, wish.hours.ends))
        only = _(
            "Only from %(begins)s to %(ends)s on the person's clock. "
            "What you write at other hours waits until then.",
            begins=begins, ends=ends,
        )  # fmt: skip
        said = [only]
    if doubt.hides(contact, report):
        return [*said, _("It may be somebody else by now: your words arrive when they have shown the receipt.")]
    if wish.silent and wish.choice not in ("never", "neutral"):
        said.append(_("The person has been silent for long: they first hear only that there is a message."))
    return said
