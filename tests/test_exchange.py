"""What translators get and send back: nothing is lost on the way, and nothing wrong is let in."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polib
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from translate.storage.xliff import Xliff1File, Xliff1Unit

from bot.content import LANGUAGES, SOURCE, Reader, read
from bot.settings import ROOT
from bot.staff import exchange, exchange_files
from bot.staff.commands import content as command
from bot.staff.exchange_units import Mark, Parcel, Sent, Unit

GOOD = ROOT / "tests/broken/good"
TODAY = date(2026, 11, 22)
WORK, WORK_MX = "topics/rights_work/pt.md", "topics/rights_work/MX.pt.md"
FORMATS = {"xliff": "xlf", "po": "po"}

pytestmark = pytest.mark.slow


class Translator:
    """Somebody with a translator's program, and the campaign that sends and takes back."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.file = folder.parent / f"words.{FORMATS[kind]}"

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(command, words, catch_exceptions=False)

    def gets(self, *options: str, language: str = "pt") -> list[str]:
        """The ids of the units exported."""
        done = self.run("export", "--lang", language, "--format", self.kind, "--out", str(self.file), *options)
        assert done.exit_code == 0, done.output
        return [unit.id for unit in self.sees().units] if self.file.exists() else []

    def sees(self) -> Parcel:
        return exchange_files.opened(self.file.name, self.file.read_bytes())

    def writes(self, words: Mapping[str, str], mark: Mark = Mark.TRANSLATED) -> None:
        (self._in_po if self.kind == "po" else self._in_xliff)(words, mark)

    def _in_po(self, words: Mapping[str, str], mark: Mark) -> None:
        catalog = polib.pofile(str(self.file))
        for entry in catalog:
            if entry.msgctxt in words:
                entry.msgstr = words[entry.msgctxt]
                entry.flags = {Mark.UNFINISHED: ["fuzzy"], Mark.FINAL: ["reviewed"], Mark.TRANSLATED: []}[mark]
        catalog.save()

    def _in_xliff(self, words: Mapping[str, str], mark: Mark) -> None:
        store: Xliff1File[Xliff1Unit] = Xliff1File(io.BytesIO(self.file.read_bytes()))
        for unit in store.units:
            if (id := unit.xmlelement.get("id")) in words:
                unit.target = words[id]
                unit.target_dom.set("state", mark.value)
                unit.markapproved(mark is Mark.FINAL)
        self.file.write_bytes(bytes(store))

    def drops(self, *ids: str) -> None:
        """The units are not in the file that comes back."""
        kept = self.sees()
        left = tuple(unit for unit in kept.units if unit.id not in ids)
        self.file.write_bytes(exchange_files.written(Parcel(kept.language, kept.sent, left), self.kind))

    def sends_back(self, *options: str) -> Result:
        return self.run("import", str(self.file), *options)


@pytest.fixture(params=FORMATS)
def translator(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Translator:
    folder = Path(shutil.copytree(GOOD, tmp_path / "content"))
    monkeypatch.setenv("FARO_CONTENT", str(folder))
    return Translator(folder, request.param)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def changed(folder: Path, before: Mapping[str, bytes]) -> set[str]:
    now = files_of(folder)
    return {path for path in now.keys() | before.keys() if now.get(path) != before.get(path)}


def mend(file: Path, old: str, new: str) -> None:
    raw = file.read_text("utf-8")
    assert old in raw
    file.write_text(raw.replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(ROOT / "content", tmp_path_factory.mktemp("whole") / "content"))


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != SOURCE])
def test_all_of_it_sent_and_taken_back_unchanged_changes_no_byte(language: str, campaign: Path) -> None:
    before = files_of(campaign)
    sent = exchange.to_translate(campaign, language, None, whole=True)
    back = {
        kind: exchange_files.opened(f"x.{end}", exchange_files.written(sent, kind)) for kind, end in FORMATS.items()
    }
    for kind, parcel in back.items():
        assert (parcel.language, parcel.sent) == (language, sent.sent), kind
        bare = [(unit.id, unit.source, unit.target, unit.mark) for unit in sent.units]
        assert [(unit.id, unit.source, unit.target, unit.mark) for unit in parcel.units] == bare, kind
    assert exchange.take_back(campaign, back["xliff"], "Ana", TODAY).written == ()
    assert changed(campaign, before) == set()


def test_a_changed_target_changes_its_file_and_no_other(translator: Translator) -> None:
    translator.gets("--all")
    before = files_of(translator.folder)
    translator.writes({"topics/rights_work/MX#sms": "A Profedet ajuda de graça."})
    done = translator.sends_back()
    assert done.exit_code == 0 and f"{WORK_MX}: new words" in done.output
    assert changed(translator.folder, before) == {WORK_MX}
    old, new = before[WORK_MX].decode(), (translator.folder / WORK_MX).read_text("utf-8")
    sms = re.compile(r"(?<=# SMS\n\n).*")
    assert sms.sub("A Profedet ajuda de graça.", old) == new


def test_a_changed_phrase_changes_the_phrases_of_its_language(translator: Translator) -> None:
    translator.gets("--all")
    before = files_of(translator.folder)
    translator.writes({"phrases#welcome": "Oi, aqui é {operator}."})
    assert translator.sends_back().exit_code == 0
    assert changed(translator.folder, before) == {"phrases/pt.po"}
    assert read(translator.folder).phrases["pt"]["welcome"] == "Oi, aqui é {operator}."


def test_by_default_only_what_is_missing_or_outdated_goes_out(translator: Translator) -> None:
    assert translator.gets() == []
    (translator.folder / WORK_MX).unlink()
    mend(translator.folder / "topics/risks_money/es.md", "varios lugares", "dos lugares")
    ids = translator.gets()
    assert ids == [
        "topics/rights_work/MX#sms",
        "topics/rights_work/MX#full.1",
        "topics/risks_money#title",
        "topics/risks_money#sms",
        "topics/risks_money#full.1",
    ]
    missing, _, outdated, *_ = translator.sees().units
    assert missing.target == "" and (outdated.target, outdated.mark) == ("Dinheiro", Mark.UNFINISHED)
    assert translator.gets("--topic", "risks_money") == ids[2:]


def test_a_note_says_the_limits_and_the_sources(translator: Translator) -> None:
    translator.gets("--all")
    words = translator.file.read_text("utf-8")
    assert "at most 24 letters" in words and "at most 2 segments" in words and "No phone numbers" in words
    assert "It rests on: Ley Federal del Trabajo art. 99" in words and "Keep as they are: {operator}" in words


def test_a_missing_text_gets_its_file(translator: Translator) -> None:
    (translator.folder / WORK).unlink()
    before = files_of(translator.folder)
    translator.gets("--topic", "rights_work")
    work = "topics/rights_work#"
    translator.writes(
        {f"{work}title": "Trabalho: e 'salário'", f"{work}sms": "Recebe.", f"{work}full.1": "- um\n- dois"}
    )
    assert translator.sends_back().exit_code == 0
    assert changed(translator.folder, before) == {WORK}
    text, source = (read(translator.folder).topics["rights_work"].texts[("", name)] for name in ("pt", "es"))
    assert (text.title, text.short, text.full) == ("Trabalho: e 'salário'", "Recebe.", "- um\n- dois")
    assert text.translates == source.version and text.reviewed_by is None
    assert "reviewed_by: null  # nobody has reviewed this text yet\n" in (translator.folder / WORK).read_text("utf-8")


def test_a_missing_phrase_can_be_translated_though_the_folder_is_not_whole(translator: Translator) -> None:
    po = translator.folder / "phrases"
    for name in ("es", "en", "fr", "ht"):
        mend(po / f"{name}.po", 'msgid "crime_robbery"', 'msgid "wait"\nmsgstr "..."\n\nmsgid "crime_robbery"')
    assert translator.gets() == ["phrases#wait"]
    translator.writes({"phrases#wait": "Espere."})
    assert translator.sends_back().exit_code == 0
    assert list(read(translator.folder).phrases["pt"])[1:4] == ["crime_kidnapping", "wait", "crime_robbery"]


def test_an_outdated_text_is_made_from_the_spanish_that_went_out(translator: Translator) -> None:
    spanish = translator.folder / "topics/rights_work/es.md"
    mend(spanish, "a su paga.", "a su salario.")
    sent = read_version(translator.folder)
    translator.gets()
    mend(spanish, "a su salario.", "a cobrar.")
    translator.writes({unit.id: unit.target.replace("pagamento", "salário") for unit in translator.sees().units})
    done = translator.sends_back()
    assert done.exit_code == 0, done.output
    assert "1 outdated already, their Spanish text has changed since the export: topics/rights_work\n" in done.output
    text = Reader(translator.folder).read().topics["rights_work"].texts[("", "pt")]
    assert text.translates == sent != read_version(translator.folder)
    assert text.short == "Você tem direito ao seu salário."


def read_version(folder: Path) -> str:
    return read(folder).topics["rights_work"].texts[("", "es")].version


def test_words_that_still_stand_are_confirmed_by_taking_the_mark_away(translator: Translator) -> None:
    mend(translator.folder / "topics/rights_work/es.md", "a su paga.", "a su salario.")
    translator.gets()
    before = files_of(translator.folder)
    left = translator.sends_back()
    assert changed(translator.folder, before) == set() and "still marks them as unfinished" in left.output
    translator.writes({unit.id: unit.target for unit in translator.sees().units})
    assert "the words stay, read beside the Spanish text" in translator.sends_back().output
    assert changed(translator.folder, before) == {WORK}
    assert read(translator.folder).topics["rights_work"].texts[("", "pt")].translates == read_version(translator.folder)


def test_a_phrase_whose_spanish_has_changed_is_left_and_named(translator: Translator) -> None:
    translator.gets("--all")
    translator.writes({"phrases#welcome": "Oi, {operator}."})
    mend(translator.folder / "phrases/es.po", "Hola", "Buenas")
    before = files_of(translator.folder)
    assert "export them again: phrases#welcome\n" in translator.sends_back().output
    assert changed(translator.folder, before) == set()


def test_words_that_came_back_empty_leave_the_text_as_it_is(translator: Translator) -> None:
    (translator.folder / WORK_MX).unlink()
    translator.gets("--all")
    before = files_of(translator.folder)
    translator.writes({"topics/rights_work#sms": "", "topics/rights_work#title": "Outro"})
    done = translator.sends_back()
    assert done.exit_code == 0 and changed(translator.folder, before) == set()
    assert (
        "2 left as they are, words in them came back empty: topics/rights_work, topics/rights_work/MX\n" in done.output
    )


def test_a_text_that_is_not_in_the_file_is_left_and_counted(translator: Translator) -> None:
    translator.gets("--all")
    translator.drops("topics/rights_work/MX#sms", "topics/rights_work/MX#full.1", "phrases#welcome")
    done = translator.sends_back()
    assert done.exit_code == 0 and "2 left as they are, not in the file\n" in done.output


def test_whoever_signed_is_kept_until_the_words_change(translator: Translator) -> None:
    translator.run("sign", "rights_work", "--lang", "pt", "--by", "Ana Souza")
    translator.gets("--all")
    assert {unit.mark for unit in translator.sees().units if unit.id.startswith("topics/rights_work#")} == {Mark.FINAL}
    before = files_of(translator.folder)
    translator.sends_back("--by", "Luis")
    assert changed(translator.folder, before) == set()
    # A program that keeps no marks leaves our own "final" at words that nobody has read.
    translator.writes({"topics/rights_work#sms": "Você tem direito."}, Mark.FINAL)
    assert "not signed, though marked as final" in translator.sends_back("--by", "Luis").output
    raw = (translator.folder / WORK).read_text("utf-8")
    assert "reviewed_by: null  # nobody has reviewed this text yet\n---" in raw and "Ana" not in raw


def test_what_a_reviewer_passed_is_signed_in_the_name_given(translator: Translator) -> None:
    translator.gets("--all")
    text = {unit.id: unit.target for unit in translator.sees().units if unit.id.startswith("topics/rights_work#")}
    translator.writes(text | {"topics/rights_work#sms": "Você tem direito."}, Mark.FINAL)
    translator.writes({"topics/rights_work/MX#sms": "A Profedet ajuda."}, Mark.FINAL)  # its full form is not final
    done = translator.sends_back("--by", "Ana Souza")
    assert f"{WORK}: new words, signed by Ana Souza\n" in done.output and f"{WORK_MX}: new words\n" in done.output
    texts = read(translator.folder).topics["rights_work"].texts
    assert texts[("", "pt")].reviewed and texts[("", "pt")].reviewed_by == "Ana Souza"
    assert texts[("MX", "pt")].reviewed_by is None


def test_an_outdated_signature_passes_to_whoever_read_the_words_again(translator: Translator) -> None:
    translator.run("sign", "rights_work", "--lang", "pt", "--by", "Ana Souza")
    mend(translator.folder / "topics/rights_work/es.md", "a su paga.", "a su salario.")
    translator.gets()
    translator.writes({unit.id: unit.target for unit in translator.sees().units}, Mark.FINAL)
    translator.sends_back("--by", "Luis")
    text = read(translator.folder).topics["rights_work"].texts[("", "pt")]
    assert text.reviewed and text.reviewed_by == "Luis" and text.translates == read_version(translator.folder)


def test_nothing_is_signed_without_a_name(translator: Translator) -> None:
    translator.gets("--all")
    before = files_of(translator.folder)
    translator.writes({unit.id: unit.target for unit in translator.sees().units}, Mark.FINAL)
    assert translator.sends_back().exit_code == 0
    assert changed(translator.folder, before) == set()


def test_a_text_past_its_date_is_translated_like_any_other(translator: Translator) -> None:
    mend(translator.folder / "topics/rights_work/es.md", "2027-05-22", "2026-11-23")
    mend(translator.folder / "topics/rights_work/es.md", "2026-11-22", "2020-11-22")
    mend(translator.folder / "topics/rights_work/es.md", "2026-11-23", "2020-11-23")
    assert translator.gets() == []
    assert "topics/rights_work#sms" in translator.gets("--all")


def test_paragraphs_that_do_not_pair_are_not_lost(translator: Translator) -> None:
    mend(translator.folder / WORK, "com ou sem documentos.", "com ou sem documentos.\n\nMais um.\n\nE outro.")
    before = files_of(translator.folder)
    translator.gets("--all")
    assert translator.sends_back().exit_code == 0 and changed(translator.folder, before) == set()
    mend(translator.folder / "topics/rights_work/es.md", "ellos.", "ellos.\n\nUno.\n\nDos.\n\nTres.")
    before = files_of(translator.folder)
    translator.writes({"topics/rights_work#sms": "Você tem direito."})
    assert translator.sends_back().exit_code == 0, "the Spanish has more paragraphs since the export"
    assert changed(translator.folder, before) == {WORK}


# What came back wrong: label, language, words by unit, what is said.
SMS, FULL, WELCOME = "topics/rights_work/MX#sms", "topics/rights_work/MX#full.1", "phrases#welcome"
HEAD = "topics/rights_work#title"
WRONG = [
    ("an SMS form of three segments", "pt", {SMS: "palavra " * 40}, f"{SMS}: the SMS form takes 3 segments"),
    ("a letter that no plain SMS has", "pt", {SMS: "请打电话" * 40}, f"{SMS}: the SMS form takes 3 segments"),
    ("a phone number", "pt", {FULL: "Ligue para 55 1234 5678."}, f'{FULL}: "55 1234 5678" looks like a phone number'),
    ("an address", "pt", {FULL: "Veja www.example.org."}, f'{FULL}: "www.example.org" is an address'),
    ("braces in a text", "pt", {FULL: "Olá {name}."}, f"{FULL}: "),
    ("a long title", "pt", {HEAD: "x" * 25}, f"{HEAD}: the title has 25 letters"),
    ("a title of two lines", "pt", {HEAD: "a\nb"}, f"{HEAD}: a title is one line"),
    ("two paragraphs in one unit", "pt", {FULL: "Um.\n\nDois."}, f"{FULL}: an empty line in it"),
    ("a heading of the file", "pt", {SMS: "Um.\n# Full\nDois."}, f'{SMS}: "# Full" is a heading of the file'),
    ("a placeholder lost", "pt", {WELCOME: "Olá."}, f"{WELCOME}: {{operator}} is missing here"),
    ("a placeholder invented", "pt", {WELCOME: "Olá {operator} {x}."}, f"{WELCOME}: {{x}} is not known here"),
    ("a placeholder lost in English", "en", {WELCOME: "Hello."}, f"{WELCOME}: the words in braces"),
    ("braces that do not close", "pt", {WELCOME: "Olá {operator."}, f"{WELCOME}: braces that do not close"),
    ("a long label", "pt", {"phrases#label_skip": "Saltar esta pergunta agora"}, "phrases#label_skip: 26 letters"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "words", "says"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_one_mistake_and_nothing_is_written(
    language: str, words: dict[str, str], says: str, translator: Translator
) -> None:
    translator.gets("--all", language=language)
    before = files_of(translator.folder)
    translator.writes({"topics/risks_money#sms": "Duas palavras.", **words})
    done = translator.sends_back()
    assert done.exit_code == 1 and says in done.output and "nothing was written" in done.output
    assert "risks_money" not in done.output and changed(translator.folder, before) == set()


def test_every_mistake_is_named(translator: Translator) -> None:
    translator.gets("--all")
    translator.writes({SMS: "palavra " * 40, FULL: "Um.\n\nDois 911.", WELCOME: "Olá."})
    said = translator.sends_back().output
    assert all(id in said for id in (f"{SMS}: ", f"{FULL}: an empty line", '"911" looks like', f"{WELCOME}: "))


def test_half_a_text_is_not_taken(translator: Translator) -> None:
    translator.gets("--all")
    translator.drops(FULL)
    translator.writes({SMS: "A Profedet ajuda."})
    assert f"{FULL}: this unit is missing, and half a text is not taken" in translator.sends_back().output


@pytest.mark.parametrize("id", ["topics/rights_work/XX#sms", "topics/rights_work/MX#full.7", "x", "phrases#x", ""])
def test_a_unit_that_was_not_exported_is_refused(id: str, translator: Translator) -> None:
    translator.gets("--all")
    mend(translator.file, f'"{SMS}"', f'"{id}"')
    assert f"{id or "'En México pregunte"}" in (said := translator.sends_back().output)
    assert "no such unit was exported" in said


def test_a_unit_that_stands_twice_is_refused(translator: Translator) -> None:
    translator.gets("--all")
    mend(translator.file, f'"{SMS}"', f'"{FULL}"')
    assert f"{FULL}: stands 2 times in the file" in translator.sends_back().output


def test_a_translation_changed_here_meanwhile_is_not_overwritten(translator: Translator) -> None:
    translator.gets("--all")
    mend(translator.folder / WORK_MX, "# Full\n\n", "# Full\n\nNovo. ")
    before = files_of(translator.folder)
    assert "changed here since the export: topics/rights_work/MX\n" in translator.sends_back().output
    translator.writes({SMS: "A Profedet ajuda."})
    assert f"{WORK_MX} was changed here after the export: export it again" in translator.sends_back().output
    assert changed(translator.folder, before) == set()


def test_a_mistake_that_was_there_before_holds_up_nobody(translator: Translator) -> None:
    translator.gets("--all")
    translator.writes({SMS: "A Profedet ajuda."})
    mend(translator.folder / "campaign.yml", ":", " ")
    assert translator.sends_back().exit_code == 0


def test_a_text_that_cannot_be_read_is_named_first(translator: Translator) -> None:
    mend(translator.folder / WORK, "# Full", "# Whole")
    done = translator.run("export", "--lang", "pt")
    assert done.exit_code == 1 and f"{WORK}:" in done.output


# What is no file of ours: label, name, bytes, what is said.
PO = 'msgid ""\nmsgstr "Language: pt\\nContent-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Open"\nmsgstr "Abrir"\n'
XLIFF = '<xliff version="{0}" xmlns="urn:oasis:names:tc:xliff:document:{0}"><file original="a" source-language="es" '
XLIFF += 'target-language="pt" datatype="plaintext"><body><trans-unit id="a"><source>a</source></trans-unit></body>'
XLIFF += "</file></xliff>"
BOMB = '<?xml version="1.0"{}?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + XLIFF.format("1.2")
STRANGE: list[tuple[str, str, bytes, str]] = [
    ("nothing in it", "a.xlf", b"", "the file is empty"),
    ("only spaces", "a.po", b" \n", "the file is empty"),
    ("a PO of another project", "a.po", PO.encode(), "no file that `faro content export` wrote"),
    ("an XLIFF of another project", "a.xlf", XLIFF.format("1.2").encode(), "no file that `faro content export` wrote"),
    ("XLIFF 2.0", "a.xliff", XLIFF.format("2.0").encode(), "this is no XLIFF 1.2"),
    ("a page", "a.xlf", b"<html><body/></html>", "this is no XLIFF 1.2"),
    ("XML that does not close", "a.xlf", b"<xliff>\n<file>", "it cannot be read as XML, from line 2"),
    ("a DOCTYPE with entities", "a.xlf", BOMB.format("").encode(), "it begins with a DOCTYPE"),
    ("a DOCTYPE in UTF-16", "a.xlf", BOMB.format(' encoding="UTF-16"').encode("utf-16"), "it begins with a DOCTYPE"),
    ("an unknown encoding", "a.xlf", b'<?xml version="1.0" encoding="x-none"?><a/>', "it cannot be read as XML"),
    ("no PO", "a.po", b"hello", "it cannot be read as PO, from line 1"),
    ("a PO in Latin-1", "a.po", PO.replace("Abrir", "Ação").encode("latin-1"), "save the file as UTF-8"),
    ("a Word file", "a.docx", b"PK", "ends in .xlf, .xliff or .po"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "says"), [s[1:] for s in STRANGE], ids=[s[0] for s in STRANGE])
def test_a_strange_file_gets_a_clear_answer(name: str, raw: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(raw)
    done = CliRunner().invoke(command, ["import", str(tmp_path / name)], catch_exceptions=False)
    assert done.exit_code == 1 and says in done.output and "nothing was written" in done.output


@pytest.mark.parametrize(("declared", "says"), [
    ("de", 'the file was exported for pt, and now says that it is in "de"'),
    ("fr", 'the file was exported for pt, and now says that it is in "fr"'),
    ("pt-BR", "unchanged"),
    ("pt_BR", "unchanged"),
])  # fmt: skip
def test_the_language_is_the_one_that_was_exported(declared: str, says: str, translator: Translator) -> None:
    translator.gets("--all")
    old = {"xliff": 'target-language="pt"', "po": '"Language: pt'}[translator.kind]
    mend(translator.file, old, old.replace("pt", declared, 1) if "pt" in old else old)
    assert says in translator.sends_back().output


@pytest.mark.parametrize("language", ["de", "es"])
def test_only_our_languages_are_translated_into(language: str) -> None:
    done = CliRunner().invoke(command, ["export", "--lang", language])
    assert done.exit_code == 2 and "'en', 'pt', 'fr', 'ht'" in done.output


def test_an_unknown_topic_is_named(translator: Translator) -> None:
    done = translator.run("export", "--lang", "pt", "--topic", "rights_none")
    assert done.exit_code == 1 and "there is no topic rights_none" in done.output


def test_without_a_file_it_goes_to_standard_output(translator: Translator) -> None:
    done = translator.run("export", "--lang", "pt", "--all", "--format", translator.kind)
    assert "texts and phrases" in done.stderr and SMS in done.stdout and "texts and phrases," not in done.stdout


# Whatever a program writes: no control signs and half emoji, which neither format can hold.
LETTERS = st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n", exclude_characters="\ufffe\uffff")
WORDS = st.text(LETTERS, min_size=1).map(str.strip).filter(bool)


@given(source=WORDS, target=WORDS, note=WORDS, mark=st.sampled_from(Mark), kind=st.sampled_from(sorted(FORMATS)))
def test_any_words_come_through_a_file_as_they_are(source: str, target: str, note: str, mark: Mark, kind: str) -> None:
    sent = Parcel("ht", {"topics/a": Sent(1, "0" * 8, "-")}, (Unit("topics/a#sms", source, target, mark, note),))
    (came,) = exchange_files.opened(f"x.{FORMATS[kind]}", exchange_files.written(sent, kind)).units
    assert (came.id, came.source, came.target, came.mark) == ("topics/a#sms", source, target, mark)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(short=WORDS, full=WORDS)
def test_any_words_are_taken_as_they_are_or_refused(short: str, full: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(GOOD, tmp_path / "content", dirs_exist_ok=True))
    sent = exchange.to_translate(folder, "pt", "rights_work", whole=True)
    words = {SMS: short, FULL: full}
    units = tuple(Unit(u.id, u.source, words.get(u.id, u.target), u.mark) for u in sent.units)
    before = files_of(folder)
    problems: tuple[str, ...] = ()
    try:
        exchange.take_back(folder, Parcel("pt", sent.sent, units), None, TODAY)
    except exchange.ExchangeError as error:
        problems = error.problems
    assert all(problem.startswith((f"{SMS}: ", f"{FULL}: ")) for problem in problems)
    text = read(folder).topics["rights_work"].texts[("MX", "pt")]
    assert problems or (text.short, text.full) == (short, full)
    assert changed(folder, before) <= (set() if problems else {WORK_MX})
