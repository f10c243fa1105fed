"""`.venv/bin/python -m pytest tests/picture_of_leaflet.py`: docs/leaflet-es-GT.png, taken anew."""

from __future__ import annotations

from bot.settings import ROOT
from tests.test_leaflet import printed


def test_picture() -> None:
    """The first page, with numbers that are given to nobody."""
    printed("es", "GT")[0].render(scale=2).to_pil().convert("L").save(
        ROOT / "docs" / "leaflet-es-GT.png", optimize=True
    )
