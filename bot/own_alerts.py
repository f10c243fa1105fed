"""What a member of a desk chooses about their own alerts, and how a Telegram chat is connected."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import inbox
from bot.asking import ask
from bot.channels import webhook
from bot.content import LANGUAGES
from bot.messages import Event, Message
from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.alerts import Alert, AlertSetting
from bot.store.models import now
from bot.store.people import User

WAYS = ("off", "sms", "telegram", "email", "webhook")
CODE = re.compile(r"desk-[A-Za-z0-9_-]{32}")
CODE_LIVES = timedelta(hours=1)
BETWEEN_TESTS = timedelta(minutes=1)
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class NotTaken(ValueError):
    """What was chosen cannot be; says why in words for who chose it."""


@dataclass(frozen=True)
class Choice:
    """What the form says. ``duty``: as in `AlertSetting`; an empty ``address`` keeps the one that is there."""

    way: str
    address: str = field(repr=False)
    danger_only: bool
    language: str
    duty: dict[str, Any] | None


@dataclass(frozen=True)
class ShownOnce:
    """What is kept only so that it cannot be read again: a webhook's secret, a code for Telegram."""

    secret: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)


def open_ways(runtime: Runtime) -> tuple[str, ...]:
    """Those that the campaign has configured."""
    settings, doors = runtime.settings, runtime.doors
    closed = {way for way in ("sms", "telegram") if way not in doors}
    return tuple(way for way in WAYS if way not in closed and (way != "email" or settings.smtp_url))


def duty(days: Sequence[str], begins: str, ends: str, zone: str) -> dict[str, Any] | None:
    """The hours of a form, None for always. Raises NotTaken."""
    if not days:
        return None
    clocks = [CLOCK.fullmatch(words) for words in (begins, ends)]
    if not all(clocks) or not all(day in "0123456" and len(day) == 1 for day in days):
        raise NotTaken("write from when until when you are on duty, like 08:00 and 18:00")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise NotTaken("choose your time zone") from None
    begin, end = (int(found[1]) * 60 + int(found[2]) for found in clocks if found)
    return {"days": sorted(map(int, days)), "begins": begin, "ends": end, "zone": zone}


def save(session: Session, runtime: Runtime, user: int, choice: Choice) -> ShownOnce:
    """Raises NotTaken; the caller commits."""
    if choice.way not in open_ways(runtime) or choice.language not in LANGUAGES:
        raise NotTaken("choose one of the ways of the list")
    setting = session.get(AlertSetting, user, with_for_update=True) or AlertSetting(user_id=user, way="off")
    session.add(setting)
    if choice.way != setting.way:
        setting.address_sealed = setting.secret_sealed = setting.code_hash = setting.code_expires_at = None
    setting.way, setting.danger_only = choice.way, choice.danger_only
    setting.language, setting.duty = choice.language, choice.duty
    return _reached_by(runtime, setting, choice.address.strip())


def _reached_by(runtime: Runtime, setting: AlertSetting, address: str) -> ShownOnce:
    if setting.way == "telegram":
        return ShownOnce(code=_code(setting)) if setting.address_sealed is None else ShownOnce()
    if setting.way == "off" or (not address and setting.address_sealed):
        return ShownOnce()
    setting.address_sealed = runtime.vault.seal(_checked(setting.way, address, runtime.settings))
    if setting.way != "webhook":
        return ShownOnce()
    secret = secrets.token_urlsafe(32)
    setting.secret_sealed = runtime.vault.seal(secret)
    return ShownOnce(secret=secret)


def _checked(way: str, address: str, settings: Settings) -> str:
    """The address as it is used. Raises NotTaken."""
    try:
        if way == "email":
            return str(validate_email(address, check_deliverability=False).normalized)
        if way == "webhook":
            webhook.check(address, settings.webhooks_inside)
            return address
        number = phonenumbers.parse(address)
    except EmailNotValidError:
        raise NotTaken("this is no e-mail address") from None
    except webhook.NotAllowed as error:
        raise NotTaken(str(error)) from None
    except phonenumbers.NumberParseException:
        raise NotTaken("write the number with its country, like +52 55 1234 5678") from None
    if not phonenumbers.is_valid_number(number):
        raise NotTaken("there is no such phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _code(setting: AlertSetting) -> str:
    code = f"desk-{secrets.token_urlsafe(24)}"
    setting.code_hash, setting.code_expires_at = _hash(code), now() + CODE_LIVES
    return code


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def connect(runtime: Runtime, message: Message) -> bool:
    """Whether somebody brought our bot a code for their alerts, known or not: no person of the campaign, so nothing of
    it is kept but that it came. A known one connects their chat, and a test tells them."""
    code = message.came_by or ""
    if message.channel != "telegram" or not CODE.fullmatch(code):
        return False
    with runtime.sessions.begin() as session:
        inbox.note(session, Event("telegram", message.provider_id, "desk code"))
        valid = AlertSetting.code_hash == _hash(code), AlertSetting.code_expires_at > now()
        setting = session.scalars(select(AlertSetting).where(*valid).with_for_update()).one_or_none()
        if setting is not None and setting.way == "telegram":
            setting.address_sealed = runtime.vault.seal(message.address)
            setting.code_hash = setting.code_expires_at = None
            _put_test(session, setting.user_id)
    return True


def test(session: Session, user: int) -> None:
    """Send them a test. Raises NotTaken a minute after the last one: each may cost the campaign an SMS."""
    session.get_one(User, user, with_for_update=True)  # two at once are one
    setting = session.get(AlertSetting, user)
    if setting is None or setting.way == "off" or setting.address_sealed is None:
        raise NotTaken("choose first how you are alerted")
    recent = Alert.user_id == user, Alert.why == "test", Alert.created_at > now() - BETWEEN_TESTS
    if session.scalar(select(Alert.id).where(*recent).limit(1)):
        raise NotTaken("wait a minute before the next test")
    _put_test(session, user)


def _put_test(session: Session, user: int) -> None:
    """The one before is forgotten: it belongs to no report, which would take it along."""
    session.execute(delete(Alert).where(Alert.user_id == user, Alert.why == "test"))
    alert = Alert(user_id=user, desk="", why="test", since=now())
    session.add(alert)
    session.flush()
    ask(session, "alert", alert=alert.id)


def last_test(session: Session, user: int) -> Alert | None:
    return session.scalars(select(Alert).where(Alert.user_id == user, Alert.why == "test")).first()


def known(session: Session, user: int) -> Mapping[str, Any]:
    """The form's values for what is chosen now; never the address itself."""
    setting = session.get(AlertSetting, user) or AlertSetting(way="off", danger_only=False, language="es")
    duty = setting.duty or {}
    clock = {name: f"{duty[name] // 60:02}:{duty[name] % 60:02}" for name in ("begins", "ends") if duty}
    return {
        "way": setting.way, "connected": setting.address_sealed is not None, "danger_only": setting.danger_only,
        "language": setting.language, "days": duty.get("days", []), "zone": duty.get("zone", ""), **clock,
    }  # fmt: skip
