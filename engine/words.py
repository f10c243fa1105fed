"""The few words understood by themselves, in five languages, as people type them: small letters, no accents."""

from __future__ import annotations

import re
import unicodedata
from typing import Text

YES = frozenset("s y si sip sii claro yes yeah yep sim oui ouais wi yea ok okay".split())
NO = frozenset("n no nop nope nah nao non negativo nada".split())
# "no quiero", "no entiendo": a no to something else.
NO_MORE = frozenset("quiero entiendo entendi puedo want understand quero entendo konprann vle veux comprends".split())
STOP = frozenset(
    """cancel cancelar cancela cancele cancelo anular anula annuler annule anile stop alto parar pare
    salir sair quit exit arret arrete arreter sispann kite""".split()
)
UNSURE = frozenset(
    {
        "no se",
        "no lo se",
        "no estoy seguro",
        "no estoy segura",
        "quien sabe",
        "i dont know",
        "i don t know",
        "dont know",
        "idk",
        "not sure",
        "nao sei",
        "sei la",
        "je ne sais pas",
        "je sais pas",
        "jsp",
        "sais pas",
        "m pa konnen",
        "mwen pa konnen",
        "pa konnen",
    }  # fmt: skip
)
WHEN = frozenset(
    """ayer anteayer antier anoche hoy ahorita hace ontem anteontem hoje agora faz yesterday today tonight last
    hier aujourd avant ye yeswa jodia maten kounya""".split()
)
GREETINGS = frozenset("hola hello hi hey ola oi alo bonjour bonjou bonswa bonsoir salut buenas buenos".split())
ASKING = frozenset(
    """que cual cuales donde cuando como quien quienes puedo pueden tengo
    what which where when how who can do does is are should may
    o qual onde quando quem posso por
    quel quelle ou comment qui est puis pourquoi
    eske kisa ki kote kijan kile poukisa why""".split()
)


def asks(text: Text) -> bool:
    """Whether a message asks rather than tells: by its question mark, or by its first word.

    >>> asks("donde hay un albergue"), asks("me robaron"), asks("really?")
    (True, False, True)
    """
    words = plain(text).split()
    return any(mark in text for mark in "?？؟") or (len(words) > 2 and words[0] in ASKING)


def plain(text: Text) -> Text:
    """Small letters without accents, spaces for punctuation."""
    letters = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^\w\s]", " ", "".join(c for c in letters if not unicodedata.combining(c)))
