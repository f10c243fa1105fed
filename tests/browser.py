"""A real Chromium: the system's, else Debian's package where it may be installed, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these it looks for updates and hosts of its own at every start.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class NoBrowser(Exception):
    """No Chromium is to be had; says what was tried."""


def chromium() -> str | None:
    """The path of Chromium, None for Playwright's own; says on standard error which it is. Raises NoBrowser."""
    path = _installed() or _from_debian()
    if path:
        _say(f"browser tests use {path}")
        return path
    _from_playwright()
    _say("browser tests use Playwright's own Chromium")
    return None


def _installed() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _from_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    _say("no Chromium here: installing Debian's package")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], env=environment, **quiet)  # type: ignore[call-overload]
    subprocess.run(["apt-get", "install", "-y", "chromium"], env=environment, **quiet)  # type: ignore[call-overload]
    return _installed()


def _from_playwright() -> None:
    command = [str(Path(sys.executable).parent / "playwright"), "install", "chromium"]
    if subprocess.run(command, capture_output=True).returncode != 0:
        raise NoBrowser("no Chromium: not on the system, not from Debian's packages, not from Playwright")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
