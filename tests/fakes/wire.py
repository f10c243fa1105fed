"""What both fakes share: a socket on loopback, answers prepared for what comes, and a record of all that came."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx
from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

SECRET_HEADERS = {"authorization", "cookie", "x-twilio-signature", "x-telegram-bot-api-secret-token"}
# Twilio waits 15 seconds for a webhook: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
WEBHOOK_TIMEOUT = 15.0


@dataclass(frozen=True)
class Prepared:
    """One answer that waits for its request (``method`` and the end of its path; empty: any).

    ``status`` None: what the fake itself answers. ``delay``: seconds between what is done and its answer.
    ``drop``: done, but the connection is closed without an answer. ``refuse``: closed, nothing done.
    """

    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    drop: bool = False
    refuse: bool = False
    method: str = ""
    suffix: str = ""

    def fits(self, method: str, path: str) -> bool:
        return self.method.upper() in ("", method) and path.endswith(self.suffix)

    def response(self) -> Response:
        made = Response(self.body) if isinstance(self.body, bytes) else jsonify(self.body)
        made.status_code = self.status or 200
        made.headers.update(self.headers)
        return made


@dataclass(frozen=True)
class Received:
    """One request; ``at`` is monotonic seconds. Secrets are in none of it, except what a form itself says."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    json: Any
    headers: dict[str, str]
    at: float


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: paths hold tokens."""

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        self.close_connection = True  # else the next request on it would be waited for


class Server:
    """A WSGI application on 127.0.0.1, each request in a thread of its own; port 0 is any free one."""

    def __init__(self, application: WSGIApplication, port: int = 0) -> None:
        self._server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_Quiet)
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        threading.Thread(target=self._server.shutdown).start()
        with contextlib.suppress(OSError):  # a knock wakes it, so that nobody waits for its next look
            socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()


class Fake:
    """A provider: its Flask application, what came to it, and the way to Faro's gateway."""

    def __init__(self, name: str, secrets: tuple[str, ...], gateway_url: str) -> None:
        self.gateway_url, self._secrets = gateway_url, secrets
        self.app = Flask(name, static_folder=None)
        self.app.config["PROPAGATE_EXCEPTIONS"] = True  # else Flask answers 500 where the connection is to be closed
        self.app.before_request(self._arrives)
        self.app.after_request(self._leaves)
        self.app.register_error_handler(NotFound, self._astray)
        self.app.register_error_handler(MethodNotAllowed, self._astray)
        self.requests: list[Received] = []
        self.strays: list[Received] = []
        self.url = ""
        self.port = 0
        self._prepared: list[Prepared] = []
        self._lock = threading.RLock()
        self.stopping = threading.Event()
        # the gateway may start again at any time, so no connection is kept
        alone = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(trust_env=False, timeout=WEBHOOK_TIMEOUT, limits=alone, verify=False)

    def start(self, port: int | None = None) -> Self:
        """Listen; started again, on the same port as before."""
        self.stopping.clear()
        self._server = Server(self.app, self.port if port is None else port).__enter__()
        self.url, self.port = self._server.url, self._server.port
        return self

    def stop(self) -> None:
        self.stopping.set()
        self._server.__exit__()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def prepare(self, status: int | None = None, body: Any = None, *, times: int = 1, **more: Any) -> None:
        """Queue an answer (`Prepared`); the first that fits a request is used for it."""
        with self._lock:
            self._prepared += [Prepared(status, body, **more)] * times

    def unused(self) -> list[Prepared]:
        return list(self._prepared)

    def forget(self) -> None:
        """Nothing is prepared any more."""
        with self._lock:
            self._prepared.clear()

    def check(self) -> None:
        """Every prepared answer was used, and every path asked for exists. Raises AssertionError."""
        assert not self._prepared, f"prepared, not used: {self._prepared}"
        assert not self.strays, f"no such path: {[(stray.method, stray.path) for stray in self.strays]}"

    def not_found(self) -> Response:
        """The provider's answer to a path that it does not have."""
        raise NotImplementedError

    def stray(self) -> Response:
        self.strays.append(g.received)
        return self.not_found()

    def post(self, url: str, **more: Any) -> httpx.Response:
        """To the path and query of ``url``, at the gateway. Raises httpx.HTTPError when nobody answers there."""
        path = urlsplit(url)._replace(scheme="", netloc="").geturl()
        return self._http.post(self.gateway_url + path, **more)

    def _astray(self, _: Exception) -> Response:
        return self.stray()

    def _arrives(self) -> Response | None:
        g.received = self._received()
        with self._lock:
            self.requests.append(g.received)
            found = (p for p in self._prepared if p.fits(request.method, request.path))
            g.prepared = next(found, None)
            if g.prepared:
                self._prepared.remove(g.prepared)
        if g.prepared and g.prepared.refuse:
            raise ConnectionResetError
        return g.prepared.response() if g.prepared and g.prepared.status else None

    def _leaves(self, response: Response) -> Response:
        prepared: Prepared | None = g.get("prepared")
        if prepared:
            self.stopping.wait(prepared.delay)
            if prepared.drop:
                raise ConnectionResetError
        return response

    def _received(self) -> Received:
        path = request.path
        for secret in self._secrets:
            path = path.replace(secret, "***")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in SECRET_HEADERS}
        form, query = request.form.to_dict(), request.args.to_dict()
        said = request.get_json(silent=True)
        return Received(request.method, path, query, form, said, headers, time.monotonic())
