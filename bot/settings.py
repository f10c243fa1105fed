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

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from the environment, else from the file `.env` beside this project; each is ``FARO_`` + its name."""

    model_config = SettingsConfigDict(env_prefix="FARO_", frozen=True, extra="ignore", env_ignore_empty=True)

    root: Path = Field(ROOT, description="The project's folder.")
    var: Path = Field(ROOT / "var", description="Where the database and the logs are kept.")
    model: Path = Field(ROOT / "models", description="The folder of the trained model.")
    content: Path = Field(ROOT / "content", description="The texts, the directory and the routing table.")
    database_url: str | None = Field(
        None,
        repr=False,
        validation_alias="DATABASE_URL",
        description="The campaign's own PostgreSQL (postgresql://...). Without it Faro runs one of its own.",
    )
    postgres_port: int = Field(5454, description="Loopback port of Faro's own PostgreSQL.")
    gateway_host: str = Field("127.0.0.1", description="The address that the web server listens on.")
    gateway_port: int = Field(8000, description="The port of the web server: /try, /desk, webhooks.")
    engine_port: int = Field(5005, description="Loopback port of the engine (Rasa).")
    actions_port: int = Field(5055, description="Loopback port of the action server.")
    public_url: str | None = Field(
        None, description="How the world reaches the gateway, for links (https://...). Else host and port."
    )
    try_phone: bool | None = Field(
        None, description="Show /try. By default it exists only while no provider is configured."
    )
    twilio_auth_token: str | None = Field(
        None, repr=False, description="Twilio's token; not used yet, but it closes /try."
    )
    telegram_token: str | None = Field(
        None, repr=False, description="Telegram's token; not used yet, but it closes /try."
    )
    worker_concurrency: int = Field(4, description="People served at the same time by one worker.")
    silence_hours: float = Field(24, description="After so many silent hours a half-made report is closed.")
    keys: str = Field(
        "",
        repr=False,
        description="Encrypts words and addresses; the newest first, older ones after a comma. Made at first start.",
    )
    hash_key: str = Field(
        "", repr=False, description="Finds a person again by their address. Made at first start; never changed."
    )
    secret_key: str = Field("", repr=False, description="Signs the desk's sessions. Made at first start.")
    password_salt: str = Field("", repr=False, description="Salt of the desk's passwords. Made at first start.")
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
    def engine_url(self) -> str:
        return f"http://127.0.0.1:{self.engine_port}/webhooks/faro"

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

    def environment(self) -> dict[str, str]:
        """The environment of our processes: ours plus every setting, so that all of them agree."""
        named = {f"FARO_{name.upper()}": value for name, value in self if name != "database_url"}
        named |= {"DATABASE_URL": self.database_url, "FARO_DATABASE": self.database}
        return dict(os.environ) | {k: str(v) for k, v in named.items() if v is not None}


SECRETS: dict[str, Any] = {
    "FARO_KEYS": lambda: Fernet.generate_key().decode(),
    "FARO_HASH_KEY": lambda: secrets.token_urlsafe(32),
    "FARO_SECRET_KEY": lambda: secrets.token_urlsafe(32),
    "FARO_PASSWORD_SALT": lambda: secrets.token_urlsafe(32),
    "FARO_POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(32),
    "FARO_ENGINE_TOKEN": lambda: secrets.token_urlsafe(32),
}


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
