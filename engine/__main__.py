"""Start the engine: ``python -m engine``. Everything it needs to know is in its environment (see bot/settings.py)."""

from __future__ import annotations

import os
import sys

from engine import absent


def main() -> None:
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    # A message is one row: waking a second thread for it costs more than the multiplication.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.argv = ["rasa", *arguments()]
    absent.install()
    from rasa.__main__ import main as rasa

    rasa()


def arguments() -> list[str]:
    """Rasa prints what people write from DEBUG on; we stay at ERROR."""
    return [
        "run", "--interface", "127.0.0.1", "--port", os.environ["FARO_ENGINE_PORT"],
        "--model", os.environ["FARO_MODEL"], "--endpoints", "engine/endpoints.yml",
        "--credentials", "credentials.yml", "--logging-config-file", "engine/logging.yml",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
