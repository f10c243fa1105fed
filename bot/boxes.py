"""Key pairs: what is put into a box for a public key, only who has the private key takes out. PyNaCl does it all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import generichash
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random

# Argon2id. RFC 9106 (section 4) recommends 64 MiB and three passes where memory is short.
MEMORY = 64 * 1024 * 1024  # bytes
ROUNDS = 3


class WrongKey(Exception):
    """This key, or this password, does not open it."""


@dataclass(frozen=True)
class Pair:
    """X25519, 32 bytes each."""

    public: bytes
    private: bytes = field(repr=False)


def pair() -> Pair:
    return of_private(random(PrivateKey.SIZE))


def of_private(private: bytes) -> Pair:
    """The pair whose private half is known; any 32 bytes are one."""
    return Pair(bytes(PrivateKey(private).public_key), private)


def put(public: bytes, value: Any) -> bytes:
    """Any JSON value, for the holder of the private key alone."""
    return put_bytes(public, json.dumps(value, ensure_ascii=False).encode())


def take(private: bytes, boxed: bytes) -> Any:
    """What `put` was given. Raises WrongKey."""
    return json.loads(take_bytes(private, boxed))


def put_bytes(public: bytes, value: bytes) -> bytes:
    return SealedBox(PublicKey(public)).encrypt(value)


def take_bytes(private: bytes, boxed: bytes) -> bytes:
    """What `put_bytes` was given. Raises WrongKey."""
    try:
        return SealedBox(PrivateKey(private)).decrypt(boxed)
    except CryptoError:
        raise WrongKey from None


def lock(private: bytes, secret: str) -> bytes:
    """A private key under a password: 16 bytes of salt, and the key encrypted with what Argon2id makes of the two."""
    salt = random(argon2id.SALTBYTES)
    return salt + SecretBox(_stretched(secret, salt)).encrypt(private)


def unlock(locked: bytes, secret: str) -> bytes:
    """What `lock` was given. Raises WrongKey."""
    salt, rest = locked[: argon2id.SALTBYTES], locked[argon2id.SALTBYTES :]
    if not rest:
        raise WrongKey
    try:
        return SecretBox(_stretched(secret, salt)).decrypt(rest)
    except CryptoError:
        raise WrongKey from None


def lock_by_link(private: bytes, token: str) -> bytes:
    """As `lock`, under the token of a one-time link: 256 random bits, which nobody tries and nothing has to stretch."""
    return SecretBox(_digest(token)).encrypt(private)


def unlock_by_link(locked: bytes, token: str) -> bytes:
    """What `lock_by_link` was given. Raises WrongKey."""
    try:
        return SecretBox(_digest(token)).decrypt(locked)
    except CryptoError:
        raise WrongKey from None


def _digest(token: str) -> bytes:
    return generichash(token.encode(), digest_size=SecretBox.KEY_SIZE, encoder=RawEncoder)


def _stretched(secret: str, salt: bytes) -> bytes:
    return argon2id.kdf(SecretBox.KEY_SIZE, secret.encode(), salt, opslimit=ROUNDS, memlimit=MEMORY)
