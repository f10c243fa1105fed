"""Signed webhooks to addresses that others name: what is sent, how it is signed, and where it may not go."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import certifi
import httpx

from bot.messages import NotSent, Then

# Seconds, for all of it: an address that answers a letter at a time is not waited for.
WHOLE, CONNECT = 15.0, 5.0
LONGEST_WAIT = 3600.0
# Networks by which an IPv6 address may mean an IPv4 one: 6to4, Teredo, NAT64.
WRAPPED = [ipaddress.ip_network(net) for net in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48")]


class NotAllowed(ValueError):
    """We do not send there; says why in words for who typed the address."""


@dataclass(frozen=True)
class Hook:
    """``inside``: it may also be in a private network or on this machine, and without TLS."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    inside: bool = False


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over timestamp, a dot and the body, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(hook: Hook, name: str, payload: Mapping[str, Any]) -> None:
    """Hand one message over; ``name`` is the same when it is sent again. Raises NotSent."""
    body, timestamp = json.dumps(payload, ensure_ascii=False).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "Faro-Timestamp": timestamp,
        "Faro-Signature": signature(hook.secret, timestamp, body),
        "Idempotency-Key": name,
    }
    try:
        answer = asyncio.run(_post(hook, body, headers))
    except NotAllowed:
        raise NotSent(Then.GIVE_UP, "webhook address not allowed") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, socket.gaierror):
        raise NotSent(Then.RETRY, "webhook no connection") from None
    except (httpx.HTTPError, OSError):  # TimeoutError is one
        raise NotSent(Then.LOOK, "webhook no answer") from None
    if not answer.is_success:
        wait = answer.headers.get("Retry-After", "")
        if answer.status_code == 429 and wait.isascii() and wait.isdigit():
            raise NotSent(Then.SLOW_DOWN, "webhook 429", min(float(wait[:9]), LONGEST_WAIT))
        raise NotSent(Then.RETRY, f"webhook {answer.status_code}")


async def _post(hook: Hook, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """Only what stands in the head of the answer; its body is not read."""
    async with asyncio.timeout(WHOLE):
        url = parsed(hook.url, hook.inside)
        # to the very addresses that were looked at: asked again, the name might lead elsewhere
        *others, last = await _addresses(url, hook.inside)
        limits = httpx.Timeout(WHOLE, connect=CONNECT)
        async with httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=limits) as client:
            for address in others:
                with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                    return await _send(client, url, address, body, headers)
            return await _send(client, url, last, body, headers)


async def _send(
    client: httpx.AsyncClient, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]
) -> httpx.Response:
    named, tls = headers | {"Host": url.netloc.decode()}, {"sni_hostname": url.host}
    request = client.build_request("POST", url.copy_with(host=address), content=body, headers=named, extensions=tls)
    answer = await client.send(request, stream=True)
    await answer.aclose()
    return answer


def _tls() -> ssl.SSLContext:
    """Whom the system trusts, and whom browsers do."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def check(url: str, inside: bool) -> None:
    """Raises NotAllowed for an address to which nothing is sent."""
    try:
        asyncio.run(_addresses(parsed(url, inside), inside))
    except OSError:
        raise NotAllowed("no such address was found") from None


def parsed(url: str, inside: bool) -> httpx.URL:
    """Raises NotAllowed."""
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        raise NotAllowed("this is no address") from None
    if not found.host or found.userinfo or found.fragment:
        raise NotAllowed("the address is like https://example.org/faro")
    if found.scheme != "https" and not (inside and found.scheme == "http"):
        raise NotAllowed("the address begins with https://")
    return found


async def _addresses(url: httpx.URL, inside: bool) -> list[str]:
    """The numeric addresses behind a name. Raises NotAllowed if any of them is no public one, and OSError."""
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not inside and not all(is_public(address) for address in addresses):
        raise NotAllowed("the address leads into a private network")
    return addresses


def is_public(address: str) -> bool:
    """
    >>> [is_public(a) for a in ("93.184.215.14", "2606:2800:21f::1", "127.0.0.1", "10.1.2.3", "169.254.169.254")]
    [True, True, False, False, False]
    >>> [is_public(a) for a in ("::1", "fe80::1%eth0", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "100.64.0.1", "0.0.0.0")]
    [False, False, False, False, False, False]
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped or any(found in net for net in WRAPPED)):
        return False
    return found.is_global and not found.is_multicast
