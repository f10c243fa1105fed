"""Which of our languages somebody writes, and which one they ask for."""

import json
import math
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from langdetect import detector_factory
from langdetect.detector_factory import DetectorFactory
from langdetect.utils.lang_profile import LangProfile
from langdetect.utils.ngram import NGram

from bot import names, places
from bot.spans import spans

FULL = ("es", "en", "pt", "fr", "ht")
ROOT = Path(__file__).parent.parent
# langdetect has no Haitian Creole: `scripts/profiles creole` counts this one from our own sentences.
CREOLE = ROOT / "data" / "profiles" / "ht.json"
LONGEST = 400  # letters read: more changes no answer
ENOUGH_WORDS, ENOUGH_LETTERS = 4, 20  # a shorter text does not change a known language
SURE = 0.6
SURE_TO_SWITCH = 0.9
SURE_IF_SHORT = 0.95
# What one little word, or being the known language, weighs against the letters (logarithms).
VOTE, KNOWN, LIKELY = 4.0, 4.0, 3.0
UNSEEN = 5e-5  # chance of a group of letters a language has never shown
OVERLAP = 0.4  # groups of one, two and three letters count the same letter again

# Words that only one of our languages uses, as people type them. "ayuda", "socorro", "si", "me" or
# "pa" are left out on purpose: neighbours share them.
ONLY = {
    "es": (
        "hola buenas buenos gracias adios el con los las una quiero tengo donde del puede puedo "
        "hay quien pueden soy eso cuanto tiene estoy voy tienen pide pasaporte hijo hija hago "
        "hace otro hermano mujer esto dice despues decir asi fue este estan cual aca ustedes "
        "nino nina necesito debo unos luego cuando alguien robaron ayudenme ayudame auxilio "
        "policia denunciar pero muy y estas mucho nada bueno adonde ando nadie usted ahora "
        "quisiera lo al yo fuera ya dinero bien manden mensajes denuncio denuncia jefe paga pagado quitenme "
        "quincena quincenas vendo opinas anoche golpearon amenazan nadie hijos les sus ese esa eres"
    ),
    "en": (
        "i my in the is can they for what it how and with of from want you have us are if dont "
        "that who people or he at where get now there this not will say please him by was "
        "rights after should money know work when tell call need leave lawyer her free does "
        "without only got cant back out up take our make before write which stay am we hello "
        "hey help thanks thank yes bye your she been did do any some speak lost robbed to be "
        "but all about im inna dem weh hi thx nope cancel later joke price today tomorrow sure alerts send "
        "bredda gwaan wah pls someone they took our their two were had its"
    ),
    "pt": (
        "eu meu minha nao na em com pra tem quero um uma pode direito tenho posso isso onde pro "
        "foi os mulher quer qual meus sair preso preciso depois vai ele ela fica fazer deu "
        "agora pelo pela mim ontem ficar falar vitima tudo trabalho quem patrao noite perto "
        "pessoas ha faco essa eles vou obrigado obrigada ninguem nosso voce oi ola tchau sim "
        "ajude estou ate bom boa roubaram roubado roubou onibus irmao mae pai filho filha essas "
        "esse sou sao estao dinheiro coiote estrada quais opcao errado paguei voltar vcs vc tb tbm hj dessa "
        "nois pegaram bateram ameacando trabalhando moro gente tira"
    ),
    "fr": (
        "je est pour mon les pas et dans ils du une avec des qui nous sans quoi ont moi suis "
        "faire peut sur droit dit ai depuis argent plus par papier vous sont fille contre ici "
        "femme elle combien lui jours doit apres veut fils ans prend peux passeport nuit enfant "
        "autre rien quand meme hier aux vrai bonjour bonsoir salut merci oui besoin aide aidez "
        "comment pourquoi svp qu ce il au ma j c d votre cette mes s etre bien ou faut bjr coucou kelkun horaires "
        "annuler kel kan javais prochaine accord medicament toi ete leur tel notre tout tous chez jai cest pcq avant"
    ),
    "ht": (
        "nan yo pou mwen mwin yon ki eske gen ka moun li ap fe sa ak di pran dwa nou kote kijan "
        "travay voye kisa papye pitit ayisyen konn genyen kob bay w rele vle kreyol souple peye "
        "jwenn fanmi timoun konbyen dwe wout kont kenbe bezwen mete menm lekol depi ban ale ti "
        "nimewo ede tounen peyi oswa fanm anko touye lajan kouman ou bonjou bonswa mesi tanpri "
        "kiyes poukisa sekou ayiti te pap ye vini isit jodi tout toupatou wi orevwa babay dako nonmesi awa "
        "anile meni ditou fre manman papa lapolis lakay touye vyole ankenn anpil toujou rele kite"
    ),
}

NAMES = {
    "es": ("espanol espanhol espagnol spanish castellano castelhano castillan panyol spanich esp"),
    "en": ("ingles english inglish anglais angle anglè eng englich"),
    "pt": ("portugues portuguese portugais potige portige brasileiro brazilian portuges"),
    "fr": ("frances francais french franse fransè fransez fransais"),
    "ht": (
        "kreyol creole creol creyol kreol kriol creolo crioulo creolle ayisyen haitiano haitian haitien kreyòl criollo"
    ),
}
# Letters that a language does not have.
NOT_IN = {
    "es": "êçãõèàòîû", "en": "éêçãõñ¿¡èòáíóúà", "pt": "ñ¿¡èòûî", "fr": "ñãõ¿¡òíó", "ht": "éêçîûñãõ¿¡áíóú",
}  # fmt: skip
# "no hablo inglés, español por favor": a refusal reaches to the end of its clause.
CLAUSE = re.compile(r"[,.;:!?\n]|\b(?:only|but|solo|sólo|pero|sino|mas|só|mais|sèlman|men)\b")
REFUSED = re.compile(
    r"\b(?:no (?:hablo|entiendo|se|leo|habla)|not|dont|don t|doesn t|cannot|can t|cant|nao"
    r"|ne|pa|je ne|instead of|en vez de|em vez de|au lieu de|olye de)(?: \w+){0,2}$"
)


def detect(text: str, known: str | None = None, likely: str | None = None) -> str | None:
    """The language of a text; the known one unless the text is long enough and clearly another.

    ``likely`` is a weaker guess, such as the language of the phone number's country.

    >>> detect("mwen bezwen èd tanpri"), detect("ok", known="pt"), detect("👍")
    ('ht', 'pt', None)
    """
    text = text[:LONGEST]
    words = _words(text)
    enough = len(words) >= ENOUGH_WORDS or sum(map(len, words)) >= ENOUGH_LETTERS
    if not words or (known and not enough):
        return known
    if not _latin(text):
        return None
    if not enough:
        return _by_words(words) or (None if len(words) < 2 else _if_no_place(text))
    return _measured(text, known, likely=likely)


def wished(text: str) -> str | None:
    """The language named in a wish; of several, the last that is not refused.

    >>> wished("I don't speak English, español por favor"), wished("pale kreyòl"), wished("hola")
    ('es', 'ht', None)
    """
    named = [language for clause in CLAUSE.split(text.casefold()) for language in _named(_words(clause))]
    return named[-1] if named else None


def _named(words: list[str]) -> list[str]:
    return [
        language
        for at, word in enumerate(words)
        for language in FULL
        if word in _names(language) and not REFUSED.search(" ".join(words[:at]))
    ]


def _words(text: str) -> list[str]:
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(part for part in parts if not unicodedata.combining(part))
    return re.findall(r"[^\W\d_]+", bare)


@cache
def _names(language: str) -> frozenset[str]:
    return frozenset(_words(NAMES[language]))


def _latin(text: str) -> bool:
    """None of our languages is written in another script, so nothing needs measuring there."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum("LATIN" in unicodedata.name(letter, "") for letter in letters) * 2 > len(letters)


def _votes(words: list[str]) -> dict[str, int]:
    only = _only()
    return {language: sum(word in only[language] for word in words) for language in FULL}


def _by_words(words: list[str]) -> str | None:
    votes = _votes(words)
    best, second = sorted(FULL, key=lambda language: -votes[language])[:2]
    return best if votes[best] > votes[second] else None


def _if_no_place(text: str) -> str | None:
    return None if places.find(text, expected=True) else _measured(text, None, SURE_IF_SHORT)


def _marks(text: str) -> dict[str, int]:
    """How many letters of a text (less its places) a language does not have, three at most."""
    letters = set(without_places(text))
    return {code: min(3, len(letters & set(NOT_IN[code]))) for code in FULL}


def _measured(text: str, known: str | None, sure: float = SURE, likely: str | None = None) -> str | None:
    """Letters in threes decide, with the little words and the known language for prior."""
    votes = _votes(_words(text))
    chances = _by_letters(text)
    if chances is None:
        return known
    prior = {likely: LIKELY} | {known: KNOWN}
    strange = _marks(text)
    weights = {code: chances[code] + (votes[code] - strange[code]) * VOTE + prior.get(code, 0) for code in FULL}
    best = max(FULL, key=lambda code: weights[code])
    share = 1 / sum(math.exp(weights[code] - weights[best]) for code in FULL)
    enough = SURE_TO_SWITCH if known else sure
    return best if best == known or share >= enough else known


def _by_letters(text: str) -> dict[str, float] | None:
    """How likely each language makes all the groups of letters in a text, as logarithms.

    langdetect itself draws some groups at random, which on one short sentence is a lottery.
    """
    profiles, grams = factory(), NGram()
    total, seen = [0.0] * len(FULL), False
    for letter in without_places(text):
        grams.add_char(letter)
        for size in range(1, min(NGram.N_GRAM, len(grams.grams)) + 1):
            chances = profiles.word_lang_prob_map.get(grams.grams[-size:])
            if chances and grams.grams[-size:] != " ":
                seen = True
                for at, chance in enumerate(chances):
                    total[at] += math.log(chance + UNSEEN) * OVERLAP
    return dict(zip(profiles.langlist, total, strict=True)) if seen else None


def without_places(text: str) -> str:
    """The words of a text in small letters, less the places: those are in every language."""
    words = names.words(text)
    for entry, start, end in spans(words):
        if entry.trust in ("anywhere", "placed") and entry.kind != "country":
            words[start:end] = [word._replace(raw="") for word in words[start:end]]
    # Words in capitals would be skipped as names; people in fear write whole messages so.
    return " ".join(word.raw.lower() for word in words if word.raw)


@cache
def _only() -> dict[str, frozenset[str]]:
    split = {language: frozenset(words.split()) for language, words in ONLY.items()}
    return {
        language: words.difference(*(split[other] for other in FULL if other != language))
        for language, words in split.items()
    }


@cache
def factory() -> Any:
    """langdetect with our languages only: with all 55, "hola" is Welsh."""
    made = DetectorFactory()
    profiles = [*(_shipped(language) for language in FULL if language != "ht"), _profile(CREOLE)]
    for index, profile in enumerate(profiles):
        made.add_profile(profile, index, len(profiles))
    return made


def _shipped(language: str) -> Any:
    return _profile(Path(detector_factory.PROFILES_DIRECTORY) / language)


def _profile(path: Path) -> Any:
    return LangProfile(**json.loads(path.read_text(encoding="utf-8")))
