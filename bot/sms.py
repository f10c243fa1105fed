"""One answer as SMS texts: what the phone will show, what it costs, where it is cut.

A message carries 140 octets: 160 septets of GSM-7, or 70 units of UCS-2 (a character, or half an emoji). Parts of a
longer message give 6 octets to the header that joins them: 153 and 67. The alphabet: 3GPP TS 23.038, 6.2.1; the
header: 3GPP TS 23.040, 9.2.3.24.1; both in short: https://en.wikipedia.org/wiki/GSM_03.38
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import gsm0338

Encoding = Literal["GSM-7", "UCS-2"]

# The longest page, in segments: 306 septets or 268 units, so about as many words in either encoding.
MOST, MOST_UCS2 = 2, 4
FULL = 0.6  # an end of a line or sentence is worth the rest of the page
# Segments in a page, units in a message alone, units in each part of a longer one.
LIMITS: dict[Encoding, tuple[int, int, int]] = {"GSM-7": (MOST, 160, 153), "UCS-2": (MOST_UCS2, 70, 67)}

# The package encodes a lone escape too, which is no character: it only says that the next septet is of the extension.
ESCAPE = 0x1B
CODEC = gsm0338.Codec()
BASIC = frozenset(CODEC.decode(bytes([code]))[0] for code in range(128) if code != ESCAPE)
EXTENSION = frozenset(CODEC.decode(bytes([ESCAPE, code]), "ignore")[0] for code in range(128)) - {""}
SEPTETS: dict[str, int] = dict.fromkeys(BASIC, 1) | dict.fromkeys(EXTENSION, 2)

# Brackets and the other characters of two septets stay: an address of a page may hold them.
PLAIN = {
    "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i", "ª": "a", "º": "o",
    "…": "...", "←": "<-", "↔": "<->", "⇒": "=>", "×": "x",
    **dict.fromkeys("→➔➜➙➝➞➡", "->"),
    **dict.fromkeys("‘’‚‛‹›′`´", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃•‣◦▪●∙·", "-"),
    **dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n"),
    "\t": " ",
}  # fmt: skip
UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
# Forms of the same letter. A small 2 is none: "10²" is not "102".
SAME = ("<compat>", "<font>", "<noBreak>", "<wide>", "<narrow>", "<small>")
LATIN = "A-Za-z" + "".join(sorted(char for char in BASIC if "LATIN" in unicodedata.name(char, "") and char > "z"))
# Not the strokes through a letter (U+0334 to U+0338): struck-out words say something else.
MARKS = re.compile(f"(?<=[{LATIN}])[\u0300-\u0333\u0339-\u0362]+")
KEYCAP = re.compile("(?<=[0-9#*])\u20e3")

SPACE = r"(?![\u00a0\u2007\u202f])\s"
IDEOGRAPH = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"  # written without spaces: may be cut between any two
WORD_END = re.compile(rf"{SPACE}|(?<=[{IDEOGRAPH}，、；：。！？])(?=[{IDEOGRAPH}])")
LINE_END = re.compile(r"(?<![:：])\n")  # a heading goes with what it announces
SENTENCE_END = re.compile(r"""[.!?…؟।]["'”’»)]*(?=\s(?![\da-z]))|[。！？][”’」』）]*""")
NUMBER = re.compile(r"[+(]*\d(?:(?:[\d+()-]|[^\S\n])*\d)?")
CONTACT = re.compile(r"^[-•] .*\): .*(?:\d|://).*$", re.MULTILINE)
LINE = re.compile(r".+")


@dataclass(frozen=True)
class Size:
    """What a text costs. ``units``: septets of GSM-7 or 16-bit units of UCS-2; ``segments``: messages that are paid."""

    encoding: Encoding
    units: int
    segments: int


@dataclass(frozen=True)
class Answer:
    """``words`` to be cut in pages: ``first`` ends the first page, ``more`` each other page but the last.

    ``ends``: (how full the page must be, positions in ``words`` where it may end), best first.
    """

    words: str
    encoding: Encoding
    first: str
    more: str
    ends: tuple[tuple[float, list[int]], ...]


def fit(text: str) -> str:
    """What the phone will show: plain signs when all of the text becomes GSM-7 by that, else the text in NFC.

    A text with one letter or emoji that has no plain form is not touched at all, and UCS-2 is paid.

    >>> fit("«Atención»: él está a 1️⃣ día…")
    '"Atencion": él esta a 1 dia...'
    >>> fit("Atención 请打电话")
    'Atención 请打电话'
    """
    composed = unicodedata.normalize("NFC", text)
    plain = "".join(map(_plain, composed.replace("\r\n", "\n")))
    plain = KEYCAP.sub("", MARKS.sub("", plain))
    return plain if _encoding(plain) == "GSM-7" else composed


def measure(text: str) -> Size:
    """What the text costs as it stands, ``fit`` or not. An escaped character or an emoji is never cut in two.

    >>> measure("€" * 80), measure("€" * 81).segments
    (Size(encoding='GSM-7', units=160, segments=1), 2)
    >>> measure("👍" * 67)
    Size(encoding='UCS-2', units=134, segments=3)
    """
    return _size(text, _encoding(text))


def pages(text: str, options: str, hint: str) -> tuple[str, ...]:
    """The answer cut into texts of at most ``MOST`` segments (``MOST_UCS2`` in UCS-2), all that ``fit`` would show.

    ``text``: the words; ``options``: the numbered list, or ""; ``hint``: how to read on. Options of half a page stay
    on the first page, longer ones come after the words. A hint of more than half a page is left out. Nothing to say
    is no page.

    >>> pages("¿Qué más?", "1 Sí\\n2 No", "Responda MAS para seguir.")
    ('¿Qué mas?\\n1 Si\\n2 No',)
    """
    encoding, (words, choices) = _fit_together(text, options)
    whole = _lines(words, choices)
    if _fits(whole, encoding):
        return (whole,) if whole else ()
    encoding, (words, choices, more) = _fit_together(text, options, hint)
    more = more if _half(more, encoding) else ""
    if _half(_lines(choices, more), encoding):
        return tuple(_cut(Answer(words, encoding, _lines(choices, more), more, _ends(words, len(words)))))
    whole = _lines(words, choices)
    return tuple(_cut(Answer(whole, encoding, more, more, _ends(whole, len(words)))))


@cache
def _plain(char: str) -> str:
    """The same for a reader, in GSM-7; the character itself when there is no such thing."""
    if char in PLAIN:
        return PLAIN[char]
    if char in SEPTETS:
        return char
    if UNSEEN.match(char) or unicodedata.category(char) == "Cc":
        return ""
    form = unicodedata.decomposition(char).partition(" ")[0]
    if form.startswith("<") and form not in SAME:
        return char
    plain = MARKS.sub("", unicodedata.normalize("NFKD", char))
    return plain if _encoding(plain) == "GSM-7" else char


def _encoding(text: str) -> Encoding:
    return "GSM-7" if set(text) <= SEPTETS.keys() else "UCS-2"


def _size(text: str, encoding: Encoding) -> Size:
    costs = [SEPTETS[char] if encoding == "GSM-7" else 1 + (char > "\uffff") for char in text]
    _, alone, part = LIMITS[encoding]
    units = sum(costs)
    return Size(encoding, units, min(units, 1) if units <= alone else _parts(costs, part))


def _parts(costs: Iterable[int], room: int) -> int:
    """How many parts are filled one after the other; what costs two units is not shared by two parts."""
    parts, left = 0, 0
    for cost in costs:
        if cost > left:
            parts, left = parts + 1, room
        left -= cost
    return parts


def _fits(page: str, encoding: Encoding) -> bool:
    return _size(page, encoding).segments <= LIMITS[encoding][0]


def _half(text: str, encoding: Encoding) -> bool:
    most, _, part = LIMITS[encoding]
    return 2 * _size(text, encoding).units <= most * part


def _fit_together(*texts: str) -> tuple[Encoding, list[str]]:
    """All in one encoding, without the blank lines and the space around lines, which cost and say nothing."""
    shown = [fit(text) for text in texts]
    encoding = _encoding("".join(shown))
    if encoding == "UCS-2":
        shown = [unicodedata.normalize("NFC", text) for text in texts]
    return encoding, [_lines(*(line.strip() for line in text.splitlines())) for text in shown]


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))


def _ends(words: str, options: int) -> tuple[tuple[float, list[int]], ...]:
    """Where a page may end, best first. From position ``options`` on, each line is kept whole."""
    whole_lines = [*CONTACT.finditer(words), *LINE.finditer(words, options)]
    numbers = {at for found in NUMBER.finditer(words) for at in range(found.start() + 1, found.end())}
    kept = numbers | {at for found in whole_lines for at in range(found.start() + 1, found.end())}
    word_ends = [found.start() for found in WORD_END.finditer(words)]
    return (
        (FULL, [found.start() for found in LINE_END.finditer(words)]),
        (FULL, [found.end() for found in SENTENCE_END.finditer(words) if found.end() not in kept]),
        (0, [at for at in word_ends if at not in kept]),
        (0, [at for at in word_ends if at not in numbers]),
        (0, word_ends),
        (0, [at for at in range(1, len(words)) if _begins(words, at)]),
    )


def _begins(words: str, at: int) -> bool:
    """Whether a character of its own begins here, not a mark on the one before or the next piece of an emoji."""
    return unicodedata.category(words[at]) not in ("Mn", "Mc", "Me", "Cf", "Sk") and words[at - 1] != "\u200d"


def _cut(answer: Answer) -> Iterator[str]:
    """The pages of an answer that does not fit one."""
    start, tail = 0, answer.first
    while not start or not _fits(answer.words[start:], answer.encoding):
        end = _end(answer, start, tail)
        yield _lines(answer.words[start:end].rstrip(), tail)
        start, tail = len(answer.words) - len(answer.words[end:].lstrip()), answer.more
    yield answer.words[start:]


def _end(answer: Answer, start: int, tail: str) -> int:
    """Where the page that starts here ends: the last of the best places that leave it full enough."""
    most, _, part = LIMITS[answer.encoding]
    window = answer.words[start : start + most * part]
    room = bisect_left(
        range(1, len(window) + 1), True, key=lambda n: not _fits(_lines(window[:n], tail), answer.encoding)
    )
    for full, ends in answer.ends:
        last = max((at for at in ends if start < at <= start + room), default=start)
        if last > start and last - start >= full * room:
            return last
    return start + room
