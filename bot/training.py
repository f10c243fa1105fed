"""Train the model when what it is made of has changed, and only then."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.settings import Settings

INPUTS = (
    "config.yml", "domain.yml", "data", "engine/examples.py", "engine/understanding.py", "engine/readers.py",
    "engine/reading.py", "engine/vectors.py", "engine/encoder.py", "engine/weights.py", "engine/glosses.py",
    "engine/glossary", "requirements/engine.txt",
)  # fmt: skip

# For whatever runs in the engine's environment beside the engine itself.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore",
}  # fmt: skip


class TrainingFailed(Exception):
    """The model could not be trained; the message says where to read why."""


def ensure_model(settings: Settings, say: Callable[[str], None]) -> Path:
    """The model for the present data, trained now if need be; ``say`` hears of the progress.

    Raises TrainingFailed.
    """
    settings.model.mkdir(parents=True, exist_ok=True)
    mark, model = settings.model / "fingerprint", settings.model / "faro.tar.gz"
    with (settings.model / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that start at once train once
        now = fingerprint(settings.root)
        if not (model.exists() and mark.exists() and mark.read_text() == now):
            say("training the model (some minutes, only when the examples or rules have changed)")
            _train(settings, say)
            mark.write_text(now)
    return model


def fingerprint(root: Path) -> str:
    """Changes when anything changes that the model is made of."""
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for name in INPUTS:
        path = root / name
        yield from sorted(p for p in path.rglob("*.yml")) if path.is_dir() else [path]


def _train(settings: Settings, say: Callable[[str], None]) -> None:
    log = settings.var / "log" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        str(settings.root / ".venv-engine/bin/rasa"), "train", "--out", str(settings.model),
        "--fixed-model-name", "faro", "--skip-validation",  # a test has validated the data; it takes half a minute
        "--force",  # what changed is known here; Rasa looks at its component alone, not at what that is made of
    ]  # fmt: skip
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=settings.root, env=dict(os.environ) | QUIET, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.stdout
        try:
            for line in process.stdout:
                file.write(line)
                if line.startswith("faro: "):
                    say("  " + line.removeprefix("faro: ").strip())
        finally:
            process.terminate() if process.poll() is None else None
    if process.wait() != 0:
        raise TrainingFailed(f"the model could not be trained; {log} says why")
