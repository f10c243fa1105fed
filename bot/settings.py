"""Every setting, once, with a default that works. Nothing else in Faro reads the environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from dotenv import dotenv_values
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.content import where

ROOT = where.ROOT


class Settings(BaseSettings):
    """Read from the environment, else from the file `.env` beside this project; each is ``FARO_`` + its name."""

    model_config = SettingsConfigDict(env_prefix="FARO_", frozen=True, extra="ignore", env_ignore_empty=True)

    root: Path = Field(ROOT, description="The project's folder.")
    var: Path = Field(ROOT / "var", description="Where the database and the logs are kept.")
    model: Path = Field(ROOT / "models", description="The folder of the trained model.")
    content: Path = Field(where.DEFAULT, description="The texts, the directory and the routing table.")
    only: str | None = Field(
        None, description="Start only these of the Procfile's processes, as on a second machine (docs/growing.md)."
    )
    database_url: str | None = Field(
        None,
        repr=False,
        validation_alias="DATABASE_URL",
        description="The campaign's own PostgreSQL (postgresql://...). Without it Faro runs one of its own.",
    )
    postgres_port: int = Field(5454, description="Loopback port of Faro's own PostgreSQL.")
    gateway_host: str = Field("127.0.0.1", description="The address that the web server listens on.")
    gateway_port: int = Field(8000, description="The port of the web server: /try, /desk, webhooks.")
    engine_port: int = Field(5005, description="Loopback port of the engine (Rasa); of the first, when there are more.")
    engines: int = Field(1, ge=1, le=32, description="How many engines are started, on ports one after the other.")
    actions_port: int = Field(5055, description="Loopback port of the action server.")
    public_url: str | None = Field(
        None, description="How the world reaches the gateway, for links (https://...). Else host and port."
    )
    proxy: str = Field("127.0.0.1", description="The TLS proxy's address: its X-Forwarded-For says who is asking.")
    try_phone: bool | None = Field(
        None, description="Show /try. By default it exists only while no provider is configured."
    )
    twilio_account_sid: str | None = Field(None, description="Twilio's account, AC and 32 letters or digits.")
    twilio_auth_token: str | None = Field(
        None, repr=False, description="Twilio's token. It opens the webhook for SMS and WhatsApp, and closes /try."
    )
    twilio_sms_from: str | None = Field(
        None, description="The number that SMS leave from (+1...), or a Messaging Service (MG...)."
    )
    twilio_whatsapp_from: str | None = Field(None, description="The number of the WhatsApp sender (+1...).")
    twilio_api: str | None = Field(None, description="Another address in place of Twilio's, as for a demonstration.")
    telegram_token: str | None = Field(
        None, repr=False, description="The bot's token, from @BotFather. It opens Telegram, and closes /try."
    )
    telegram_api: str | None = Field(None, description="Another address in place of Telegram's.")
    telegram_secret: str = Field(
        "", repr=False, description="Telegram shows it with each webhook. Made at first start."
    )
    demo_phones: str | None = Field(
        None, description="Address of the made-up providers of `make demo`: /try then shows three phones."
    )
    smtp_url: str | None = Field(
        None, repr=False, description="The mail server for alerts: smtp://user:password@host:587 (or smtps, 465)."
    )
    mail_from: str | None = Field(None, description="The address that alerts come from (faro@example.org).")
    partners: str | None = Field(
        None, repr=False, description="Partner systems by name, as JSON: address, secret, key (docs/partner.md)."
    )
    webhooks_inside: bool = Field(
        False, description="Webhooks may lead into a private network, and without TLS: for tests."
    )
    metrics_token: str | None = Field(
        None,
        repr=False,
        min_length=20,
        description="Opens /metrics to Prometheus (docs/alerts-to-set.md). Else there is none.",
    )
    backup_key: str | None = Field(
        None, description="What `faro backup` seals to, from `faro keys backup` (docs/backup.md)."
    )
    worker_concurrency: int = Field(4, description="People served at the same time by one worker.")
    day_messages: int = Field(
        2000, description="So many messages of one person are kept in a day (UTC); then they are told."
    )
    day_megabytes: int = Field(
        100, description="So many megabytes of one person are kept in a day, files included (docs/when-things-fail.md)."
    )
    silence_hours: float = Field(24, description="After so many silent hours a half-made report is closed.")
    keys: str = Field(
        "",
        repr=False,
        description="Encrypts addresses, and words that are in no report yet; the newest first, older ones after a "
        "comma. Made at first start.",
    )
    hash_key: str = Field(
        "", repr=False, description="Finds a person again by their address. Made at first start; never changed."
    )
    secret_key: str = Field("", repr=False, description="Signs the desk's sessions. Made at first start.")
    password_salt: str = Field("", repr=False, description="Salt of the desk's passwords. Made at first start.")
    first_link: str = Field(
        "",
        repr=False,
        description="Signs the first administrator in, and opens nothing once they have chosen a password. "
        "Made at first start.",
    )
    postgres_password: str = Field(
        "", repr=False, description="Password of Faro's own PostgreSQL. Made at first start."
    )
    engine_token: str = Field("", repr=False, description="Shared by worker and engine. Made at first start.")

    @property
    def database(self) -> str:
        """The libpq address of the database in use."""
        own = f"postgresql://faro:{self.postgres_password}@127.0.0.1:{self.postgres_port}/faro"
        return self.database_url or own

    @property
    def engine_ports(self) -> range:
        return range(self.engine_port, self.engine_port + self.engines)

    @property
    def engine_urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}/webhooks/faro" for port in self.engine_ports]

    @property
    def address(self) -> str:
        """Where people find the gateway, without a slash at the end."""
        host = "127.0.0.1" if self.gateway_host in ("0.0.0.0", "::") else self.gateway_host
        return (self.public_url or f"http://{host}:{self.gateway_port}").rstrip("/")

    @property
    def shows_try(self) -> bool:
        if self.try_phone is not None:
            return self.try_phone
        return not (self.twilio_auth_token or self.telegram_token)

    @property
    def polls_telegram(self) -> bool:
        """Whether Telegram has no address to call, so that it must be asked."""
        return bool(self.telegram_token) and not (self.telegram_api or self.address.startswith("https://"))

    def environment(self) -> dict[str, str]:
        """The environment of our processes: ours plus every setting, so that all of them agree."""
        named = {f"FARO_{name.upper()}": value for name, value in self if name != "database_url"}
        # also our own: what .env says of DATABASE_URL is not meant for a demonstration
        named |= {"DATABASE_URL": self.database, "FARO_DATABASE": self.database}
        return dict(os.environ) | {k: str(v) for k, v in named.items() if v is not None}


SECRETS: dict[str, Any] = {
    "FARO_KEYS": lambda: Fernet.generate_key().decode(),
    "FARO_HASH_KEY": lambda: secrets.token_urlsafe(32),
    "FARO_SECRET_KEY": lambda: secrets.token_urlsafe(32),
    "FARO_PASSWORD_SALT": lambda: secrets.token_urlsafe(32),
    "FARO_FIRST_LINK": lambda: secrets.token_urlsafe(32),
    "FARO_POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(32),
    "FARO_ENGINE_TOKEN": lambda: secrets.token_urlsafe(32),
    "FARO_TELEGRAM_SECRET": lambda: secrets.token_urlsafe(32),
}


# How far the port of the made-up providers is from the gateway's.
DEMO_PHONES = 10


def demonstration(settings: Settings) -> Settings:
    """The same Faro with made-up providers in place of Twilio and Telegram, and a database of its own."""
    phones = f"http://127.0.0.1:{settings.gateway_port + DEMO_PHONES}"
    return settings.model_copy(
        update={
            "var": settings.var / "demo",
            "database_url": None,
            "try_phone": True,
            "public_url": f"http://127.0.0.1:{settings.gateway_port}",
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": secrets.token_hex(16),
            "twilio_sms_from": "+15005550006",
            "twilio_whatsapp_from": "+14155238886",
            "twilio_api": phones,
            "telegram_token": f"110201543:{secrets.token_hex(17)}",
            "telegram_api": phones,
            "smtp_url": None,
            "partners": None,
            "demo_phones": phones,
        }
    )


def load(env_file: Path = ROOT / ".env") -> Settings:
    """The settings; secrets that are nowhere yet are made and kept in ``env_file`` (mode 600)."""
    kept = dotenv_values(env_file)
    missing = [name for name in SECRETS if not (os.environ.get(name) or kept.get(name))]
    if missing:
        _keep(env_file, {name: SECRETS[name]() for name in missing})
    return Settings(_env_file=env_file)  # type: ignore[call-arg]


def _keep(env_file: Path, made: dict[str, str]) -> None:
    new = not env_file.exists()
    descriptor = os.open(env_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a") as file:
        if new:
            file.write("# Made at the first start. Without FARO_KEYS the database cannot be read: keep a copy.\n")
        file.writelines(f"{name}={value}\n" for name, value in made.items())
