"""A partner's system receives a desk's reports: the example receiver of docs/partner.md as a process, over a socket."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import procrastinate
import pytest
from click.testing import CliRunner
from nacl.public import PrivateKey, SealedBox
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from actions.handoff import AskPerson
from actions.report import FileReport, RuntimeAction
from bot import erasing, partner_keys, partner_sending, partners, passing, rotating, transcript
from bot.channels.webhook import signature
from bot.content import Shelf
from bot.content.desks import desk as read_desk
from bot.desk.moving import Moving
from bot.desk.work import Work
from bot.gateway import application
from bot.media import LARGEST
from bot.runtime import Runtime
from bot.settings import ROOT, Settings, demonstration
from bot.staff.commands import check
from bot.store.alerts import PartnerPost
from bot.store.keys import PartnerKey
from bot.store.models import Contact, Inbound, Media, Report, now
from tests.channels import AT_HOME, Kept, queue, with_settings
from tests.conftest import free_port, wait_until
from tests.desk import member
from tests.fakes.wire import Prepared
from tests.keeper import keeper
from tests.kept import days_later
from tests.kept import made as made_case
from tests.kept import own as own_house
from tests.outside import System
from tests.talk import Phone
from tests.towns import operator

__all__ = ["queue"]
pytestmark = AT_HOME

SECRET = "s" * 40
CANARY = "canariosocio"


@dataclass
class Receiver:
    """docs/partner_receiver.py itself."""

    url: str
    folder: Path

    def reports(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text("utf-8")) for file in sorted(self.folder.glob("*.json"))]

    def is_sent(self, body: bytes, secret: str = SECRET, late: float = 0, **headers: str) -> int:
        """Its answer to whoever sends this."""
        timestamp = str(int(time.time() - late))
        signed = {"Faro-Timestamp": timestamp, "Faro-Signature": signature(secret, timestamp, body)} | headers
        return httpx.post(self.url, content=body, headers=signed, trust_env=False).status_code


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture
def receiver(key: PrivateKey, tmp_path: Path) -> Iterator[Receiver]:
    port, folder = free_port(), tmp_path / "taken"
    folder.mkdir()
    private = base64.b64encode(bytes(key)).decode()
    command = [sys.executable, str(ROOT / "docs/partner_receiver.py"), str(port), str(folder)]
    process = subprocess.Popen(command, env=os.environ | {"FARO_SECRET": SECRET, "FARO_PRIVATE_KEY": private})
    wait_until(lambda: answers(port), "the receiver")
    yield Receiver(f"http://127.0.0.1:{port}/faro", folder)
    process.kill()
    process.wait()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 501
    except httpx.HTTPError:
        return False


def with_partner(runtime: Runtime, key: PrivateKey, url: str, **more: Any) -> Runtime:
    """The desk demo-mx has the partner casehouse."""
    row = {"url": url, "secret": SECRET, "key": base64.b64encode(bytes(key.public_key)).decode()}
    changed = with_settings(runtime, partners=json.dumps({"casehouse": row}), webhooks_inside=True, **more)
    return replace(changed, shelf=campaign())


@cache
def campaign() -> Shelf:
    """The campaign's content, where demo-mx has a partner."""
    return Shelf(with_line(Path(tempfile.mkdtemp())))


def with_line(folder: Path) -> Path:
    copy = Path(shutil.copytree(ROOT / "content", folder / "content"))
    table = copy / "routing.yml"
    lines = table.read_text("utf-8").replace("  demo-mx:\n", "  demo-mx:\n    partner: casehouse\n", 1)
    table.write_text(lines, "utf-8")
    return copy


def files(runtime: Runtime, desk: str = "demo-mx", **what: Any) -> PartnerPost | None:
    """What waits for the partner after somebody filed a report."""
    report = report_at(runtime, desk, **what)
    with runtime.sessions() as session:
        posts = select(PartnerPost).where(PartnerPost.report_id == report.id, PartnerPost.media_id.is_(None))
        return session.scalars(posts).one_or_none()


def report_at(
    runtime: Runtime, desk: str, action: type[RuntimeAction] = FileReport, pictures: int = 0, **slots: Any
) -> Report:
    """A report that the very action of the engine filed, with so many ``pictures``."""
    keeper(runtime)
    phone = Phone(runtime, "+5255", "es")
    phone.stores("text", text=CANARY)
    told = {"country": desk[-2:].upper(), "crime_type": "robbery", "danger": "no", "what": CANARY} | slots
    with runtime.sessions.begin() as session:
        inbound = session.scalars(select(Inbound.id).where(Inbound.contact_id == phone.contact)).one()
        for n in range(pictures):
            sealed = runtime.vault.seal_bytes(picture(n))
            session.add(Media(inbound_id=inbound, content_type="image/png", size=len(picture(n)), body_sealed=sealed))
    events = [{"event": "user", "message_id": str(inbound)}]
    for _ in range(2):  # the engine may ask twice
        action(runtime).run(CollectingDispatcher(), Tracker("x", told, {}, events, False, None, {}, None), {})
    with runtime.sessions() as session:
        return session.scalars(select(Report).where(Report.inbound_id == inbound)).one()


def picture(n: int) -> bytes:
    return f"{CANARY} picture {n}".encode() * 1000


def waits(runtime: Runtime, **more: Any) -> PartnerPost:
    post = files(runtime, **more)
    assert post is not None
    return post


def turn_ends(runtime: Runtime, post: PartnerPost) -> None:
    """What belongs to the report goes into its box."""
    with runtime.sessions.begin() as session:
        transcript.into_box(session, runtime.vault, session.get_one(Report, post.report_id))


def said(runtime: Runtime, post: PartnerPost) -> dict[str, Any]:
    """The very body that is sent."""
    with runtime.sessions() as session:
        found = session.get_one(PartnerPost, post.id)
        key = partner_keys.of(session, found.report_id, found.partner)
        assert key
        file = session.get_one(Media, found.media_id) if found.media_id else None
        return dict(partner_sending._payload(session, found, key, file))


def row(runtime: Runtime, post: PartnerPost) -> PartnerPost:
    with runtime.sessions() as session:
        return session.get_one(PartnerPost, post.id)


def passes(runtime: Runtime, post: PartnerPost, time: timedelta) -> None:
    """Time passes for it."""
    with runtime.sessions.begin() as session:
        found = session.get_one(PartnerPost, post.id)
        found.created_at -= time
        found.next_try_at = now() if found.next_try_at else None


# Over a socket, to the receiver of the docs


def test_the_partner_reads_the_report_and_nobody_else_does(
    runtime: Runtime, receiver: Receiver, key: PrivateKey
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro, danger="yes", minor="yes")
    assert CANARY not in Kept(faro).dump("partner_post", "partner_key", "procrastinate_jobs")
    assert all(CANARY.encode() not in base64.b64decode(said(faro, post)[part]) for part in ("key", "about", "told"))
    assert partner_sending.send(faro, post.id) is None
    with faro.sessions() as session:
        report = session.get_one(Report, post.report_id)
    (taken,) = receiver.reports()
    assert taken == {
        "case": report.number, "filed_at": report.filed_at.isoformat(timespec="seconds"), "kind": "report",
        "desk": "demo-mx", "crime_type": "robbery", "country": "MX", "urgent": True, "minor": True, "language": "es",
        "slots": {"country": "MX", "crime_type": "robbery", "danger": "yes", "minor": "yes", "what": CANARY},
        "words": [CANARY], "why": "filed", "files": [], "all_files": 0,
    }  # fmt: skip
    assert row(faro, post).status == "taken"


def test_a_repeat_is_taken_and_kept_once(runtime: Runtime, receiver: Receiver, key: PrivateKey) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro)
    partner_sending.send(faro, post.id)
    (file,) = receiver.folder.glob("*.json")
    before = file.stat().st_mtime_ns
    with faro.sessions.begin() as session:  # our process died before it wrote down that it was taken
        again = session.get_one(PartnerPost, post.id)
        again.status, again.next_try_at = "waiting", now()
    assert partner_sending.send(faro, post.id) is None and row(faro, post).status == "taken"
    assert [f.stat().st_mtime_ns for f in receiver.folder.iterdir()] == [before]


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, 200), ({"secret": "x" * 40}, 403), ({"late": 301}, 403), ({"late": -330}, 403), ({"late": 290}, 200),
     ({"Faro-Signature": ""}, 403), ({"Faro-Timestamp": "soon"}, 403)],
)  # fmt: skip
def test_the_receiver_believes_only_what_is_fresh_and_signed(
    change: dict[str, Any], code: int, runtime: Runtime, receiver: Receiver, key: PrivateKey
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro)
    assert receiver.is_sent(json.dumps(said(faro, post)).encode(), **change) == code
    assert len(receiver.reports()) == (code == 200)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 1},
        {"told": "AAAA"},
        {"about": ""},
        {"key": "AAAA"},
        {"id": "../../x"},
        {"told": 7},
        {"file": "AAAA"},
    ],
)
def test_the_receiver_keeps_nothing_that_it_cannot_open(
    wrong: dict[str, Any], runtime: Runtime, receiver: Receiver, key: PrivateKey
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    assert receiver.is_sent(json.dumps(said(faro, waits(faro)) | wrong).encode()) == 400
    assert receiver.is_sent(b"[]") == 400 and list(receiver.folder.iterdir()) == []


def test_a_report_sealed_to_another_key_is_refused_and_tried_again(runtime: Runtime, receiver: Receiver) -> None:
    faro = with_partner(runtime, PrivateKey.generate(), receiver.url)
    post = waits(faro)
    assert partner_sending.send(faro, post.id) and row(faro, post).reason == "webhook 400"
    assert row(faro, post).status == "waiting" and receiver.reports() == []


def test_a_wrong_secret_of_ours_is_refused_and_tried_again(
    runtime: Runtime, receiver: Receiver, key: PrivateKey
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro)
    wrong = with_settings(faro, partners=(faro.settings.partners or "").replace(SECRET, "w" * 40))
    assert partner_sending.send(wrong, post.id) and row(faro, post).reason == "webhook 403"
    passes(faro, post, timedelta(minutes=1))
    assert partner_sending.send(faro, post.id) is None and len(receiver.reports()) == 1


def test_who_asks_for_a_person_is_told_to_the_partner_too(
    runtime: Runtime, receiver: Receiver, key: PrivateKey
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro, action=AskPerson)
    partner_sending.send(faro, post.id)
    (taken,) = receiver.reports()
    assert (taken["kind"], taken["words"], taken["slots"]) == ("request", [CANARY], {"country": "MX"})


# When it is not taken


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [({"status": 500}, "webhook 500"), ({"drop": True}, "webhook no answer"), ({"refuse": True}, "webhook no answer"),
     ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, "webhook 302")],
)  # fmt: skip
def test_what_is_not_taken_comes_again_under_the_same_id(
    trouble: dict[str, Any], reason: str, runtime: Runtime, key: PrivateKey
) -> None:
    with System() as system:
        system.secret = SECRET
        faro = with_partner(runtime, key, f"{system.url}/hook")
        post = waits(faro)
        system.prepare(**trouble)
        wait = partner_sending.send(faro, post.id)
        assert wait and 0 < wait < 60 and (row(faro, post).status, row(faro, post).reason) == ("waiting", reason)
        assert partner_sending.send(faro, post.id) is not None  # not before its time
        passes(faro, post, timedelta(minutes=1))
        assert partner_sending.send(faro, post.id) is None and row(faro, post).status == "taken"
        assert {told["id"] for told in system.told} == {str(post.id)} and set(system.right) == {True}
        assert {r.headers["Idempotency-Key"] for r in system.requests} == {str(post.id)}


def test_who_never_answers_is_not_waited_for(
    runtime: Runtime, key: PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.webhook.WHOLE", 0.5)
    with System() as system:
        faro = with_partner(runtime, key, f"{system.url}/hook")
        post = waits(faro)
        system._prepared.append(Prepared(delay=20))
        began = time.monotonic()
        assert partner_sending.send(faro, post.id) and time.monotonic() - began < 5
        assert row(faro, post).reason == "webhook no answer"


def test_after_three_days_the_desk_sees_it_and_nothing_is_kept(
    runtime: Runtime, key: PrivateKey, queue: procrastinate.App
) -> None:
    faro = with_partner(runtime, key, f"http://127.0.0.1:{free_port()}/")
    post = waits(faro)
    passes(faro, post, timedelta(days=2, hours=23))
    assert partner_sending.send(faro, post.id) and row(faro, post).reason == "webhook no connection"
    passes(faro, post, timedelta(hours=2))
    assert partner_sending.send(faro, post.id) is None
    assert row(faro, post).status == "failed"
    with faro.sessions() as session:
        number = session.get_one(Report, post.report_id).number
    app = application(faro, queue)
    words = f"{number} was not delivered to the partner system casehouse"
    assert words in member(app, faro, ["demo-mx"]).get("/desk/").get_data(as_text=True)
    assert words not in member(app, faro, ["demo-gt"]).get("/desk/").get_data(as_text=True)


@pytest.mark.parametrize(
    "set_to",
    [None, "{}", "no json", '{"casehouse": 7}', '{"casehouse": {"url": "https://x.org/"}}',
     '{"casehouse": {"url": "http://x.org/", "secret": "ssssssssssssssssssssssssssssssssssssssss", "key": "AAAA"}}'],
)  # fmt: skip
def test_a_partner_that_is_not_configured_keeps_nobody_from_filing(
    set_to: str | None, runtime: Runtime, key: PrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    faro = with_settings(with_partner(runtime, key, "https://example.org/"), partners=set_to)
    post = waits(faro)
    assert (post.status, post.reason) == ("failed", "not configured")
    assert SECRET not in caplog.text and "x.org" not in caplog.text


# What waits, and for how long


def test_a_report_and_what_goes_to_the_partner_are_filed_together_once(runtime: Runtime, key: PrivateKey) -> None:
    faro = with_partner(runtime, key, "https://example.org/")
    post = waits(faro)
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'faro:partner' AND args = CAST(:a AS jsonb)"
    with faro.sessions() as session:
        assert session.scalar(text(jobs), {"a": json.dumps({"post": str(post.id)})}) == 1
    assert files(faro, "demo-gt") is None  # a desk without a partner


def test_what_waits_goes_with_an_erased_person(runtime: Runtime, key: PrivateKey) -> None:
    faro = with_partner(runtime, key, "https://example.org/")
    for status, kept in [("filed", 0), ("accepted", 1)]:
        post = waits(faro)
        with faro.sessions.begin() as session:
            report = session.get_one(Report, post.report_id)
            report.status = status
            contact = session.get_one(Contact, report.contact_id)
            erasing.erase(session, contact, session.get_one(Inbound, report.inbound_id))
        with faro.sessions() as session:
            assert session.get(PartnerPost, post.id) is None
            assert partner_keys.of(session, post.report_id, "casehouse") is None
            assert session.scalar(select(func.count()).where(Report.id == post.report_id)) == kept


def test_what_waits_goes_with_a_reduced_report(
    runtime: Runtime, key: PrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with own_house(with_partner(runtime, key, "https://example.org/"), tmp_path_factory.mktemp("partner")) as faro:
        case = made_case(faro)
        with faro.sessions.begin() as session:
            session.add(PartnerPost(report_id=case.report.id, partner="casehouse", desk="demo-mx", why="filed"))
            session.add(PartnerKey(report_id=case.report.id, partner="casehouse", desk="demo-mx", private_boxed=b"x"))
        erasing.forget(faro, days_later(case, 91))
        with faro.sessions() as session:
            assert session.scalar(select(func.count()).select_from(PartnerPost)) == 0
            assert session.scalar(select(func.count()).select_from(PartnerKey)) == 0
            assert session.get_one(Report, case.report.id).reduced_at is not None


def test_the_addresses_of_alerts_are_sealed_anew_and_what_partners_get_is_in_boxes() -> None:
    sealed = {str(column) for column in rotating.sealed()}
    assert {"alert_setting.address_sealed", "alert_setting.secret_sealed"} <= sealed
    assert not any(name.startswith("partner_") for name in sealed)


# Pictures and recordings


def each_goes(faro: Runtime, report: uuid.UUID) -> list[float | None]:
    """Send all that waits of a report, the report first."""
    with faro.sessions() as session:
        posts = select(PartnerPost.id).where(PartnerPost.report_id == report)
        found = session.scalars(posts.order_by(PartnerPost.media_id.asc().nulls_first())).all()
    return [partner_sending.send(faro, post) for post in found]


def statuses(faro: Runtime, report: uuid.UUID) -> list[str]:
    with faro.sessions() as session:
        return sorted(session.scalars(select(PartnerPost.status).where(PartnerPost.report_id == report)))


def test_the_pictures_come_with_the_report_each_by_itself(
    runtime: Runtime, receiver: Receiver, key: PrivateKey
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro, pictures=2)
    turn_ends(faro, post)
    assert each_goes(faro, post.report_id) == [None] * 3 and statuses(faro, post.report_id) == ["taken"] * 3
    taken = {file.stem: json.loads(file.read_text("utf-8")) for file in receiver.folder.glob("*.json")}
    report = taken.pop(str(post.id))
    assert (report["words"], report["all_files"]) == ([CANARY], 2)
    assert [one["id"] for one in report["files"]] and {one["id"] for one in report["files"]} == set(taken)
    for n, one in enumerate(report["files"]):
        assert (receiver.folder / f"{one['id']}.bin").read_bytes() == picture(n)
        assert taken[one["id"]] == {"case": report["case"], "content_type": "image/png", "size": len(picture(n))}
        assert one == {"id": one["id"]} | {k: v for k, v in taken[one["id"]].items() if k != "case"}


def test_a_picture_waits_until_it_is_in_the_reports_box(runtime: Runtime, receiver: Receiver, key: PrivateKey) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro, pictures=1)
    assert each_goes(faro, post.report_id) == [None, partner_sending.BOXED_SOON]  # the turn has not ended
    assert len(receiver.reports()) == 1
    turn_ends(faro, post)
    assert each_goes(faro, post.report_id) == [None, None] and len(list(receiver.folder.glob("*.bin"))) == 1


def test_a_file_as_large_as_we_keep_is_taken_and_of_many_only_so_many_go(
    runtime: Runtime, receiver: Receiver, key: PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    monkeypatch.setattr("tests.test_partner.picture", lambda n: bytes(LARGEST))
    post = waits(faro, pictures=1)
    turn_ends(faro, post)
    assert each_goes(faro, post.report_id) == [None, None]
    assert [file.stat().st_size for file in receiver.folder.glob("*.bin")] == [LARGEST]
    monkeypatch.undo()
    post = waits(faro, pictures=partners.MOST_FILES + 2)
    told = said_about(faro, post, key)
    assert (len(told["files"]), told["all_files"]) == (partners.MOST_FILES, partners.MOST_FILES + 2)


def said_about(faro: Runtime, post: PartnerPost, key: PrivateKey) -> dict[str, Any]:
    sent = said(faro, post)
    private = SealedBox(key).decrypt(base64.b64decode(sent["key"]))
    return dict(json.loads(SealedBox(PrivateKey(private)).decrypt(base64.b64decode(sent["about"]))))


# Passed on, handed over


def arrived(faro: Runtime, report: uuid.UUID) -> list[tuple[str, str, str]]:
    """What was put on its way to the partner: (desk, why, status)."""
    with faro.sessions() as session:
        posts = session.scalars(select(PartnerPost).where(PartnerPost.report_id == report))
        return [(post.desk, post.why, post.status) for post in posts]


def further_on(runtime: Runtime, key: PrivateKey, url: str) -> Runtime:
    """What demo-gt does not accept goes to demo-mx, which has the partner."""
    faro = with_partner(runtime, key, url)
    content = Path(tempfile.mkdtemp())
    table = with_line(content) / "routing.yml"
    words = table.read_text("utf-8")
    table.write_text(words.replace("  demo-gt:\n", "  demo-gt:\n    next: demo-mx\n", 1), "utf-8")
    return replace(faro, shelf=Shelf(content / "content"))


def from_guatemala(faro: Runtime, pictures: int = 1) -> Report:
    """A report at demo-gt, whose words and picture are in its box."""
    filed = report_at(faro, "demo-gt", pictures=pictures, may_reply="yes")
    assert arrived(faro, filed.id) == []
    with faro.sessions.begin() as session:
        report = session.get_one(Report, filed.id)
        transcript.into_box(session, faro.vault, report)
        return report


def passes_on(faro: Runtime, report: Report) -> None:
    with faro.sessions.begin() as session:
        passing.pass_on(session, faro, report.id, report.accept_by)


def test_a_report_that_is_passed_on_reaches_the_partner_though_nobody_here_can_open_it(
    runtime: Runtime, receiver: Receiver, key: PrivateKey
) -> None:
    faro = further_on(runtime, key, receiver.url)
    report = from_guatemala(faro)
    assert arrived(faro, report.id) == []
    passes_on(faro, report)
    assert arrived(faro, report.id) == [("demo-mx", "passed_on", "waiting")] * 2
    assert each_goes(faro, report.id) == [None, None]
    whole = next(one for one in receiver.reports() if "words" in one)
    assert (whole["case"], whole["desk"], whole["why"], whole["words"]) == (
        report.number, "demo-mx", "passed_on", [CANARY],
    )  # fmt: skip
    assert [file.read_bytes() for file in receiver.folder.glob("*.bin")] == [picture(0)]


def test_what_is_passed_on_again_and_again_reaches_the_partner_once(runtime: Runtime, key: PrivateKey) -> None:
    faro = further_on(runtime, key, "https://example.org/")
    report = from_guatemala(faro, pictures=0)
    for _ in range(2):
        with faro.sessions.begin() as session:
            partners.arrived(session, faro, moved(session, report, "demo-mx"), "passed_on")
    assert arrived(faro, report.id) == [("demo-mx", "passed_on", "waiting")]


def moved(session: Session, report: Report, desk: str) -> Report:
    found = session.get_one(Report, report.id)
    found.desk = desk
    return found


def test_once_a_desk_accepts_no_partner_further_on_can_ever_open_it(
    runtime: Runtime, key: PrivateKey, queue: procrastinate.App
) -> None:
    faro = further_on(runtime, key, "https://example.org/")
    report = from_guatemala(faro)
    assert held(faro, report)
    assert Work(faro, queue, lambda: keeper(faro)).accept(operator("demo-gt"), report.id)
    assert not held(faro, report)


def held(faro: Runtime, report: Report) -> bool:
    with faro.sessions() as session:
        return partner_keys.of(session, report.id, "casehouse") is not None


def test_what_waits_is_dropped_when_another_desk_accepts(
    runtime: Runtime, receiver: Receiver, key: PrivateKey, queue: procrastinate.App
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post = waits(faro)
    with faro.sessions.begin() as session:
        moved(session, session.get_one(Report, post.report_id), "demo")  # the partner did not answer, nor the desk
    assert Work(faro, queue, lambda: keeper(faro)).accept(operator("demo"), post.report_id)
    assert partner_sending.send(faro, post.id) is None
    assert (row(faro, post).status, receiver.reports()) == ("dropped", [])


def test_what_was_dropped_goes_when_the_report_comes_back(
    runtime: Runtime, receiver: Receiver, key: PrivateKey, queue: procrastinate.App
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    post, moving = waits(faro), Moving(Work(faro, queue, lambda: keeper(faro)))
    turn_ends(faro, post)
    with faro.sessions.begin() as session:
        moved(session, session.get_one(Report, post.report_id), "demo")
    moving.work.accept(operator("demo"), post.report_id)
    partner_sending.send(faro, post.id)
    moving.ask(operator("demo"), post.report_id, "demo-mx", "", sure=False)
    moving.accept(operator("demo-mx"), post.report_id)
    assert arrived(faro, post.report_id) == [("demo-mx", "handed_over", "waiting")]
    assert partner_sending.send(faro, post.id) is None and receiver.reports()[0]["words"] == [CANARY]


def test_a_report_that_is_handed_over_reaches_the_partner_when_its_desk_accepts(
    runtime: Runtime, receiver: Receiver, key: PrivateKey, queue: procrastinate.App
) -> None:
    faro = with_partner(runtime, key, receiver.url)
    report = from_guatemala(faro)
    moving = Moving(Work(faro, queue, lambda: keeper(faro)))
    assert moving.work.accept(operator("demo-gt"), report.id)
    assert moving.ask(operator("demo-gt"), report.id, "demo-mx", "", sure=False)
    assert held(faro, report) and arrived(faro, report.id) == []  # they have not accepted yet
    assert moving.accept(operator("demo-mx"), report.id)
    assert each_goes(faro, report.id) == [None, None]
    whole = next(one for one in receiver.reports() if "words" in one)
    assert (whole["why"], whole["words"], len(whole["files"])) == ("handed_over", [CANARY], 1)


def test_a_hand_over_that_is_refused_leaves_the_partner_without_a_key(
    runtime: Runtime, key: PrivateKey, queue: procrastinate.App
) -> None:
    faro = with_partner(runtime, key, "https://example.org/")
    report = from_guatemala(faro)
    moving = Moving(Work(faro, queue, lambda: keeper(faro)))
    moving.work.accept(operator("demo-gt"), report.id)
    moving.ask(operator("demo-gt"), report.id, "demo-mx", "", sure=False)
    assert moving.refuse(operator("demo-mx"), report.id, "no es de aquí")
    assert not held(faro, report) and arrived(faro, report.id) == []


# What staff write


def test_routing_names_the_partner_of_a_desk() -> None:
    name = {"name": {"en": "X"}}
    assert read_desk("", "x", name | {"partner": "casehouse"}).partner == "casehouse"
    assert read_desk("", "x", name).partner is None


@pytest.mark.parametrize(
    ("set_to", "told"),
    [(None, False), ('{"casehouse": {}}', False), ('{"other": {}}', True), ("no json", True)],
)
def test_content_check_warns_of_an_unknown_partner_only_where_partners_are_set(
    set_to: str | None, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FARO_PARTNERS", raising=False)
    if set_to:
        monkeypatch.setenv("FARO_PARTNERS", set_to)
    checked = CliRunner().invoke(check, [str(with_line(tmp_path))])
    assert checked.exit_code == 0
    assert ("the partner casehouse is not in FARO_PARTNERS" in checked.output) == told


def test_a_demonstration_sends_to_no_partner_and_no_mailbox(settings: Settings) -> None:
    real = settings.model_copy(update={"partners": "{}", "smtp_url": "smtp://mail.example.org"})
    assert demonstration(real).partners is None and demonstration(real).smtp_url is None
