"""Sentences that the page of a report and its export have in common."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from bot.desk.related import Shared
from bot.store.models import Report


def status(report: Report) -> str:
    if report.status == "filed":
        return _("new, nobody has accepted it")
    if report.status == "accepted":
        return _("accepted by %(who)s", who=report.accepted_by)
    return f"{_('closed')}: {outcome(report.outcome)}"


def outcome(name: str | None) -> str:
    said = {
        "helped": _("The person was helped"),
        "referred": _("Passed to the authority in charge"),
        "no_action": _("Nothing could be done"),
        "withdrawn": _("Withdrawn by the person"),
    }
    return said.get(name or "", name or "")


def delivery(state: str | None) -> str:
    """How far a message came, in fewer words than on the page."""
    said = {
        "sent": _("sent"), "delivered": _("delivered"), "read": _("read"), "failed": _("could not be sent"),
        None: _("not known whether it arrived"),
    }  # fmt: skip
    return said.get(state, _("not sent yet"))


def shared(found: Shared) -> str:
    """
    >>> shared(Shared("phone", (), ("demo-gt",)))
    '1 other report mentions the same phone number:'
    """
    n = found.count
    said = {
        "phone": ngettext(
            "%(num)s other report mentions the same phone number:",
            "%(num)s other reports mention the same phone number:",
            n,
        ),
        "plate": ngettext(
            "%(num)s other report mentions the same number plate:",
            "%(num)s other reports mention the same number plate:",
            n,
        ),
        "account": ngettext(
            "%(num)s other report mentions the same account or card:",
            "%(num)s other reports mention the same account or card:",
            n,
        ),
    }
    return said[found.kind]
