"""Whether a message says that a child is a victim: words for children, kinship with an age, ages under 18."""

from __future__ import annotations

import re
import unicodedata

# Whoever is called so is under 18. Grown sons and daughters are not meant: "mi hijo", "pitit mwen".
CHILD = (
    "bebe bebes bebecito bebecita nino nina ninos ninas ninito ninita menor menores adolescente adolescentes chiquito "
    "chiquita chiquitos chiquitas criatura criaturas cipote cipota cipotes patojo patoja patojos chamaco chamaca "
    "baby babies kid kids child children toddler infant teen teenager teenagers underage pickney "
    "crianca criancas menino menina meninos meninas nenem bebezinho filhinho filhinha garotinha garotinho "
    "enfant enfants fillette fillettes garconnet mineur mineure mineurs bambin ado ados "
    "timoun minè tibebe tifi tigason"
).split()
PHRASES = re.compile(
    r"\b(?:ti (?:bebe|fi|gason|pitit|moun)|little (?:girl|boy|one|brother|sister|son|daughter)|(?:petit|petite) "
    r"(?:fille|garcon|frere|soeur)|hij[oa] (?:chiquit|pequen)[oa]|under ?age|menor de edad|menor de idade)\b"
)
NUMBERS = {
    word: number
    for number, words in enumerate((
        "un uno una one", "dos two deux de", "tres three trois twa", "cuatro four quatro quatre kat", 
        "cinco five cinq senk",
        "seis six sis", "siete seven sete sept set", "ocho eight oito huit uit", "nueve nine nove neuf nef",
        "diez ten dez dix dis", "once eleven onze onz", "doce twelve doze douze douz",
        "trece thirteen treze treize trez",
        "catorce fourteen catorze quatorze katoz", "quince fifteen quinze kenz",
        "dieciseis sixteen dezesseis seize sez",
        "diecisiete seventeen dezessete diset",
    ), start=1)
    for word in words.split()
}  # fmt: skip
YEARS = r"(?:anos?|anitos?|ans?|years?|yrs?|yo|y/o|lane|an|zan|meses|mes|months?|mois|mwa)"
AGE = re.compile(rf"\b(\d{{1,2}}|{'|'.join(NUMBERS)})[ -]*{YEARS}\b")
# "hace 3 años", "il y a 2 ans", "3 years ago", "depi 2 zan": a time, not an age.
SINCE = re.compile(
    r"\b(?:hace|ha|il y a|depuis|depi|gen|por|for|since|durante|during|pandan|pendant|had|llevo|condenad\w+ a)\s+"
    r"(?:ya |mas de |casi |about |more than |plus de )?$"
)
AFTER = re.compile(r"^\s*(?:ago|atras|later|despues|after|aqui|here|ici|trabajando|working|de trabajo|de casad)")
GROWN = 18


def named(text: str) -> bool:
    """
    >>> named("se llevaron a mi hija de 15 años"), named("hace 3 años me robaron"), named("mi bebé está enferma")
    (True, False, True)
    """
    plain = _plain(text)
    words = set(re.findall(r"[a-z]+", plain))
    return bool(words & CHILDREN or PHRASES.search(plain) or _young(plain))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _young(plain: str) -> bool:
    for found in AGE.finditer(plain):
        if SINCE.search(plain[: found.start()]) or AFTER.match(plain[found.end() :]):
            continue
        age = int(found[1]) if found[1].isdigit() else NUMBERS[found[1]]
        if age < GROWN:
            return True
    return False


CHILDREN = {_plain(word) for word in CHILD}
