"""The recovery key as it is printed: letters and digits in groups, with a sum that finds a slip."""

from __future__ import annotations

import base64
import hashlib
import re

SUM = 4  # characters


def shown(private: bytes) -> str:
    """14 groups of 4 characters."""
    letters = base64.b32encode(private).decode().rstrip("=")
    whole = letters + _sum(letters)
    return "-".join(whole[i : i + 4] for i in range(0, len(whole), 4))


def read(text: str) -> bytes:
    """The private key that was typed, however it is spaced. Raises ValueError when there is a slip in it."""
    whole = re.sub(r"[\s-]", "", text).upper()
    letters = whole[:-SUM]
    if len(letters) != 52 or _sum(letters) != whole[-SUM:]:
        raise ValueError("that is no recovery key of ours: look for a slip")
    return base64.b32decode(letters + "====")


def _sum(letters: str) -> str:
    return base64.b32encode(hashlib.sha256(letters.encode()).digest()).decode()[:SUM]
