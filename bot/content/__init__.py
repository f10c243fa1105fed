"""The campaign's files: read whole and checked, the last good copy in use."""

from bot.content.model import (
    INSTEAD,
    LANGUAGES,
    SOURCE,
    Campaign,
    Content,
    ContentError,
    Problem,
    Text,
    Topic,
)
from bot.content.reading import Reader, read
from bot.content.shelf import Shelf

__all__ = [
    "INSTEAD", "LANGUAGES", "SOURCE", "Campaign", "Content", "ContentError", "Problem", "Reader", "Shelf", "Text",
    "Topic", "read",
]  # fmt: skip
