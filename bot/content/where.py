"""Where the campaign's files are, without all other settings: to read those takes as long as to check the files."""

from __future__ import annotations

import json
import os
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parents[2]
SETTING, PARTNERS = "FARO_CONTENT", "FARO_PARTNERS"
DEFAULT = ROOT / "content"


def partners(env_file: Path = ROOT / ".env") -> frozenset[str] | None:
    """The names in FARO_PARTNERS; None where it is not set, as on the computer of somebody who only writes texts."""
    given = os.environ.get(PARTNERS) or dotenv_values(env_file).get(PARTNERS)
    try:
        return frozenset(json.loads(given)) if given else None
    except (ValueError, TypeError):
        return frozenset()


def folder(env_file: Path = ROOT / ".env") -> Path:
    """What `Settings.content` says: the environment, else the file ``.env``, else ``content/``."""
    given = os.environ.get(SETTING) or dotenv_values(env_file).get(SETTING)
    return Path(given) if given else DEFAULT
