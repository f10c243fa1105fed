"""Systems outside that are told of reports: a webhook's receiver and a mail server on sockets, with TLS of our own."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Response, jsonify, request

from bot.channels.webhook import signature
from tests.conftest import free_port
from tests.fakes.wire import Fake

USER, PASSWORD = "faro", "p@ss word"


class System(Fake):
    """Takes webhooks at /hook; `told` is what came, `right` whether each was signed with ``secret``."""

    def __init__(self) -> None:
        super().__init__("system", (), "http://127.0.0.1:9")
        self.secret = ""
        self.told: list[dict[str, Any]] = []
        self.right: list[bool] = []
        self.app.add_url_rule("/hook", "hook", self._hook, methods=["POST"])

    def _hook(self) -> Response:
        made = signature(self.secret, request.headers["Faro-Timestamp"], request.get_data())
        self.right.append(made == request.headers["Faro-Signature"])
        self.told.append(request.get_json())
        return jsonify(ok=True)

    def not_found(self) -> Response:
        return Response(status=404)


@dataclass
class MailServer:
    """What it took, and what it says next to a recipient (``answers``) or a whole mail (``after``; "" hangs up)."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.signed_in.append(bool(session.authenticated))
        answer = self.after.pop(0) if self.after else "250 taken"
        if answer in ("", "250 taken"):
            self.mails.append(envelope)
        if not answer:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer or "250 taken"

    def checks(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right)


@contextlib.contextmanager
def mail_server(context: ssl.SSLContext | None, at_once: bool = False) -> Iterator[MailServer]:
    """With STARTTLS, with TLS from the first byte (``at_once``), or with none (no context)."""
    made = MailServer(free_port())
    tls: dict[str, Any] = {"ssl_context": context} if at_once else {"tls_context": context}
    if context:
        tls |= {"authenticator": made.checks, "auth_required": True, "auth_require_tls": not at_once}
    server = Controller(made, hostname="127.0.0.1", port=made.port, **tls)
    server.start()
    yield made
    server.stop()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for localhost, not for 127.0.0.1, and the file by which others trust it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.OID_COMMON_NAME, "faro")])
    today = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost")]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, private = folder / "trusted.pem", folder / "private.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return context, file
