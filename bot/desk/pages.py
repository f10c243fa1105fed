"""A4 pages in many letters, with a mark across each, that only a password opens (AES-256)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import Align, EncryptionMethod, XPos, YPos

from bot.desk import letters
from bot.desk.letters import HAN, NOT_PRINTED, PLAIN, printable
from bot.store.models import now

MARGIN = 18.0  # mm, as all measures here but those of letters, which are in points
BODY, HEADING, TITLE, SMALL = 10.0, 13.0, 18.0, 8.0
LINE = 0.45  # mm for each point of the letters' size


class Pages(FPDF):
    """``mark``: who, when and what, on each page."""

    def __init__(self, title: str, mark: str, language: str) -> None:
        super().__init__(format="A4")
        self.mark = printable(mark)
        self.has_gaps = False
        for style in ("", "B"):
            self.add_font(PLAIN, style, letters.path(PLAIN, style))
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, MARGIN + 4)
        self.set_title(title)
        self.set_lang(language)
        self.set_creation_date(now())
        self.add_page()
        self._line(title, TITLE, "B")

    def header(self) -> None:
        """The mark, aslant and pale, below what stands on the page."""
        self._in_plain_letters("B", 15)
        with self.local_context(text_color=(225, 225, 225)), self.rotation(50, self.w / 2, self.h / 2):
            for n in range(-3, 4):
                self.text((self.w - self.get_string_width(self.mark)) / 2, self.h / 2 + n * 45, self.mark)

    def footer(self) -> None:
        self.set_y(-MARGIN + 4)
        self._in_plain_letters("", SMALL)
        self.cell(w=0, text=f"{self.mark} · {self.page_no()}/{{nb}}", align=Align.C)

    def part(self, heading: str, lines: Sequence[str]) -> None:
        """Nothing without lines."""
        if not lines:
            return
        if heading:
            self.ln(3)
            self._line(heading, HEADING, "B")
        for line in lines:
            self.has_gaps |= NOT_PRINTED in printable(line)
            self._line(line, BODY)

    def _line(self, text: str, size: float, style: str = "") -> None:
        for line in letters.lines(printable(text)):
            self.set_font(PLAIN, style, size)
            self._look_further(line)
            self.set_text_shaping(letters.turns(line))
            align = Align.R if letters.from_right(line) else Align.L
            self.multi_cell(0, size * LINE, line, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def _look_further(self, line: str) -> None:
        """Open the second font only for who needs it: it takes a second."""
        if HAN.lower() not in self.fonts and not letters.is_plain(line):
            self.add_font(HAN, "", letters.path(HAN))
            self.set_fallback_fonts([HAN], exact_match=False)

    def _in_plain_letters(self, style: str, size: float) -> None:
        self.set_font(PLAIN, style, size)
        self.set_text_shaping(False)

    def closed(self, password: str, missing: str) -> bytes:
        """The PDF; ``missing`` is said at its end where a letter could not be printed."""
        if self.has_gaps:
            self._line(missing, BODY, "B")
        owner = secrets.token_urlsafe(32)  # nobody's: there is nothing that only an owner may do
        self.set_encryption(owner, password, encryption_method=EncryptionMethod.AES_256)
        return bytes(self.output())
