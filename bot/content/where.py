"""Where the campaign's files are, without all other settings: to read those takes as long as to check the files."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parents[2]
SETTING = "FARO_CONTENT"
DEFAULT = ROOT / "content"


def folder(env_file: Path = ROOT / ".env") -> Path:
    """What `Settings.content` says: the environment, else the file ``.env``, else ``content/``."""
    given = os.environ.get(SETTING) or dotenv_values(env_file).get(SETTING)
    return Path(given) if given else DEFAULT
