"""A5 pages that a bad printer in black and white can print: big letters, frames, squares to point a camera at."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import segno
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.errors import FPDFUnicodeEncodingException

A5 = (148.0, 210.0)  # mm; by its name the library warns of an old mistake of its own
MARGIN = 10.0  # mm, as all measures here but those of letters, which are in points
LINE = 1.2  # times the letters' size
BODY, SMALL = 9.5, 8.0
POINT = 25.4 / 72  # mm
# What one has to type: a number of three digits or more, an address; and the sign that must not begin a line.
TYPED = r"((?:https?://\S+|\+?\d[\d -]+\d)[;,.)]*)"


class CannotPrint(Exception):
    """The leaflet cannot be made; says why."""


@dataclass(frozen=True)
class Square:
    """A QR code: ``address`` is what a camera reads in it; name and ``plain`` stand below, for whoever has none."""

    name: str
    plain: str
    address: str


@dataclass(frozen=True)
class Block:
    """What stays together on a page. A line that begins with "- " is an item of a list, its numbers in bold.

    ``section`` is a large heading above; ``note`` stands small beside the heading, ``squares`` below the lines.
    """

    heading: str
    lines: tuple[str, ...]
    note: str = ""
    squares: tuple[Square, ...] = ()
    section: str = ""


class Paper(FPDF):
    """Helvetica in Windows-1252: every PDF reader has it, and it holds all letters of our five languages."""

    def __init__(self, title: str, foot: str, language: str, at: datetime) -> None:
        super().__init__(format=A5)
        self.foot = foot
        self.core_fonts_encoding = "windows-1252"
        self.set_margin(MARGIN)
        self.c_margin = 0.0
        self.set_auto_page_break(True, MARGIN + 4)
        self.set_title(title)
        self.set_lang(language)
        self.set_creation_date(at)  # else the same leaflet would differ each time
        self.add_page()

    def normalize_text(self, text: str) -> str:
        try:
            return super().normalize_text(text)
        except FPDFUnicodeEncodingException as error:
            letter = error.character
            name = f"{letter!r} (U+{ord(letter):04X})"
            raise CannotPrint(f'the leaflet\'s letters have no {name}, wanted for "{text[:60]}"') from None

    def footer(self) -> None:
        self.set_y(-MARGIN)
        self._letters(SMALL)
        self.cell(text=_bound(f"{self.foot} · {self.page_no()}/{{nb}}"), center=True)

    def cover(self, name: str, country: str, title: str) -> None:
        self._letters(26, "B")
        self.cell(h=11, text=name)
        self._letters(18, "B")
        self.cell(w=0, h=11, text=country, align=Align.R, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.paragraph(title, 13)
        self.rule()

    def section(self, name: str) -> None:
        self.rule()
        self.paragraph(name, 15, "B")

    def paragraph(self, text: str, size: float = BODY, style: str = "") -> None:
        self._letters(size, style)
        self._lines(text, size)
        self.ln(size * POINT * 0.25)

    def framed(self, lines: Sequence[str], size: float, width: float) -> None:
        """The first line big, the others as the rest; ``width`` is that of the frame's line, in mm."""
        top = self.y + 0.8
        self.set_margin(MARGIN + 3)
        self.set_xy(MARGIN + 3, top + 2)
        for n, line in enumerate(lines):
            self.paragraph(line, BODY if n else size, "" if n else "B")
        self.set_margin(MARGIN)
        self.set_line_width(width)
        self.rect(MARGIN, top, self.epw, self.y - top + 1)
        self.set_xy(MARGIN, self.y + 3.5)

    def rule(self) -> None:
        self.set_line_width(0.3)
        self.line(MARGIN, self.y + 0.5, self.w - MARGIN, self.y + 0.5)
        self.ln(2.5)

    def block(self, block: Block) -> None:
        with self.unbreakable() as page:
            page.whole(block)

    def whole(self, block: Block) -> None:
        if block.section:
            self.section(block.section)
        self._heading(block.heading, block.note)
        for line in block.lines:
            self.item(line[2:]) if line.startswith("- ") else self.paragraph(line)
        if block.squares:
            self._squares(block.squares)
        self.ln(1.8)

    def item(self, text: str) -> None:
        """One item of a list, its lines below each other."""
        self._letters(BODY)
        self.cell(w=3.2, h=_high(BODY), text="•")
        self.set_left_margin(self.x)
        name, end, ways = text.rpartition("): ")
        self.write(_high(BODY), _bound(name + end))
        for n, part in enumerate(re.split(TYPED, ways)):
            self._typed(part) if n % 2 else self.write(_high(BODY), _bound(part))
        self.set_left_margin(MARGIN)
        self.ln(_high(BODY) + 0.6)

    def _typed(self, part: str) -> None:
        """Bold, and not parted at the end of a line, unless it is longer than a line."""
        self._letters(BODY, "B")
        if self.x + self.get_string_width(part) > self.w - MARGIN:
            self.ln(_high(BODY))
        self.write(_high(BODY), part.replace(" ", "\N{NO-BREAK SPACE}"))
        self._letters(BODY)

    def _heading(self, heading: str, note: str) -> None:
        self._letters(11.5, "B")
        left = self.get_string_width(heading)
        self.cell(h=_high(11.5), text=_bound(heading))
        self._letters(SMALL)
        if left + self.get_string_width(note) + 3 > self.epw:
            self.ln()
        self.cell(w=0, h=_high(11.5), text=_bound(note), align=Align.R, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _squares(self, squares: Iterable[Square], side: float = 30) -> None:
        top, room = self.y, self.epw / 3
        for n, square in enumerate(squares):
            left = MARGIN + n * room
            picture = io.BytesIO()
            segno.make(square.address, micro=False, error="m").save(picture, kind="png", scale=8)
            self.image(picture, left, top, side, alt_text=square.address)
            self.set_xy(left, top + side)
            self._letters(BODY, "B")
            self.cell(w=room, h=_high(BODY), text=square.name, new_x=XPos.LEFT, new_y=YPos.NEXT)
            self.cell(w=room, h=_high(BODY), text=square.plain, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)

    def _lines(self, text: str, size: float) -> None:
        self.multi_cell(0, _high(size), _bound(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _letters(self, size: float, style: str = "") -> None:
        self.set_font("Helvetica", style, size)


def _high(size: float) -> float:
    return size * POINT * LINE


def _bound(text: str) -> str:
    """No line begins with the sign that French puts after a space; accents as one letter, however they were typed."""
    return re.sub(r" (?=[:;?!»])", "\N{NO-BREAK SPACE}", unicodedata.normalize("NFC", text))
