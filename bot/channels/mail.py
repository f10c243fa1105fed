"""E-mail by the campaign's own mail server, always with TLS."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import SplitResult, unquote, urlsplit

from bot.messages import NotSent, Then
from bot.settings import Settings

TIMEOUT = 10.0  # seconds, for each step


@dataclass(frozen=True)
class Mail:
    """``name``: the same when it is sent again, so that a mailbox can tell."""

    name: str
    to: str = field(repr=False)
    subject: str
    text: str


def send(settings: Settings, mail: Mail) -> None:
    """Hand one mail over. Raises NotSent; its words hold nothing of the server's, as those may name the address."""
    if not (settings.smtp_url and settings.mail_from):
        raise NotSent(Then.RETRY, "mail not configured")
    message = _message(settings.mail_from, mail)
    try:
        server = _connected(urlsplit(settings.smtp_url))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotSent(Then.RETRY, f"mail {type(error).__name__}") from None
    try:
        server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(*_then(error)) from None
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):  # it has taken the mail, or has not
            server.quit()


def _message(sender: str, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"], message["Auto-Submitted"] = formatdate(), "auto-generated"
    message["Message-ID"] = f"<{mail.name}@{sender.rpartition('@')[2].rstrip('>')}>"
    message.set_content(mail.text)
    return message


def _connected(place: SplitResult) -> smtplib.SMTP:
    """Signed in, and closed to listeners: smtps:// from the first byte, smtp:// by STARTTLS, or not at all."""
    trusted, host = ssl.create_default_context(), place.hostname or ""
    server: smtplib.SMTP
    if place.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, place.port or 465, timeout=TIMEOUT, context=trusted)
    elif place.scheme == "smtp":
        server = smtplib.SMTP(host, place.port or 587, timeout=TIMEOUT)
    else:
        raise ValueError("FARO_SMTP_URL begins with smtp:// or smtps://")
    try:
        if place.scheme == "smtp":
            server.starttls(context=trusted)
        if place.username:
            server.login(unquote(place.username), unquote(place.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _then(error: Exception) -> tuple[Then, str]:
    """What to do about it. Whoever hangs up while the mail is handed over may have taken it."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = min(code for code, _ in error.recipients.values())
    if isinstance(code, int) and code > 0:
        return (Then.GIVE_UP if 500 <= code < 600 else Then.RETRY), f"mail {code}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Then.GIVE_UP, "mail not supported"
    return Then.LOOK, "mail no answer"
