"""A security key in software, as a test holds it: it signs what it is asked, also where a real one would refuse."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, WITH_KEY = 0x01, 0x41


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Key:
    """``origin``: the address that the browser sees. ``host``: what the key is bound to. ``count``: its signatures."""

    origin: str
    host: str
    count: int = 0
    id: bytes = field(default_factory=lambda: os.urandom(32))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: dict[str, Any]) -> str:
        """What the browser sends when it is added."""
        point = self.private.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        own = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        attested = {"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + own}
        return self._said("webauthn.create", options, attestationObject=cbor2.dumps(attested))

    def signs(self, options: dict[str, Any]) -> str:
        """What it sends when it is pressed."""
        self.count += 1
        data, client = self._data(PRESENT), self._client("webauthn.get", options)
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._said("webauthn.get", options, authenticatorData=data, signature=signature)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _said(self, kind: str, options: dict[str, Any], **parts: bytes) -> str:
        parts["clientDataJSON"] = self._client(kind, options)
        response = {name: _text(part) for name, part in parts.items()}
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def asked(page: str) -> tuple[str, dict[str, Any]]:
    """Where the answer of a key goes, and what the key is asked."""
    found = re.search(r'id="key-form" action="([^"]+)".* data-options="([^"]+)"', page)
    assert found, page
    return html.unescape(found[1]), json.loads(html.unescape(found[2]))
