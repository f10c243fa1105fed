"""The letters that a PDF can print, and the fonts that have them; each comes with a package that pip installs.

DejaVu has every Latin, Greek and Cyrillic letter, and those of Hebrew, Arabic and Persian, with the forms in which
Arabic ones are joined; Noto Sans SC has the Chinese and Japanese ones.
"""

from __future__ import annotations

import importlib.util
import logging
import unicodedata
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

PLAIN, HAN = "DejaVu", "Han"
NOT_PRINTED = "□"
# It joins and parts letters of Persian; every other sign that is not seen is left out, as it could turn a line around.
JOINS = "\u200c"
RIGHT = ("R", "AL")
# At its own level it would name letters of the report.
for _library in ("fontTools", "fpdf"):
    logging.getLogger(_library).setLevel(logging.ERROR)


@cache
def path(font: str, style: str = "") -> Path:
    if font == HAN:
        return pylopdf_fonts_zh_cn.sans_path()
    found = importlib.util.find_spec("matplotlib")
    assert found and found.origin
    return Path(found.origin).parent / "mpl-data/fonts/ttf" / f"DejaVuSans{'-Bold' if style else ''}.ttf"


@cache
def _letters(font: str, style: str = "") -> frozenset[int]:
    with TTFont(path(font, style), lazy=True) as opened:
        return frozenset(opened.getBestCmap())


def _plain(letter: str) -> bool:
    return ord(letter) in _letters(PLAIN) and ord(letter) in _letters(PLAIN, "B")


def printable(text: str) -> str:
    """With a □ for each letter that no font has."""
    return "".join(_printed(letter) for letter in unicodedata.normalize("NFC", text))


def _printed(letter: str) -> str:
    if letter in "\n\t":
        return letter.replace("\t", " ")
    if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter != JOINS:
        return ""
    return letter if _plain(letter) or ord(letter) in _letters(HAN) else NOT_PRINTED


def is_plain(line: str) -> bool:
    """Whether the first font has all of a printable line."""
    return all(map(_plain, line))


def turns(line: str) -> bool:
    """Whether something in it runs from right to left, and letters have to be put in order and joined."""
    return any(unicodedata.bidirectional(letter) in (*RIGHT, "AN") for letter in line)


def from_right(line: str) -> bool:
    """Whether the line itself does: its first letter says so."""
    ways = (unicodedata.bidirectional(letter) for letter in line)
    return next((way in RIGHT for way in ways if way in ("L", *RIGHT)), False)


def lines(text: str) -> list[str]:
    """A printable text in lines, where what runs from the right begins one of its own.

    After a label of ours a number in it would come to stand on the wrong side of its neighbour.
    """
    found = []
    for line in text.split("\n"):
        label, colon, rest = line.partition(": ")
        apart = colon and from_right(rest) and not from_right(label)
        found += [f"{label}:", rest] if apart else [line]
    return found
