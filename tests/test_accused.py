"""A report that accuses an authority never comes to a desk of that authority: not at first, not later."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import passing
from bot.accused import CRIME, accused, last_called
from bot.content import LANGUAGES, ContentError, Shelf, read
from bot.copying import second
from bot.desk.moving import Moving
from bot.desk.why import sentence
from bot.reports import WrongStep
from bot.routing import ANY, Case, Desk, Incident, Routing, explain, route
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.models import Report, ReportEvent
from tests.channels import AT_HOME
from tests.reports import filed
from tests.towns import OTHER, START, Town, operator, town

pytestmark = AT_HOME

CONTENT = read(ROOT / "content")
BODIES = sorted(CONTENT.accused)
COUNTRIES = ("MX", "GT", "HN")

TOLD = {
    "police": ["Dos POLICIAS me pegaron", "los patrulleros nos bajaron", "the cops took my money",
               "a polícia me bateu", "des policiers m'ont frappé", "lapolis pran lajan m"],
    "migration": ["la migra nos quitó todo", "un agente de migración", "a border patrol agent hit me",
                  "agentes da imigração", "les douaniers", "imigrasyon"],
    "army": ["unos soldados", "la guardia nacional", "the army", "o exército", "des militaires", "sòlda yo"],
    "prison": ["los custodios", "prison guards", "carcereiros", "des gardiens de prison"],
    "prosecution": ["el fiscal me pidió dinero", "the prosecutor", "a promotora", "le procureur"],
}  # fmt: skip


@pytest.mark.parametrize(("body", "words"), [(body, words) for body, listed in TOLD.items() for words in listed])
def test_whom_they_accuse_is_found_in_five_languages(body: str, words: str) -> None:
    assert accused(CRIME, [words], CONTENT.accused) == {body}


@pytest.mark.parametrize("words", ["somos migrantes", "une migrante", "me pegaron los de verde", "", "no sé quiénes"])
def test_where_nobody_is_named_it_may_be_any_authority(words: str) -> None:
    assert accused(CRIME, [words], CONTENT.accused) == {ANY}


@pytest.mark.parametrize("crime", ["robbery", "kidnapping", "other"])
def test_another_crime_accuses_no_authority(crime: str) -> None:
    assert accused(crime, ["la policía no hizo nada"], CONTENT.accused) == frozenset()


# The table


@st.composite
def tables(draw: st.DrawFn) -> Routing:
    """Any table whose last desk belongs to no authority, as `faro content check` asks."""
    bodies = st.lists(st.sampled_from(BODIES), max_size=2, unique=True).map(tuple)
    names = [f"desk{n}" for n in range(draw(st.integers(1, 5)))]
    name, country = st.sampled_from([*names, "free"]), st.sampled_from([*COUNTRIES, None])
    known = [*names, "free"]
    desks = [
        Desk(one, {}, draw(country), next=draw(st.sampled_from([None, *(n for n in known if n != one)])),
             bodies=draw(bodies)) for one in names
    ]  # fmt: skip
    where = st.lists(st.sampled_from(COUNTRIES), max_size=2).map(tuple)
    cases = st.builds(Case, st.just("a case"), name, where, copy=st.one_of(st.none(), name))
    listed = {desk.id: desk for desk in [*desks, Desk("free", {}, draw(country))]}
    return Routing(listed, {}, tuple(draw(st.lists(cases, max_size=6))), Case("default", draw(name)))


incidents = st.builds(
    Incident, st.sampled_from([*COUNTRIES, None]), st.sampled_from([CRIME, "kidnapping"]), st.booleans(), st.none(),
    st.frozensets(st.sampled_from([*BODIES, ANY]), max_size=3),
)  # fmt: skip


@settings(deadline=None)  # a busy machine is slow to make tables
@given(tables(), incidents)
def test_no_route_and_no_way_on_ever_reaches_a_desk_of_an_accused_body(table: Routing, what: Incident) -> None:
    first = route(what, table).desk
    reached = {*table.chain(first, what.accused), second(table, what, "HN") or first}
    for desk in reached:
        owners = table.desks[desk].bodies  # so there is a desk, each time
        assert not owners or ANY not in what.accused and what.accused.isdisjoint(owners)


@settings(deadline=None)  # a busy machine is slow to make tables
@given(tables(), incidents)
def test_the_explanation_is_of_what_was_done(table: Routing, what: Incident) -> None:
    why = asdict(explain(what, table))
    assert (why["case"] or "default") == route(what, table).case
    assert sentence(why, CONTENT.phrases["en"], "en", CONTENT.accused)


@settings(deadline=None)  # a busy machine is slow to make tables
@given(tables(), incidents)
def test_who_accuses_nobody_goes_where_they_always_went(table: Routing, what: Incident) -> None:
    calm = replace(what, accused=frozenset())
    found = next((case for case in table.cases if case.fits(calm)), table.default)
    assert route(calm, table).desk == found.desk


def police_table() -> Routing:
    """The campaign's own, but the Mexican desk is the police's, and the default too."""
    desks = dict(CONTENT.routing.desks)
    desks["demo-mx"] = replace(desks["demo-mx"], bodies=("police",))
    desks["demo"] = replace(desks["demo"], bodies=("police", "migration"))
    return replace(CONTENT.routing, desks=desks)


def test_what_is_left_is_the_default_and_else_a_desk_of_another_country() -> None:
    what = Incident("MX", CRIME, False, None, frozenset({"police"}))
    table = police_table()
    assert table.desks[route(what, table).desk].country not in ("MX", None)
    table = replace(table, desks={**table.desks, "demo": CONTENT.routing.desks["demo"]})
    assert route(what, table).desk == "demo"


def test_the_sentence_says_who_was_passed_over() -> None:
    for who, end in (("police", "belongs to the police, who are accused."),
                     (ANY, "belongs to the police, and nobody said which authority is accused.")):  # fmt: skip
        why = asdict(explain(Incident("MX", CRIME, False, None, frozenset({who})), police_table()))
        said = sentence(why, CONTENT.phrases["en"], "en", CONTENT.accused)
        assert said.startswith("“abuse by an authority in Mexico” would fit, but it ") and end in said


def test_the_numbers_that_an_accused_body_answers_are_given_last() -> None:
    theirs = next(one.id for one in CONTENT.hotlines.values() if one.caution == "police_run")
    call = (theirs, "mx-cndh")
    assert last_called(call, frozenset({"police"}), CONTENT.hotlines, CONTENT.accused) == ("mx-cndh", theirs)
    assert last_called(call, frozenset(), CONTENT.hotlines, CONTENT.accused) == call


# The campaign's file


def check(folder: Path, desks: dict[str, list[str]]) -> str:
    copy = Path(shutil.copytree(ROOT / "content", folder / "content"))
    table = yaml.safe_load((copy / "routing.yml").read_text("utf-8"))
    for name, bodies in desks.items():
        table["desks"][name]["bodies"] = bodies
    (copy / "routing.yml").write_text(yaml.safe_dump(table, sort_keys=False, allow_unicode=True), "utf-8")
    try:
        read(copy)
    except ContentError as error:
        return str(error)
    return ""


def test_an_unknown_body_is_named(tmp_path: Path) -> None:
    assert "demo-mx: there is no body polise in accused.yml; known are police" in check(
        tmp_path, {"demo-mx": ["polise"]}
    )


def test_one_desk_has_to_belong_to_no_authority(tmp_path: Path) -> None:
    everywhere = dict.fromkeys(CONTENT.routing.desks, ["police"])
    assert "one must belong to none" in check(tmp_path, everywhere)


# From filing on


@pytest.fixture
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """north and south are the police's: north-mx → east-gt → south-hn → north-mx."""
    with town(runtime, tmp_path_factory.getbasetemp() / "town") as made:
        folder = tmp_path_factory.mktemp("accused")
        copy = Path(shutil.copytree(tmp_path_factory.getbasetemp() / "town/content", folder / "content"))
        table = yaml.safe_load((copy / "routing.yml").read_text("utf-8"))
        for name in ("north-mx", "south-hn"):
            table["desks"][name]["bodies"] = ["police"]
        (copy / "routing.yml").write_text(yaml.safe_dump(table, sort_keys=False), "utf-8")
        ours = replace(made.runtime, shelf=Shelf(copy))
        made.work.runtime = ours
        yield Town(ours, made.work)


ABUSE = {"crime_type": CRIME, "what": "dos policías me quitaron el dinero"}


def test_filed_it_goes_past_the_accused_and_no_time_brings_it_there(faro: Town) -> None:
    with faro.runtime.sessions.begin() as session:
        report = filed(faro.runtime, "north-mx", at=START, **ABUSE)
        assert report.desk == "night" and session.get_one(Report, report.id).routed_why["accused"] == ["police"]  # type: ignore[index]
    faro.changes(report.id, desk="east-gt")
    for n in range(1, 6):
        passing.run(faro.runtime, START + n * OTHER)
        assert faro.report(report.id).desk in ("east-gt", "night")
    with faro.runtime.sessions() as session:
        assert not session.query(ReportEvent).filter_by(report_id=report.id, to_desk="south-hn").count()


def test_also_what_they_said_before_the_question_counts(faro: Town) -> None:
    report = filed(faro.runtime, "north-mx", "la policía me robó", at=START, crime_type=CRIME, what="me pegaron")
    assert report.desk == "night"


def test_to_hand_it_over_there_somebody_has_to_say_that_it_does_not_accuse_them(faro: Town) -> None:
    moving, report = Moving(faro.work), filed(faro.runtime, "north-mx", at=START, **ABUSE)
    night = operator("night")
    with pytest.raises(WrongStep, match="accuses"):
        moving.ask(night, report.id, "north-mx", "", sure=False)
    [*free, north, south] = moving.shown(night, report).others
    assert {north.id, south.id} == {"north-mx", "south-hn"} and north.accused == "the police"
    assert not any(other.accused for other in free)
    assert moving.ask(night, report.id, "north-mx", "", sure=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_body_has_a_name_in_each_language(language: str) -> None:
    assert all(body.name[language] for body in CONTENT.accused.values())
