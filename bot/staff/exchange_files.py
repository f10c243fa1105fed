"""Units as the files that translators' programs open: XLIFF 1.2 and gettext's PO."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from xml.parsers import expat

import polib
from translate.storage.xliff import Xliff1File, Xliff1Unit

from bot.content.model import LANGUAGES, SOURCE
from bot.staff.exchange_units import Mark, Parcel, Sent, Unit

XLIFF = "urn:oasis:names:tc:xliff:document:1.2"
VERSIONS = "X-Faro-Versions"  # the header in a PO; in XLIFF the note of the header says the same
SENT = re.compile(r"(\S+)=(\d+)/([0-9a-f]{8})/([0-9a-f]{8}|-)")
# gettext knows no mark for a reviewed entry; a flag of this name is kept by the programs that keep flags.
REVIEWED = "reviewed"
STRANGE = "this is no file that `faro content export` wrote: the versions in its header are missing"


class Unreadable(ValueError):
    """A file that cannot be taken back as a whole; says why."""


class _Unit(Xliff1Unit):
    namespace = XLIFF


class _File(Xliff1File[_Unit]):
    UnitClass = _Unit
    namespace = XLIFF
    XMLskeleton = f"""<?xml version="1.0" ?>
<xliff version="1.2" xmlns="{XLIFF}"><file original="content" source-language="es" datatype="plaintext">
<header><note from="faro"></note></header><body></body></file></xliff>"""


def written(parcel: Parcel, kind: str) -> bytes:
    """``kind``: xliff or po."""
    return _po(parcel) if kind == "po" else _xliff(parcel)


def opened(name: str, raw: bytes) -> Parcel:
    """A file that came back, by its name. Raises Unreadable."""
    readers = {".po": _from_po, ".xlf": _from_xliff, ".xliff": _from_xliff}
    if (kind := Path(name).suffix.lower()) not in readers:
        raise Unreadable("a file to take back ends in .xlf, .xliff or .po")
    if not raw.strip():
        raise Unreadable("the file is empty")
    parcel = readers[kind](raw)
    if not parcel.units:
        raise Unreadable("there are no units in the file")
    return parcel


def _header(parcel: Parcel) -> str:
    sent = (f"{id}={of.paragraphs}/{of.source}/{of.target}" for id, of in parcel.sent.items())
    return " ".join((parcel.language, *sent))


def _sent(header: str, declared: str) -> tuple[str, Mapping[str, Sent]]:
    """The language and what was sent, from our header and the language that the file itself names."""
    language, *rows = header.split() or [""]
    found = [SENT.fullmatch(row) for row in rows]
    if language not in LANGUAGES or language == SOURCE or not all(found):
        raise Unreadable(STRANGE)
    # A program may have made pt_BR of pt.
    if re.split("[-_]", declared.lower())[0] != language:
        raise Unreadable(f'the file was exported for {language}, and now says that it is in "{declared}"')
    return language, {row[1]: Sent(int(row[2]), row[3], row[4]) for row in found if row}


def _po(parcel: Parcel) -> bytes:
    catalog = polib.POFile(wrapwidth=100)
    catalog.metadata = {
        "Project-Id-Version": "Faro",
        "Language": parcel.language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        VERSIONS: _header(parcel),
    }
    for unit in parcel.units:
        catalog.append(polib.POEntry(
            msgctxt=unit.id, msgid=unit.source, msgstr=unit.target, comment=unit.note, flags=_flags(unit),
        ))  # fmt: skip
    return f"{catalog}\n".encode()


def _flags(unit: Unit) -> list[str]:
    if not unit.target or unit.mark is Mark.TRANSLATED:
        return []
    return [REVIEWED if unit.mark is Mark.FINAL else "fuzzy"]


def _from_po(raw: bytes) -> Parcel:
    try:
        catalog = polib.pofile(f"{raw.decode('utf-8-sig')}\n")  # polib opens words that are the name of a file
    except UnicodeDecodeError:
        raise Unreadable("save the file as UTF-8") from None
    except OSError as error:
        line = re.search(r"line (\d+)", str(error))
        raise Unreadable(f"it cannot be read as PO{f', from line {line[1]}' if line else ''}") from None
    header = catalog.metadata.get(VERSIONS, "")
    language, sent = _sent(header, catalog.metadata.get("Language", ""))
    units = (_of_entry(entry) for entry in catalog if not entry.obsolete)
    return Parcel(language, sent, tuple(units))


def _of_entry(entry: polib.POEntry) -> Unit:
    mark = Mark.UNFINISHED if entry.fuzzy else Mark.FINAL if REVIEWED in entry.flags else Mark.TRANSLATED
    return Unit(entry.msgctxt or "", entry.msgid, _clean(entry.msgstr), mark)


def _clean(words: str | None) -> str:
    """Words as our files have them, whatever ends a line where the program ran."""
    return (words or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _xliff(parcel: Parcel) -> bytes:
    file = _File(sourcelanguage=SOURCE, targetlanguage=parcel.language)
    _note(file).text = _header(parcel)
    for unit in parcel.units:
        made = _Unit(unit.source)
        made.setid(unit.id)
        if unit.target:
            made.target = unit.target
            made.target_dom.set("state", unit.mark.value)
            # The toolkit says yes of every translation; to XLIFF it means that a reviewer has passed it.
            made.markapproved(unit.mark is Mark.FINAL)
        made.addnote(unit.note, origin="developer")
        file.addunit(made)
    return bytes(file)


def _note(file: _File):  # type: ignore[no-untyped-def]  # lxml has no types
    return file.document.find(".//{*}header/{*}note[@from='faro']")


def _from_xliff(raw: bytes) -> Parcel:
    _refuse_doctype(raw)
    try:
        file = _File(io.BytesIO(raw))
    except (SyntaxError, ValueError, AssertionError, StopIteration):  # of lxml and of the toolkit: no XLIFF, or 2.0
        raise Unreadable("this is no XLIFF 1.2") from None
    note = _note(file)
    language, sent = _sent("" if note is None else note.text or "", file.targetlanguage or "")
    return Parcel(language, sent, tuple(map(_of_trans_unit, file.units)))


def _refuse_doctype(raw: bytes) -> None:
    """XLIFF has none, and in one entities could be defined that fill the memory or read a file (CWE-776, CWE-611).

    The toolkit's lxml leaves entities in words as they are but still puts them into attributes; expat names a
    DOCTYPE before anything of it is read, in whatever encoding the file is.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _doctype
    try:
        parser.Parse(raw, True)
    except Unreadable:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two of an encoding it does not know
        line = f", from line {error.lineno}" if isinstance(error, expat.ExpatError) else ""
        raise Unreadable(f"it cannot be read as XML{line}") from None


def _doctype(*_: object) -> None:
    raise Unreadable("it begins with a DOCTYPE, which no translator's program writes: nothing of it is read")


def _of_trans_unit(unit: _Unit) -> Unit:
    state = "" if unit.target_dom is None else unit.target_dom.get("state", "")
    mark = Mark.TRANSLATED
    if state == "new" or state.startswith("needs-"):
        mark = Mark.UNFINISHED
    elif unit.xmlelement.get("approved") == "yes" or state in ("final", "signed-off"):
        mark = Mark.FINAL
    return Unit(unit.xmlelement.get("id", ""), unit.source or "", _clean(unit.target), mark)
