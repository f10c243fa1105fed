"""Every message in English words, for the readers (engine/glosses.py, engine/scripts.py, engine/glossary)."""

from __future__ import annotations

import doctest

import pytest

from engine import arabizi, chinese, glossary, glosses, scripts

LANGUAGES = sorted(file.stem for file in glossary.FOLDER.glob("*.yml"))

CASES = [
    ("as it stands", "شرطة", "police"),
    ("with the article", "الشرطة", "police"),
    ("written without its dots", "الشرطه", "police"),
    ("with what is joined before and after", "وشرطتهم", "police"),
    ("with the hamza that nobody types", "أين", "where"),
    ("with vowels", "شُرطة", "police"),
    ("a phrase before its words", "صباح الخير", "good morning"),
    ("Chinese has no spaces", "警察", "police"),
    ("nothing of other scripts", "hola 12 привет", ""),
    ("nothing", "", ""),
]

GLOSSED = [
    ("Spanish", "me robaron el celular", "es"),
    ("French, whose apostrophes part words", "on m'a volé mon téléphone", "fr"),
    ("Portuguese", "levaram meu celular", "pt"),
    ("Creole without accents", "yo vole telefon mwen nan bis la", "ht"),
    ("Creole as phones join it", "yo volem", "ht"),
    ("a town's name does not matter", "me robaron en huehuetoca anoche", "es"),
    ("two languages: the one that knows more of it", "m ap chache travay, tengo visa", "ht"),
]


@pytest.mark.parametrize(("text", "english"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_word_is_found_as_people_type_it(text: str, english: str) -> None:
    assert scripts.in_english(text) == english


@pytest.mark.parametrize(("text", "language"), [case[1:] for case in GLOSSED], ids=[case[0] for case in GLOSSED])
def test_a_message_is_read_in_the_language_that_knows_its_words(text: str, language: str) -> None:
    found = glosses.gloss(text)
    assert found is not None and found.language == language


SPELT = [
    ("a word as it is spelt", "ana 3ayez a3raf 7a2i", "i want"),
    ("another spelling of it", "el polis khad kol el flous 3andi w 7abesni", "money"),
    ("with what is joined to it", "khado elmobayl mn 3andi w 7atto el sekina 3ala ra2abti", "phone"),
    ("by its consonants", "el mostashfa 3and el beit w 7ad khayef", "hospital"),
    ("how Moroccans spell it", "bghit nbelle3 3la l7arrag li khda flousi w 9tel sa7bi", "smuggler"),
]
NOT_SPELT = [
    pytest.param("nos vemos a las 3pm b4 w8, 7up", id="figures of other languages"),
    pytest.param("m3a khoya dyal", id="one word with a figure"),
    pytest.param("me robaron en la calle 7a con 9a bis", id="addresses"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize(("text", "english"), [case[1:] for case in SPELT], ids=[case[0] for case in SPELT])
def test_arabic_in_latin_letters_and_figures_is_read(text: str, english: str) -> None:
    assert english in arabizi.in_english(text)


@pytest.mark.parametrize("text", NOT_SPELT)
def test_what_only_looks_like_it_is_not_taken_for_arabic(text: str) -> None:
    assert arabizi.in_english(text) == ""


@pytest.mark.parametrize("text", ["they robbed me on the bus", "", "!!!", "12 34", "kjhgf qwrt"])
def test_what_is_english_or_nothing_is_left_as_it_is(text: str) -> None:
    assert glosses.gloss(text) is None


def test_what_creole_joins_is_parted() -> None:
    assert glosses.gloss("yo kenbem") == glosses.gloss("yo kenbe m")


@pytest.mark.parametrize(
    "module", [arabizi, chinese, glosses, scripts], ids=["arabizi", "chinese", "glosses", "scripts"]
)
def test_what_the_docstring_says_is_so(module: object) -> None:
    """Nobody else runs it: the other modules of engine/ want the engine's own environment."""
    assert doctest.testmod(module) == (0, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_entry_can_be_found_and_is_plain_english(language: str) -> None:
    for word, english in glossary.entries(language).items():
        if language in glosses.LANGUAGES:
            parts = glosses.WORD.findall(glosses.plain(word))
            assert " ".join(parts) == word and len(parts) <= glosses.MOST_WORDS
        elif language == "arabizi":
            assert arabizi.WORD.fullmatch(word), word
        else:
            assert scripts.in_english(word) == english, word
        assert english.isascii() and english == english.lower(), word


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_entry_stands_twice(language: str) -> None:
    lines = (glossary.FOLDER / f"{language}.yml").read_text("utf-8").splitlines()
    words = [line.partition(': "')[0].strip('"') for line in lines if ': "' in line]
    assert len(words) == len(set(words)) == len(glossary.entries(language))
