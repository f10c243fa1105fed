"""Words that act at once, before anything is understood: stop, start, more (content/words.yml)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

Commands = Mapping[str, frozenset[str]]

# Nobody asks for anything else in so many letters.
LONGEST = 60


def fold(text: str) -> str:
    """Without capitals, marks and punctuation; "¡Párar!" and "PARAR" are the same word.

    >>> fold(" ¡ARRÊT!! "), fold("S.T.O.P."), fold("/stop"), fold("إيقاف.")
    ('arret', 's t o p', 'stop', 'ايقاف')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (c for c in plain if not unicodedata.combining(c))
    # Letters, digits and the vowel signs of Hindi and Bengali stay; all else only parts words.
    return " ".join("".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in kept).split())


def folded(words: Mapping[str, Mapping[str, Iterable[object]]]) -> Commands:
    """Command → every spelling of it, in all languages."""
    return {
        command: frozenset(fold(str(word)) for spellings in languages.values() for word in spellings)
        for command, languages in words.items()
    }


def command_in(text: str, commands: Commands) -> str | None:
    """The command that the whole message is, also when said twice ("stop stop"); None when it is anything else."""
    if len(text) > LONGEST:
        return None
    said = fold(text)
    once = said.split()[0] if len(set(said.split())) == 1 else said
    return next((command for command, spellings in commands.items() if {said, once} & spellings), None)
