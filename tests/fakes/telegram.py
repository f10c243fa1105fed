"""Telegram's Bot API: it takes messages, gives files, and calls Faro's webhook. https://core.telegram.org/bots/api"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
from flask import Response, jsonify, request

from tests.fakes.telegram_arrivals import Arrivals, Webhook
from tests.fakes.telegram_messages import BOT, Message, Params, Refused, check_size, keyboard, written
from tests.fakes.telegram_updates import Update, Updates
from tests.fakes.wire import Fake

LARGEST_FILE = 20 * 1024 * 1024
# No answer of a webhook makes Telegram do these, nor anything that begins with get.
NOT_IN_ANSWERS = ("setwebhook", "deletewebhook", "close", "logout")
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


class FakeTelegram(Fake):
    """One bot. ``secret`` is what it tells a webhook that was not set by setWebhook."""

    def __init__(
        self, token: str, secret: str, *, gateway_url: str = "http://127.0.0.1:8000", allow_http: bool = False
    ) -> None:
        super().__init__("telegram", (token, secret), gateway_url)
        self.token, self.secret = token, secret
        self.updates = Updates(self.add_file)
        self.messages: list[Message] = []
        self.answers: list[dict[str, Any]] = []
        self.actions: list[dict[str, Any]] = []
        self.left: list[int] = []
        self.executed: list[tuple[str, dict[str, Any]]] = []
        self.chats: dict[int, dict[str, Any]] = {}
        self.blocked: set[int] = set()
        self.on_accepted: list[Callable[[Message], None]] = []
        self._files: dict[str, tuple[str, bytes]] = {}
        self._arrivals = Arrivals(allow_http, self.stopping)
        self._methods = self._table()
        self.app.add_url_rule("/bot<token>/<method>", "method", self._asked, methods=["GET", "POST"])
        self.app.add_url_rule("/file/bot<token>/<path:path>", "file", self._download)

    @property
    def webhook(self) -> Webhook:
        return self._arrivals.webhook

    def add_file(self, content: bytes, suffix: str = "jpg") -> str:
        """Its file_id."""
        file_id = "AgACAgEAAxkBAAI" + uuid.uuid4().hex
        self._files[file_id] = (f"files/file_{len(self._files)}.{suffix}", content)
        return file_id

    def too_many(self, seconds: int, **more: Any) -> None:
        """The next request (`Prepared`) is told to come again after so many seconds."""
        refused = Refused(f"Too Many Requests: retry after {seconds}", 429, retry_after=seconds)
        self.prepare(429, refused.json(), headers={"Retry-After": str(seconds)}, **more)

    def prepare_error(self, code: int, description: str, **more: Any) -> None:
        self.prepare(code, Refused(description, code).json(), **more)

    def deliver(self, update: Update, secret: str | None = None, path: str = "/webhooks/telegram") -> httpx.Response:
        """Post to the webhook, to ``path`` when none was set, and do what its answer says.

        ``secret``: None is the true one, empty none at all.
        """
        self._meets(update)
        own = self.webhook.secret_token if self.webhook.url else self.secret
        told = own if secret is None else secret
        headers = {"Content-Type": "application/json"}
        headers |= {"X-Telegram-Bot-Api-Secret-Token": told} if told else {}
        # in ASCII, as Telegram does: each other letter is six bytes
        response = self.post(self.webhook.url or path, content=json.dumps(update), headers=headers)
        if response.is_success:
            self._obey(response)
        return response

    def queue(self, update: Update) -> None:
        """For getUpdates."""
        self._meets(update)
        self._arrivals.queue(update)

    def send(self, update: Update) -> bool:
        """The way that the bot chose: getUpdates when it only ever polled, else the webhook. False: not taken."""
        if self._arrivals.polled and not self.webhook.url:
            self.queue(update)
            return True
        return self.deliver(update).is_success

    def not_found(self) -> Response:
        return _answer(Refused("Not Found", 404))

    def _table(self) -> dict[str, Callable[[Params], Any]]:
        return self._arrivals.methods | {
            "getme": self._get_me,
            "sendmessage": self._send_message,
            "editmessagereplymarkup": self._edit_keyboard,
            "answercallbackquery": self._answer_callback,
            "sendchataction": self._chat_action,
            "leavechat": self._leave_chat,
            "getfile": self._get_file,
        }

    def _meets(self, update: Update) -> None:
        """A bot may write only to whom it has met, and who has not stopped it."""
        content: dict[str, Any] = next((value for name, value in update.items() if name != "update_id"), {})
        chat = (content if "chat" in content else content.get("message", {})).get("chat")
        if chat is None:  # as of a button in an inline message
            return
        self.chats[chat["id"]] = chat
        if "my_chat_member" in update:
            kicked = content["new_chat_member"]["status"] == "kicked"
            (self.blocked.add if kicked else self.blocked.discard)(chat["id"])

    def _obey(self, response: httpx.Response) -> None:
        """https://core.telegram.org/bots/api#making-requests-when-getting-updates: the result is told to nobody."""
        try:
            said = response.json()
        except ValueError:
            return
        method = str(said.pop("method", "") if isinstance(said, dict) else "").lower()
        if method in self._methods and method not in NOT_IN_ANSWERS and not method.startswith("get"):
            self.executed.append((method, said))
            self._done(method, said)

    def _asked(self, token: str, method: str) -> Response:
        if token != self.token:
            return _answer(Refused("Unauthorized", 401))
        if method.lower() not in self._methods:
            return self.stray()
        body = request.get_json(silent=True)
        params = {**request.args, **request.form, **(body if isinstance(body, dict) else {})}
        return _answer(self._done(method.lower(), params))

    def _done(self, method: str, params: Params) -> Any:
        try:
            return self._methods[method](params)
        except Refused as refused:
            return refused

    def _download(self, token: str, path: str) -> Response:
        found = next((content for name, content in self._files.values() if name == path), None)
        if token != self.token or found is None:
            return self.not_found()
        return Response(found, mimetype="application/octet-stream")

    def _chat(self, params: Params) -> dict[str, Any]:
        """Raises Refused when the bot may not write there."""
        given = str(params.get("chat_id") or "")
        chat = self.chats.get(int(given)) if re.fullmatch(r"-?\d+", given) else None
        if chat is None:
            raise Refused("Bad Request: chat not found" if given else "Bad Request: chat_id is empty")
        if chat["id"] in self.blocked:
            raise Refused("Forbidden: bot was blocked by the user", 403)
        return chat

    def _get_me(self, _: Params) -> Any:
        return BOT | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def _send_message(self, params: Params) -> Any:
        parsed, rows = written(params), keyboard(params)
        chat = self._chat(params)
        check_size(parsed.text, rows)
        raw, mode = str(params["text"]), params.get("parse_mode") or None
        with self._lock:
            number = 500_001 + len(self.messages)
            self.messages.append(Message(number, chat["id"], parsed.text, raw, rows, mode, parsed.entities))
        message = self.messages[number - 500_001]
        for listener in self.on_accepted:
            listener(message)
        return message.json(chat)

    def _edit_keyboard(self, params: Params) -> Any:
        chat, rows, wanted = self._chat(params), keyboard(params), str(params.get("message_id"))
        found = (i for i, m in enumerate(self.messages) if (str(m.id), m.chat_id) == (wanted, chat["id"]))
        at = next(found, None)
        if at is None:
            raise Refused("Bad Request: message to edit not found")
        check_size("", rows)
        if self.messages[at].keyboard == rows:
            raise Refused(NOT_MODIFIED)
        self.messages[at] = replace(self.messages[at], keyboard=rows)
        return self.messages[at].json(chat)

    def _answer_callback(self, params: Params) -> Any:
        if params.get("callback_query_id") not in self.updates.open_callbacks:
            raise Refused("Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.answers.append(dict(params))
        return True

    def _chat_action(self, params: Params) -> Any:
        self._chat(params)
        self.actions.append(dict(params))
        return True

    def _leave_chat(self, params: Params) -> Any:
        chat = self._chat(params)
        if chat["type"] == "private":
            raise Refused("Bad Request: can't leave private chats")
        self.left.append(self.chats.pop(chat["id"])["id"])
        return True

    def _get_file(self, params: Params) -> Any:
        file_id = str(params.get("file_id"))
        if file_id not in self._files:
            raise Refused("Bad Request: invalid file_id")
        path, content = self._files[file_id]
        if len(content) > LARGEST_FILE:
            raise Refused("Bad Request: file is too big")
        size = {"file_size": len(content), "file_path": path}
        return {"file_id": file_id, "file_unique_id": file_id[-12:]} | size


def _answer(result: Any) -> Response:
    if not isinstance(result, Refused):
        return jsonify(ok=True, result=result)
    response = jsonify(result.json())
    response.status_code = result.code
    return response
