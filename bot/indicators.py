"""Numbers by which two reports can be about the same people: phones, number plates, bank accounts and cards.

A number itself is kept nowhere but in the report's box. What is compared is a keyed fingerprint of it, so that the
reports need not be opened; who has no FARO_HASH_KEY learns nothing from it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.places import present_form
from bot.sealing import Vault
from bot.store.models import Contact, Report
from bot.store.working import Indicator

KINDS = ("phone", "plate", "account")
LONGEST = 20_000  # letters that are looked at
# Mexico's 1 before a mobile number and 044 or 045, both gone since 2019 and still written.
OLD_MEXICO = re.compile(r"(?:\+|\b00)?\b52[ -]?1[ -]?(?=(?:\d[ .-]?){9}\d(?!\d))")
OLD_PREFIX = re.compile(r"\b04[45][ -]?(?=(?:\d[ .-]?){9}\d(?!\d))")
# Where those live who write to us, and where money is sent from and to; of each other country none is found.
IBAN_LENGTHS = {
    "BR": 29, "CR": 22, "DO": 28, "GT": 28, "SV": 28, "NI": 28, "ES": 24, "FR": 27, "PT": 25, "DE": 22, "IT": 27,
    "GB": 22, "NL": 18, "BE": 16, "CH": 21,
}  # fmt: skip
IBAN = re.compile(rf"\b(?:{'|'.join(IBAN_LENGTHS)})\d{{2}}(?:[ -]?[A-Z0-9]){{11,26}}", re.I)
LONG = re.compile(r"(?<![\w+])\d(?:[ .-]?\d){14,17}(?![ .-]?\d)")
# Other accounts have no check digit that is the same everywhere: only what is called one.
CALLED_ACCOUNT = re.compile(
    r"\b(?:cuentas?|cta|clabe|tarjeta|accounts?|acct|card|contas?|cart[aã]o|comptes?|carte|kont|kat)"
    r"\b\D{0,25}(\d(?:[ .-]?\d){5,21})",
    re.I,
)
CALLED_PLATE = re.compile(
    r"\b(?:placas?|matr[ií]cula|patente|chapa|tablilla|plates?|plaques?|immatriculation|plak)\b([^\n.;]{4,60})", re.I
)
# Short words that stand before a plate and are no part of it.
NO_PLATE = set(
    "la el es era de del no num se son con un una the is was it a o da do est et le les las los yo por que us at des"
    " par tan vi".split()
)
# Mexico ABC-123-A and ABC-12-34, Brazil and others ABC1D23, Guatemala P-123BCD: nothing else is written like this.
PLATE = re.compile(r"\b(?:[A-Z]{3}-\d{2,3}-(?:\d{2}|[A-Z])|[A-Z]{3}\d[A-Z]\d{2}|[PCMAOU]-?\d{3}[BCDFGHJ-NP-TV-Z]{3})\b")


@dataclass(frozen=True)
class Found:
    """``kind``: one of KINDS; ``value``: written as everybody's is, however the person wrote it."""

    kind: str
    value: str = field(repr=False)


def find(text: str, countries: Sequence[str] = ()) -> set[Found]:
    """What a text mentions; ``countries``: whose national phone numbers are meant, the likeliest first.

    >>> sorted((f.kind, f.value) for f in find("me escribió del (55) 1234-5678, placas abc 12 34", ["MX"]))
    [('phone', '+525512345678'), ('plate', 'ABC1234')]
    """
    plain = "".join(_ascii(letter) for letter in unicodedata.normalize("NFKC", text[:LONGEST]))
    accounts, rest = _checked(plain)
    accounts |= {_bare(match[1]) for match in CALLED_ACCOUNT.finditer(rest)}
    plates = {_bare(match[0]) for match in PLATE.finditer(plain)}
    plates |= {plate for match in CALLED_PLATE.finditer(plain) if (plate := _plate(match[1].split()))}
    found = {"account": accounts, "plate": plates, "phone": set(_phones(rest, countries))}
    return {Found(kind, value) for kind, values in found.items() for value in values}


def _ascii(letter: str) -> str:
    return str(unicodedata.digit(letter)) if letter.isdecimal() else letter


def _bare(written: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", written.upper())


def _plate(words: list[str]) -> str:
    """The first that looks like a plate, of letters and digits; "" where none does.

    >>> _plate("del carro era abc 12 34 y".split()), _plate("7ABC123,".split()), _plate("no la vi a las 10".split())
    ('ABC1234', '7ABC123', '')
    """
    first = next((n for n, word in enumerate(words) if re.search(r"\d", word)), None)
    if first is None:
        return ""
    before = words[first - 1] if first else ""
    parts = [before] if before.lower() not in NO_PLATE and re.fullmatch("[A-Za-z]{1,3}", before) else []
    parts.append(words[first])
    for word in words[first + 1 :]:
        if not re.fullmatch(r"[A-Za-z]?\d{1,4}[A-Za-z]?\W?|[A-Z]{1,3}\W?", word) or parts[-1][-1] in ",:)":
            break
        parts.append(word)
    plate = _bare("".join(parts))
    return plate if 5 <= len(plate) <= 8 and re.search("[A-Z]", plate) and re.search(r"\d", plate) else ""


def _checked(text: str) -> tuple[set[str], str]:
    """Accounts and cards whose check digits are right, and the text without them: there is no phone number in one."""
    found: set[str] = set()

    def take(match: re.Match[str]) -> str:
        written = _bare(match[0])
        length = IBAN_LENGTHS.get(written[:2])
        value = written[:length] if length else written
        if not (_is_iban(value) if length else _is_clabe(value) or _is_card(value)):
            return match[0]
        found.add(value)
        return " · "

    return found, LONG.sub(take, IBAN.sub(take, text))


def _is_iban(value: str) -> bool:
    """
    >>> _is_iban("ES9121000418450200051332"), _is_iban("ES9121000418450200051333"), _is_iban("ES91")
    (True, False, False)
    """
    if len(value) != IBAN_LENGTHS.get(value[:2]):
        return False
    return int("".join(str(int(letter, 36)) for letter in value[4:] + value[:4])) % 97 == 1


def _is_clabe(value: str) -> bool:
    """
    >>> _is_clabe("032180000118359719"), _is_clabe("032180000118359718")
    (True, False)
    """
    weighed = sum(int(digit) * (3, 7, 1)[n % 3] % 10 for n, digit in enumerate(value[:17]))
    return len(value) == 18 and -weighed % 10 == int(value[17])


def _is_card(value: str) -> bool:
    """
    >>> _is_card("4242424242424242"), _is_card("378282246310005"), _is_card("4242424242424241"), _is_card("0" * 16)
    (True, True, False, False)
    """
    doubled = (int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(value)))
    known = len(value) == 16 and value[0] in "23456" or len(value) == 15 and value[:2] in ("34", "37")
    return known and sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def _phones(text: str, countries: Sequence[str]) -> Iterator[str]:
    """In E.164. A number that two of the countries could have is of the first: one number, one fingerprint."""
    text = OLD_PREFIX.sub("", OLD_MEXICO.sub("+52", text))
    taken: list[tuple[int, int]] = []
    for country in [*countries, "ZZ"]:
        for match in PhoneNumberMatcher(text, country, Leniency.VALID):
            if any(match.start < end and begin < match.end for begin, end in taken):
                continue
            taken.append((match.start, match.end))
            yield present_form(phonenumbers.format_number(match.number, PhoneNumberFormat.E164))


def fingerprint(vault: Vault, found: Found) -> str:
    """64 letters; each kind has a key of its own."""
    key = hmac.new(vault.hash_key, f"indicator:{found.kind}".encode(), hashlib.sha256).digest()
    return hmac.new(key, found.value.encode(), hashlib.sha256).hexdigest()


def note(session: Session, vault: Vault, report: Report, text: str) -> None:
    """Remember what the person's words mention, but for their own number."""
    contact = session.get(Contact, report.contact_id) if report.contact_id else None
    hints = dict.fromkeys(c for c in (report.country, *_countries(contact)) if c)
    mentioned = find(text, list(hints)) - {Found("phone", _own(vault, contact))}
    for found in sorted(mentioned, key=lambda one: (one.kind, one.value)):
        row = {"report_id": report.id, "kind": found.kind, "fingerprint": fingerprint(vault, found)}
        session.execute(insert(Indicator).values(row).on_conflict_do_nothing())


def _countries(contact: Contact | None) -> tuple[str | None, ...]:
    return (contact.phone_country, contact.country) if contact else ()


def _own(vault: Vault, contact: Contact | None) -> str:
    return present_form(str(vault.open(contact.address_sealed))) if contact else ""
