"""The codes of authenticator apps (TOTP, RFC 6238): the secret is sealed, and each code is good once."""

from __future__ import annotations

from collections.abc import Callable

from flask import session
from flask_security import Totp, UserMixin
from passlib.exc import TokenError  # type: ignore[import-untyped]
from passlib.totp import TOTP  # type: ignore[import-untyped]

from bot.sealing import Vault
from bot.store.people import User


class Codes(Totp):
    """As Flask-Security wants it; a secret leaves it only sealed with FARO_KEYS, as text. See `codes`."""

    vault: Vault
    clock: Callable[[], float]

    def __init__(self, secrets: dict[str, str] | dict[int, str], issuer: str) -> None:
        self._totp = TOTP.using(issuer=issuer)  # without ``secrets``: they are for a cipher of its own

    def generate_totp_secret(self) -> str:
        """The one that was begun in this session, so that after a slip the app needs no new entry."""
        begun: str | None = session.get("tf_totp_secret")
        return begun or self.vault.seal(TOTP.new().base32_key).decode()

    def verify_totp(self, token: str, totp_secret: str, user: UserMixin, window: int = 0) -> bool:
        """Whether it is the code of now, or of ``window`` seconds before or after; it is used up then."""
        assert isinstance(user, User)
        last = user.totp_counter if totp_secret == user.tf_totp_secret else None
        try:
            match = self._opened(totp_secret).match(
                token, time=int(type(self).clock()), window=window, last_counter=last
            )
        except TokenError:
            return False
        user.totp_counter = match.counter
        return True

    def generate_totp_password(self, totp_secret: str) -> str:
        return str(self._opened(totp_secret).generate(time=int(type(self).clock())).token)

    def get_totp_uri(self, username: str, totp_secret: str) -> str:
        return str(self._opened(totp_secret).to_uri(username, issuer=self._totp.issuer))

    def get_totp_pretty_key(self, totp_secret: str) -> str:
        return str(self._opened(totp_secret).pretty_key(sep=" "))

    def get_totp_b32_key(self, totp_secret: str) -> str:
        return str(self._opened(totp_secret).base32_key)

    def _opened(self, sealed: str) -> TOTP:
        return TOTP(key=self.vault.open(sealed.encode()), format="base32")


def codes(vault: Vault, clock: Callable[[], float]) -> type[Codes]:
    """The class for one application; ``clock``: seconds since 1970."""
    return type("Codes", (Codes,), {"vault": vault, "clock": staticmethod(clock)})
