"""An example of a partner's receiver (docs/partner.md): python partner_receiver.py PORT FOLDER

FARO_SECRET and FARO_PRIVATE_KEY (base64) are in the environment. Each report becomes FOLDER/<id>.json; each picture or
recording of it FOLDER/<id>.bin, with its case and type in FOLDER/<id>.json. Only you can read them. Put a TLS proxy in
front of it.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

SECRET = os.environ["FARO_SECRET"].encode()
BOX = SealedBox(PrivateKey(base64.b64decode(os.environ["FARO_PRIVATE_KEY"])))
VERSION = 2
LATE = 5 * 60  # seconds
LARGEST = 10 * 1024 * 1024


def is_signed(timestamp: str, given: str, body: bytes) -> bool:
    """Whether it was signed with our secret within five minutes; older ones may be somebody's copy."""
    made = hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = timestamp.isascii() and timestamp.isdigit() and abs(time.time() - int(timestamp)) <= LATE
    return hmac.compare_digest(made.encode(), given.encode()) and fresh


def keep(folder: Path, body: bytes) -> None:
    """Open a report, or a file of one, and keep it. Raises ValueError and CryptoError, with nothing kept."""
    message = json.loads(body)
    if message["version"] != VERSION:
        raise ValueError("a version that we do not know")
    file = folder / f"{uuid.UUID(message['id'])}.json"  # a name that leads nowhere else
    report_key = SealedBox(PrivateKey(opened(BOX, message["key"])))
    about = json.loads(opened(report_key, message["about"]))
    if "file" in message:
        write(file.with_suffix(".bin"), opened(report_key, message["file"]))
    else:
        about |= json.loads(opened(report_key, message["told"]))
    write(file, json.dumps(about, ensure_ascii=False).encode())


def opened(box: SealedBox, sealed: str) -> bytes:
    return box.decrypt(base64.b64decode(sealed, validate=True))


def write(file: Path, words: bytes) -> None:
    """What we have already is left as it is."""
    if not file.exists():
        draft = file.with_suffix(f".{uuid.uuid4().hex}")
        draft.touch(0o600)
        draft.write_bytes(words)
        draft.rename(file)  # whole, or not at all


class Receiver(BaseHTTPRequestHandler):
    timeout = 30

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= LARGEST):
            return self.send_error(413)
        body = self.rfile.read(int(length))
        if not is_signed(self.headers.get("Faro-Timestamp", ""), self.headers.get("Faro-Signature", ""), body):
            return self.send_error(403)
        try:
            keep(Path(sys.argv[2]), body)
        except (ValueError, KeyError, TypeError, AttributeError, CryptoError):
            return self.send_error(400)  # Faro tries again: perhaps you are about to change the key
        self.send_response(200)  # only now: it is kept
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the log is read by more people than a report may be."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
