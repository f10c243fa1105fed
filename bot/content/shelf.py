"""The content in use: a saved file is taken over within a second, a bad one changes nothing."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from bot.content.model import Content, ContentError, Problem
from bot.content.reading import Reader

log = logging.getLogger(__name__)

KINDS = (".md", ".yml", ".po")
WAIT = 200  # milliseconds: an editor writes a file in several steps


class Shelf:
    """Holds the last good content. Files are watched in a thread, so that nobody's turn waits for the reading.

    ``problems`` says what is wrong with the files as they are now; () when they are in use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader = Reader(folder)
        self._content = self._reader.read()
        self.problems: tuple[Problem, ...] = ()
        threading.Thread(target=self._watch, name="content", daemon=True).start()

    def content(self) -> Content:
        return self._content

    def _watch(self) -> None:
        import watchfiles  # here: a command that only reads need not wait for it

        kind = lambda _, path: path.endswith(KINDS)  # noqa: E731
        late = True  # what was saved between the first reading and the first look
        for changes in watchfiles.watch(
            self._folder, watch_filter=kind, step=WAIT // 2, debounce=2 * WAIT, rust_timeout=WAIT,
            yield_on_timeout=True, raise_interrupt=False,
        ):  # fmt: skip
            if changes or late:
                self._take_over()
            late = False

    def _take_over(self) -> None:
        try:
            self._content = self._reader.read()
            self.problems = ()
        except ContentError as error:
            self.problems = error.problems
            log.error("content not taken over, the last good copy stays: %s", error)
        except OSError as error:  # a folder that is being moved; the next change is looked at again
            log.error("content cannot be read now: %s", type(error).__name__)
