"""What Twilio posts to a webhook, with all of its parameters.

https://www.twilio.com/docs/messaging/guides/webhook-request,
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks,
https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import phonenumbers

from tests.fakes.twilio_rules import Choice

Params = dict[str, str]
WHATSAPP = "whatsapp:"
KEYWORDS = dict.fromkeys("STOP UNSUBSCRIBE END QUIT STOPALL REVOKE OPTOUT CANCEL".split(), "STOP")
KEYWORDS |= {"START": "START", "UNSTOP": "START", "HELP": "HELP", "INFO": "HELP"}
# EventType of a WhatsApp message's status.
EVENTS = {"delivered": "DELIVERED", "read": "READ", "undelivered": "UNDELIVERED", "failed": "UNDELIVERED"}


def sid(prefix: str) -> str:
    return prefix + uuid.uuid4().hex


@dataclass(frozen=True)
class Incoming:
    """Parameters of messages from people; a sender ``whatsapp:+52...`` writes on WhatsApp, ``+52...`` an SMS."""

    account_sid: str
    number: str
    whatsapp: str

    def text(self, sender: str, body: str, **more: str) -> Params:
        params = self._message(sender, body, "SM") | {"NumMedia": "0"}
        keyword = KEYWORDS.get(body.strip().upper())
        if keyword and not sender.startswith(WHATSAPP):
            params["OptOutType"] = keyword
        return params | more

    def tap(self, sender: str, choice: Choice, replied: str, item: bool = False, **more: str) -> Params:
        """A button of a quick reply, or an ``item`` of a list, of the message with sid ``replied``."""
        params = self.text(sender, choice.title) | {"MessageType": "interactive"}
        params |= {"OriginalRepliedMessageSid": replied, "OriginalRepliedMessageSender": self.whatsapp}
        chosen = {"ListId": choice.id, "ListTitle": choice.title}
        return params | (chosen if item else {"ButtonPayload": choice.id, "ButtonText": choice.title}) | more

    def location(self, sender: str, lat: float, lon: float, **more: str) -> Params:
        """``Address`` and ``Label`` come only with a named place."""
        place = {"Latitude": str(lat), "Longitude": str(lon), "MessageType": "location"}
        return self.text(sender, "") | place | more

    def media(self, sender: str, url: str, kind: str, body: str = "", **more: str) -> Params:
        """``url`` from `FakeTwilio.add_media`; an MMS has no MessageType."""
        params = self._message(sender, body, url.partition("/Messages/")[2][:34]) | {"NumMedia": "1"}
        if sender.startswith(WHATSAPP):
            family = kind.partition("/")[0]
            params["MessageType"] = family if family in ("image", "audio", "video") else "document"
        return params | {"MediaUrl0": url, "MediaContentType0": kind} | more

    def _message(self, sender: str, body: str, message: str) -> Params:
        message = sid(message) if len(message) == 2 else message
        whatsapp = sender.startswith(WHATSAPP)
        own = self.whatsapp if whatsapp else self.number
        params = {"MessageSid": message, "SmsSid": message, "SmsMessageSid": message, "SmsStatus": "received"}
        params |= {"AccountSid": self.account_sid, "From": sender, "To": own, "Body": body}
        params |= {"NumSegments": "1", "ApiVersion": "2010-04-01"}
        return params | (_profile(sender) if whatsapp else _geography("From", sender) | _geography("To", own))


def _geography(end: str, number: str) -> Params:
    country = phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    return {f"{end}City": "", f"{end}State": "", f"{end}Zip": "", f"{end}Country": country}


def _profile(sender: str) -> Params:
    digits = sender.removeprefix("whatsapp:+")
    context = {"ProfileName": "Alguien", "WaId": digits, "Forwarded": "false", "FrequentlyForwarded": "false"}
    metadata = json.dumps({"type": "whatsapp", "data": {"context": context}}, separators=(",", ":"))
    return context | {"MessageType": "text", "ReferralNumMedia": "0", "ChannelMetadata": metadata}


def report(account_sid: str, message: str, to: str, sender: str, status: str, error_code: int | None) -> Params:
    """Parameters of a status callback."""
    params = {"MessageSid": message, "SmsSid": message, "MessageStatus": status, "SmsStatus": status}
    params |= {"AccountSid": account_sid, "To": to, "From": sender, "ApiVersion": "2010-04-01"}
    if error_code:
        params["ErrorCode"] = str(error_code)
    return params | (_channel(to, status) if to.startswith(WHATSAPP) else _receipt(status))


def _receipt(status: str) -> Params:
    final = status in ("delivered", "undelivered")
    return {"RawDlrDoneDate": f"{datetime.now(UTC):%y%m%d%H%M}"} if final else {}


def _channel(to: str, status: str) -> Params:
    params = {"ChannelPrefix": "whatsapp", "ChannelInstallSid": "XE" + "0" * 32, "StructuredMessage": "false"}
    params["ChannelToAddress"] = to.removeprefix(WHATSAPP)[:-4] + "XXXX"
    return params | ({"EventType": EVENTS[status]} if status in EVENTS else {})
