"""Places: the table of cases is tests/cases/places.yml."""

import csv
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import gazetteer, places

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "places.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_message_tells_its_place(case: dict[str, Any]) -> None:
    found = places.find(case["text"], case.get("hint"), case.get("expected", False))
    told = (found.name, found.country) if found else (None, None)
    assert told == (case["place"], case.get("country"))


@pytest.mark.parametrize(
    ("answer", "country"),
    [
        ("MX", "MX"), ("mx", "MX"), ("GTM", "GT"), ("Mexique", "MX"), ("Etazini", "US"),
        ("eeuu", "US"), ("EE.UU.", "US"), ("en Panamá", "PA"), ("estoy en guate", "GT"),
        ("Brasil", "BR"), ("los Yunai", "US"), ("Tapachula", "MX"), ("salvador", "SV"),
        ("海地", "HT"), ("no", None), ("no se", None), ("ve", None), ("san jose", None), ("", None),
    ],
)  # fmt: skip
def test_an_answer_names_a_country(answer: str, country: str | None) -> None:
    assert places.country_in(answer) == country


@pytest.mark.parametrize(
    ("iso", "language", "name"),
    [
        ("MX", "es", "México"), ("US", "fr", "États-Unis"), ("HT", "ht", "Ayiti"),
        ("DO", "en", "Dominican Republic"), ("BR", "pt", "Brasil"), ("BO", "xx", "Bolivia"),
    ],
)  # fmt: skip
def test_a_country_is_named_in_a_language(iso: str, language: str, name: str) -> None:
    assert places.country_name(iso, language) == name


@pytest.mark.parametrize(
    ("town", "lat", "lon", "country"),
    [
        ("Reynosa", 26.092, -98.278, "MX"), ("Hidalgo, Texas", 26.100, -98.263, "US"),
        ("Nuevo Laredo", 27.476, -99.516, "MX"), ("Laredo", 27.506, -99.507, "US"),
        ("Ciudad Juárez, south", 31.690, -106.424, "MX"), ("El Paso", 31.762, -106.485, "US"),
        ("Tijuana", 32.515, -117.02, "MX"), ("Tapachula", 14.905, -92.263, "MX"),
        ("Ciudad Hidalgo", 14.680, -92.152, "MX"), ("Tecún Umán", 14.677, -92.140, "GT"),
        ("Necoclí", 8.426, -76.789, "CO"), ("Ouanaminthe", 19.549, -71.725, "HT"),
        ("Dajabón", 19.549, -71.708, "DO"),
    ],
)  # fmt: skip
def test_coordinates_tell_the_country(town: str, lat: float, lon: float, country: str) -> None:
    found = places.at(lat, lon)
    assert found and found.country == country


@pytest.mark.parametrize(("lat", "lon"), [(40.4, -3.7), (91.0, 0.0), (float("nan"), 0.0)])
def test_coordinates_elsewhere_tell_nothing(lat: float, lon: float) -> None:
    assert places.at(lat, lon) is None


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+525512345678", "MX"), ("+12125550123", "US"), ("+18095551234", "DO"),
        ("+14165550123", "CA"), ("+18765551234", "JM"), ("+50937123456", "HT"), ("+1", None),
        ("12345", None), ("", None), ("hola", None),
    ],
)  # fmt: skip
def test_a_number_tells_where_it_was_issued(number: str, country: str | None) -> None:
    assert places.phone_country(number) == country


@settings(max_examples=150, deadline=None)
@given(st.text(), st.booleans())
def test_no_text_breaks_it(text: str, expected: bool) -> None:
    places.find(text, "MX", expected)
    places.country_in(text)
    places.phone_country(text)


@pytest.mark.parametrize("text", ["👍" * 10_000, "ñ墨س x." * 1_667, "en la " * 1_667])
def test_long_messages_are_quick(text: str) -> None:
    places.find("hola")
    assert min(_time_of(text) for _ in range(3)) < 0.5  # the best of three: others may tidy up memory meanwhile


def _time_of(text: str) -> float:
    """Seconds of this process alone, as the machine may be busy."""
    start = time.process_time()
    places.find(text)
    return time.process_time() - start


@pytest.mark.parametrize("table", ["small_places.csv", "institutions.csv"])
def test_every_line_of_a_table_names_a_country_we_know(table: str) -> None:
    with (gazetteer.CONTENT / table).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows and all(row["country"] in gazetteer.load().countries and None not in row for row in rows)
    assert all((row.get("subdivision") or row["country"]).startswith(row["country"]) for row in rows)
    assert {row["strength"] for row in rows if "strength" in row} <= {"sure", "likely"}
