"""How Flask-Security is to ask for security keys: at which address, for how long, and in which words."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext
from flask_security import WebauthnUtil

from bot.desk import second
from bot.desk.ring import Ring

LONGEST_NAME = 64


def N_(words: str) -> str:
    """Marks words for the catalogues that Flask-Security translates when it says them."""
    return words


NO_NAME = N_("Write a name for the key.")
NOT_TAKEN = N_("The key was not accepted. Try again.")
MESSAGES = {
    "EXPIRED": N_("That took too long. Please begin again."),
    "NAME_REQUIRED": NO_NAME,
    "NAME_INUSE": N_("You have a key of this name already."),
    "NAME_NOT_FOUND": N_("You have no key of this name."),
    "CREDENTIAL_DELETED": N_("The key was removed."),
    "REGISTER_SUCCESSFUL": N_("The key was added."),
    "CREDENTIAL_ID_INUSE": N_("This key was added before."),
} | dict.fromkeys(
    ("UNKNOWN_CREDENTIAL_ID", "ORPHAN_CREDENTIAL_ID", "NO_VERIFY", "CREDENTIAL_WRONG_USAGE", "MISMATCH_USER_HANDLE"),
    NOT_TAKEN,
)


@dataclass(frozen=True)
class Place:
    """Where keys are used: the host that they are bound to, and the whole address as a browser names it."""

    host: str
    origin: str


def place(address: str) -> Place | None:
    """None where no browser would use a key: without TLS, or at a number in place of a name."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not (parts.scheme == "https" or host == "localhost") or _is_number(host):
        return None
    port = f":{parts.port}" if parts.port not in (None, {"https": 443}.get(parts.scheme, 80)) else ""
    return Place(host, f"{parts.scheme}://{host}{port}")


def _is_number(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return not host


def config(at: Place | None) -> dict[str, Any]:
    return {
        "SECURITY_WEBAUTHN": at is not None,
        "SECURITY_WAN_RP_NAME": "Faro",
        "SECURITY_WAN_REGISTER_URL": "/keys",
        "SECURITY_WAN_DELETE_URL": "/keys/remove",
        "SECURITY_WAN_SIGNIN_URL": "/key",
        "SECURITY_WAN_REGISTER_WITHIN": timedelta(seconds=second.WITHIN),
        "SECURITY_WAN_SIGNIN_WITHIN": timedelta(seconds=second.WITHIN),
        "SECURITY_WAN_REGISTER_TIMEOUT": second.WITHIN * 1000,
        "SECURITY_WAN_SIGNIN_TIMEOUT": second.WITHIN * 1000,
        "SECURITY_WAN_ALLOW_AS_FIRST_FACTOR": False,
        "SECURITY_WAN_ALLOW_AS_MULTI_FACTOR": False,
        "SECURITY_WAN_ALLOW_AS_VERIFY": None,
        # The code is asked for first, of everybody; its page leads to the key.
        "SECURITY_TWO_FACTOR_IMPLEMENTATIONS": {"code": "flask_security.twofactor.CodeTfPlugin"},
        "SECURITY_MSG_API_ERROR": (NOT_TAKEN, "error"),
        **{f"SECURITY_MSG_WEBAUTHN_{name}": (words, "error") for name, words in MESSAGES.items()},
    }


def asks(ring: Ring, at: Place | None) -> type[WebauthnUtil]:
    """The class that puts the question to a key, for one application."""

    class Asks(WebauthnUtil):
        def generate_challenge(self, nbytes: int | None = None) -> str:
            challenge: str = super().generate_challenge(nbytes)
            ring.ask(challenge)
            return challenge

        def origin(self) -> str:
            return at.origin if at else ""

        def name_svn(self, value: str) -> tuple[str | None, str | None]:
            name = " ".join(value.replace("\0", "").split())[:LONGEST_NAME]
            return (None, name) if name else (gettext(NO_NAME), None)

    return Asks
