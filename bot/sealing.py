"""Words and addresses leave this process only sealed; a person is found again by a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, MultiFernet


@dataclass(frozen=True)
class Vault:
    """The application's keys, newest first: the first one seals, any of them opens."""

    fernet: MultiFernet
    hash_key: bytes

    @classmethod
    def of(cls, keys: str, hash_key: str) -> Vault:
        """``keys``: Fernet keys, separated by commas. Raises ValueError when one is malformed or none is there."""
        parts = [key.strip() for key in keys.split(",") if key.strip()]
        if not parts or not hash_key:
            raise ValueError("FARO_KEYS or FARO_HASH_KEY is empty")
        return cls(MultiFernet([Fernet(key) for key in parts]), hash_key.encode())

    def seal(self, value: Any) -> bytes:
        """Any JSON value, sealed."""
        return self.fernet.encrypt(json.dumps(value, ensure_ascii=False).encode())

    def open(self, sealed: bytes | None) -> Any:
        """What `seal` was given. Raises cryptography.fernet.InvalidToken when no key fits, or nothing is there."""
        return json.loads(self.open_bytes(sealed))

    def seal_bytes(self, value: bytes) -> bytes:
        return self.fernet.encrypt(value)

    def open_bytes(self, sealed: bytes | None) -> bytes:
        """What `seal_bytes` was given. Raises cryptography.fernet.InvalidToken as `open` does."""
        return self.fernet.decrypt(sealed or b"")

    def fingerprint(self, channel: str, address: str) -> str:
        """The same 64 letters for the same address, and no way back without the key."""
        text = f"{channel}:{address}".encode()
        return hmac.new(self.hash_key, text, hashlib.sha256).hexdigest()
