"""Whether a message may go now, and when it is tried again: the table of cases is tests/cases/policy.yml."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot import policy
from bot.messages import NotSent, Then
from bot.policy import Case, Decision, Next, Way, after_failure, back_off, decide, window_open

CASES = yaml.safe_load((Path(__file__).parent / "cases/policy.yml").read_text("utf-8"))
KINDS = ("reply", "apology", "case", "notice", "template")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON = timedelta(minutes=1)
any_case = st.builds(Case, st.sampled_from(KINDS), *[st.booleans()] * 5, st.sampled_from((None, True, False)),
                     *[st.booleans()] * 3)  # fmt: skip


def told() -> Iterator[Any]:
    for title, rows in CASES.items():
        for row in rows:
            yield pytest.param(row, id=f"{title}: {row['name']}")


def case(row: dict[str, Any]) -> Case:
    known = set(Case.__dataclass_fields__) | {"name", "window", "template", "asked", "way", "reason"}
    assert not set(row) - known, f"an unknown word in {row['name']}"
    said = {name: row[name] for name in Case.__dataclass_fields__ if name in row}
    window = {"open": True, "shut": False, None: None}[row.get("window")]
    more = {"has_template": row.get("template", False), "asked_already": row.get("asked", False)}
    return Case(**said, window_open=window, **more)


@pytest.mark.parametrize("row", told())
def test_whether_it_may_go(row: dict[str, Any]) -> None:
    assert decide(case(row)) == Decision(Way[row["way"]], row.get("reason"))


@given(any_case)
def test_words_of_a_desk_are_never_dropped(one: Case) -> None:
    """They may wait, but nothing that a desk wrote is thrown away."""
    assert one.kind != "case" or decide(one).way is not Way.WITHHOLD


@given(any_case)
def test_nothing_unasked_goes_to_who_said_stop_or_blocked_us(one: Case) -> None:
    if decide(one).way in (Way.SEND, Way.BY_SMS, Way.ASK) and one.kind == "notice":
        assert not one.stopped and not one.blocked


@given(any_case)
def test_free_text_never_goes_out_of_the_24_hours(one: Case) -> None:
    if one.window_open is False and one.kind != "template":
        assert decide(one).way is not Way.SEND


@given(any_case)
def test_what_does_not_go_has_a_reason(one: Case) -> None:
    found = decide(one)
    assert (found.reason is None) == (found.way is Way.SEND)


def ago(**since: float) -> datetime:
    return NOON - timedelta(**since)


WINDOWS = [
    pytest.param(ago(seconds=1), None, True, id="wrote a second ago"),
    pytest.param(ago(hours=23, minutes=58), None, True, id="wrote 23:58 ago"),
    pytest.param(ago(hours=23, minutes=59), None, False, id="wrote 23:59 ago: clocks differ"),
    pytest.param(ago(hours=24), None, False, id="wrote 24:00 ago"),
    pytest.param(ago(days=30), None, False, id="wrote a month ago"),
    pytest.param(None, None, False, id="never wrote"),
    pytest.param(ago(hours=2), ago(hours=1), False, id="WhatsApp refused since"),
    pytest.param(ago(hours=2), ago(hours=2), False, id="WhatsApp refused at that moment"),
    pytest.param(ago(hours=1), ago(hours=2), True, id="wrote since WhatsApp refused"),
    pytest.param(None, ago(hours=2), False, id="never wrote, and WhatsApp refused"),
]


@pytest.mark.parametrize(("wrote", "shut", "open_now"), WINDOWS)
def test_whatsapp_takes_free_text_for_a_day(wrote: datetime | None, shut: datetime | None, open_now: bool) -> None:
    assert window_open(wrote, shut, NOON) is open_now


LONG = timedelta(hours=24, seconds=1)
FAILURES = [
    ("they stopped us: decide says what follows", Then.STOPPED, None, SOON, 0, Next("waiting", "c")),
    ("they stopped us, a day later", Then.STOPPED, None, LONG, 0, Next("waiting", "c")),
    ("the window is shut: decide says what follows", Then.WINDOW, None, SOON, 0, Next("waiting", "c")),
    ("the window is shut, a day later", Then.WINDOW, None, LONG, 0, Next("waiting", "c")),
    ("it will never pass", Then.GIVE_UP, None, SOON, 0, Next("failed", "c")),
    ("it did not pass for a day", Then.RETRY, None, LONG, 0, Next("failed", "c")),
    ("too fast, told for how long", Then.SLOW_DOWN, 17.0, SOON, 0, Next("waiting", "c", 17.0, 17.0)),
    ("too fast, not told for how long", Then.SLOW_DOWN, None, SOON, 0, Next("waiting", "c", 5.0, 5.0)),
    ("too fast, but come back at once", Then.SLOW_DOWN, 0.0, SOON, 0, Next("waiting", "c", 5.0, 5.0)),
    ("too fast for a day", Then.SLOW_DOWN, None, LONG, 0, Next("failed", "c")),
    ("no answer, where one can look", Then.LOOK, None, SOON, 0, Next("sending", "c", 60.0)),
    ("no answer for the first time", Then.LOOK, None, SOON, 1, Next("sending", "c", 60.0)),
    ("no answer for the second time", Then.LOOK, None, SOON, 2, policy.NO_ANSWER),
    ("no answer for a day", Then.LOOK, None, LONG, 0, Next("failed", "c")),
]


FAILED = [pytest.param(*values, id=name) for name, *values in FAILURES]


@pytest.mark.parametrize(("then", "told", "tried", "lost", "wanted"), FAILED)
def test_what_becomes_of_it(then: Then, told: float | None, tried: timedelta, lost: int, wanted: Next) -> None:
    assert after_failure(NotSent(then, "c", told), 1, tried, lost) == wanted


def test_every_failure_is_told_of() -> None:
    assert {failure[1] for failure in FAILURES} == set(Then)


def test_what_may_pass_later_is_tried_later() -> None:
    found = after_failure(NotSent(Then.RETRY, "c"), 3, SOON, 0)
    assert (found.status, found.reason, found.pause) == ("waiting", "c", None)
    assert found.wait is not None and 160 <= found.wait <= 480


def tries_in_a_day() -> int:
    """How often a message is sent to a provider that is down all day."""
    elapsed, tries = timedelta(), 0
    while True:
        tries += 1
        found = after_failure(NotSent(Then.RETRY, "down"), tries, elapsed, 0)
        if found.status == "failed":
            return tries
        elapsed += timedelta(seconds=found.wait or 0)


@pytest.mark.parametrize("jitter", [pytest.param(n, id=f"{n:.0%} of each wait") for n in (0.5, 1.0, 1.5)])
def test_a_provider_that_is_down_all_day_is_asked_ten_times_or_so(
    jitter: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: jitter)
    assert 9 <= tries_in_a_day() <= 14


@given(st.randoms(use_true_random=False))
def test_there_are_at_least_five_tries_in_a_day(chance: random.Random) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random, "uniform", chance.uniform)
        assert sum(back_off(n) for n in range(1, 5)) < policy.TRY_FOR.total_seconds()


@pytest.mark.parametrize("attempts", range(1, 6))
def test_each_wait_is_longer_than_the_last_whatever_the_jitter(attempts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    longest = back_off(attempts)
    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    assert back_off(attempts + 1) > longest


def test_no_wait_is_longer_than_nine_hours() -> None:
    assert max(back_off(n) for n in (7, 50, 500) for _ in range(100)) <= 9 * 3600


def test_a_thousand_messages_do_not_come_back_at_the_same_moment() -> None:
    random.seed(20261122)
    assert len({back_off(3) for _ in range(1000)}) == 1000
