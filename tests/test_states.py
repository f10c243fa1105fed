"""Whatever happens to reports, in whatever order: never two owners, never none, never an illegal state.

Real functions on a real database; what must come of each step is worked out in tests/life.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit, boxes, copying, desk_keys, follow_up, handing, jobs, passing
from bot.desk.moving import Moving
from bot.desk.work import Work
from bot.erasing import erase, forget
from bot.reports import WrongStep
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Report, ReportEvent, now
from bot.store.working import Note
from tests.channels import AT_HOME, fresh_number
from tests.keeper import lines
from tests.life import ANSWER, COPY, KINDS, LEGAL, Life, Member, Staff, as_it_stands, campaign, grows_older, row_of
from tests.reports import filed
from tests.talk import Phone
from tests.towns import DESKS

pytestmark = AT_HOME
FEW = settings(
    max_examples=10, stateful_step_count=24, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
MOST = 2  # reports at a time
KIND, SERVED = st.sampled_from([*KINDS]), st.sampled_from([*COPY])
# Who tries a step, as they stand to the report.
WHO = st.sampled_from(["owner", "owner", "owner", "asked", "asked", "other"])


class Reports(RuleBasedStateMachine):
    faro: ClassVar[Runtime]
    staff: ClassVar[Staff]
    work: ClassVar[Work]
    moving: ClassVar[Moving]
    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.clock = timedelta()
        self.lives: dict[uuid.UUID, Life] = {}
        self.was: dict[uuid.UUID, str] = {}

    # What the person does

    @initialize(target=made, kind=KIND, desk=SERVED)
    def begins(self, kind: str, desk: str) -> uuid.UUID:
        return self.filed(kind, desk)

    @precondition(lambda self: sum(life.there == "whole" for life in self.lives.values()) < MOST)
    @rule(target=made, kind=KIND, desk=SERVED)
    def files(self, kind: str, desk: str) -> uuid.UUID:
        return self.filed(kind, desk)

    def filed(self, kind: str, desk: str) -> uuid.UUID:
        words = KINDS[kind].get("what", "me robaron")
        report = filed(self.faro, desk, words, **KINDS[kind])
        with self.faro.sessions.begin() as session:
            code = follow_up.give(self.faro.vault, session.get_one(Report, report.id))["receipt"]
        life = Life(kind, desk, code)
        life.arrives("night" if life.barred(desk) else desk, self.clock)
        life.copy = (COPY[desk], self.clock) if kind == "kidnapping" else None
        self.lives[report.id] = life
        return report.id

    @rule(report=made)
    def adds_words(self, report: uuid.UUID) -> None:
        life, phone = self.lives[report], self.borrowed(report)
        if life.there == "whole" and life.status != "closed":
            phone.taps("Agregar algo")
            phone.says("era un carro rojo")
            life.lines.append("era un carro rojo")

    @rule(report=made)
    def withdraws(self, report: uuid.UUID) -> None:
        life, phone = self.lives[report], self.borrowed(report)
        if life.there == "whole" and life.status != "closed":
            phone.taps("Retirar la denuncia")
            phone.taps("Sí, retirarla")
            life.status, life.offer, life.closed = "closed", None, self.clock

    def borrowed(self, report: uuid.UUID) -> Phone:
        """Another phone, on which the receipt is shown."""
        life, phone = self.lives[report], Phone(self.faro, fresh_number(), "es")
        heard = phone.says(life.receipt)[-1]
        known = life.there == "whole"
        assert ("No encuentro nada" in heard.text) is not known
        assert ("Agregar algo" in heard.options) is (known and life.status != "closed")
        return phone

    @rule(report=made, yes=st.booleans())
    def answers_about_the_copy(self, report: uuid.UUID, yes: bool) -> None:
        life = self.lives[report]
        waits = bool(life.copy and not life.agreed and self.clock - life.copy[1] < ANSWER)
        with self.faro.sessions.begin() as session:
            row = session.get(Report, report)
            found = copying.waiting(session, row.contact_id) if row and row.contact_id else None
            assert (found is not None) is waits
            if found and yes:
                assert copying.give(session, *found)
                life.agreed = True
            elif found:
                copying.forget(session, found[0].contact_id or uuid.uuid4())
                life.copy = None

    @rule(report=made)
    def wants_it_all_deleted(self, report: uuid.UUID) -> None:
        life = self.lives[report]
        if not life.person:
            return
        with self.faro.sessions() as session:
            contact = session.get_one(Contact, session.get_one(Report, report).contact_id)
            phone = Phone(self.faro, str(self.faro.vault.open(contact.address_sealed)), None)
        phone.stores("text", text="borre mis datos")
        stays = life.status != "filed" or life.held
        with self.faro.sessions.begin() as session:
            newest = select(Inbound).where(Inbound.contact_id == phone.contact).order_by(Inbound.id.desc())
            kept = erase(session, session.get_one(Contact, phone.contact), session.scalars(newest.limit(1)).one())
            assert len(kept) == stays
        life.person, life.copy = False, life.copy if life.agreed else None
        life.there, life.offer = ("whole", life.offer) if stays else ("erased", None)

    # What operators do

    @rule(report=made, who=WHO)
    def accepts(self, report: uuid.UUID, who: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        may = life.owned_by(member.desk) and life.status == "filed"
        if self.tries(report, member, lambda: self.work.accept(member.user, report), may):
            life.status, life.in_hand = "accepted", member.user.email

    @rule(report=made, who=WHO, outcome=st.sampled_from(["helped", "referred", "nonsense"]))
    def closes(self, report: uuid.UUID, who: str, outcome: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        free = life.status == "accepted" and not life.offer and outcome != "nonsense"
        may = life.owned_by(member.desk) and free
        if self.tries(report, member, lambda: self.work.close(member.user, report, outcome), may):
            life.status, life.closed = "closed", self.clock

    @rule(report=made, who=WHO, to=st.sampled_from([*DESKS, "nowhere"]))
    def hands_over(self, report: uuid.UUID, who: str, to: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        right = to in DESKS and to != life.desk and not life.barred(to)
        may = life.owned_by(member.desk) and life.status != "closed" and not life.offer and right
        if self.tries(report, member, lambda: self.moving.ask(member.user, report, to, "vean", sure=False), may):
            life.offer = (to, self.clock)

    @rule(report=made, who=WHO)
    def accepts_the_hand_over(self, report: uuid.UUID, who: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        may = life.offered_to(member.desk)
        if self.tries(report, member, lambda: self.moving.accept(member.user, report), may, reading=True):
            life.status, life.offer, life.desk, life.in_hand = "accepted", None, member.desk, member.user.email
            life.owners.append(member.desk)

    @rule(report=made, who=WHO, reason=st.sampled_from(["no es de aquí", " "]))
    def refuses_the_hand_over(self, report: uuid.UUID, who: str, reason: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        may = life.offered_to(member.desk) and bool(reason.strip())
        if self.tries(report, member, lambda: self.moving.refuse(member.user, report, reason), may, reading=True):
            life.offer = None

    @rule(report=made, who=WHO)
    def takes_the_hand_over_back(self, report: uuid.UUID, who: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        may = life.owned_by(member.desk) and life.offer is not None
        if self.tries(report, member, lambda: self.moving.withdraw(member.user, report), may):
            life.offer = None

    @rule(report=made, who=WHO)
    def gives_it_to_a_colleague(self, report: uuid.UUID, who: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        to = next((e for e in self.staff.emails(member.desk) if e != life.in_hand), "nobody@faro.test")
        may = life.owned_by(member.desk) and life.status == "accepted" and to != "nobody@faro.test"
        if self.tries(report, member, lambda: self.work.give(member.user, report, to), may):
            life.in_hand = to

    @rule(report=made, who=WHO)
    def writes_a_note(self, report: uuid.UUID, who: str) -> None:
        life, member = self.lives[report], self.member(report, who)
        may = life.owned_by(member.desk)
        if self.tries(report, member, lambda: self.work.note(member.user, report, "llamar"), may):
            life.notes += 1

    @rule(report=made, who=WHO, begins=st.booleans())
    def sets_or_ends_a_hold(self, report: uuid.UUID, who: str, begins: bool) -> None:
        life, member = self.lives[report], self.member(report, who)
        may = life.owned_by(member.desk) and life.held is not begins
        step = (lambda: self.work.hold(member.user, report, "juicio")) if begins else (
            lambda: self.work.end_hold(member.user, report)
        )  # fmt: skip
        if self.tries(report, member, step, may):
            life.held = begins

    def member(self, report: uuid.UUID, who: str) -> Member:
        life = self.lives[report]
        if who == "owner":
            return self.staff.one_of(lambda desk: desk == life.desk)
        if who == "asked" and life.offer:
            return self.staff.one_of(lambda desk: life.offered_to(desk))
        return self.staff.one_of(lambda desk: desk != life.desk)

    def tries(
        self, report: uuid.UUID, member: Member, step: Callable[[], bool], may: bool, reading: bool = False
    ) -> bool:
        """Whether it was done, as it ``may``. Else nothing is changed; who can see the report is told why not."""
        life, self.staff.acting = self.lives[report], member.held
        if may:
            assert step()
            return True
        before = as_it_stands(self.faro, report)
        if life.owned_by(member.desk) or reading and life.shown_to(member.desk):
            with pytest.raises(WrongStep):
                step()
        else:
            assert step() is False
        assert as_it_stands(self.faro, report) == before
        return False

    # Who comes and goes, and what the clock does

    @rule(desk=st.sampled_from([*DESKS]))
    def somebody_comes(self, desk: str) -> None:
        self.staff.invites(desk)

    @rule(report=made, oldest=st.booleans())
    def somebody_leaves(self, report: uuid.UUID, oldest: bool) -> None:
        desk = self.lives[report].desk
        self.staff.removes(self.staff.one_of(lambda one: one == desk, newest=not oldest))

    @rule(hours=st.sampled_from([0, 1, 3, 25, 49, 24 * 91]), worker=st.sampled_from(["minute", "hour", "none"]))
    def time_passes(self, hours: int, worker: str) -> None:
        if hours:
            grows_older(self.faro, timedelta(hours=hours))
        self.clock += timedelta(hours=hours)
        if worker == "minute":
            for work in (handing.run, copying.run, passing.run):
                work(self.faro, now())
        elif worker == "hour":
            forget(self.faro, now())
        for life in self.lives.values():
            {"minute": life.a_minute, "hour": life.an_hour}.get(worker, lambda _: None)(self.clock)

    # What holds after each step

    @invariant()
    def each_report_is_as_it_must_be(self) -> None:
        with self.faro.sessions() as session:
            for number, life in self.lives.items():
                row = session.get(Report, number)
                assert (row is None) is (life.there == "erased")
                if row is None:
                    continue
                assert (row.status, row.desk, row.reduced_at is not None) == (
                    life.status,
                    life.desk,
                    life.there == "reduced",
                )
                assert row.status in LEGAL[self.was.get(number, "filed")]
                assert row.desk in DESKS and not life.barred(row.desk)
                assert row.assigned_to == (life.in_hand if life.there == "whole" else None)
                assert {desk for desk in DESKS if desk_keys.opens(session, row, desk)} == life.readers
                self.was[number] = row.status

    @invariant()
    def it_was_with_one_desk_after_the_other(self) -> None:
        for number, life in self.lives.items():
            moves = [one for one in row_of(self.faro, ReportEvent, number) if one.kind in ("passed_on", "handed_over")]
            way = list(zip(life.owners, life.owners[1:], strict=False)) if life.there == "whole" else []
            assert [(one.from_desk, one.to_desk) for one in moves] == way
            assert len(row_of(self.faro, Note, number)) == (life.notes if life.there == "whole" else 0)

    @invariant()
    def who_holds_the_key_of_its_desk_reads_it_and_nobody_else(self) -> None:
        with self.faro.sessions() as session:
            for number, life in self.lives.items():
                if life.there == "whole":
                    row = session.get_one(Report, number)
                    can = {member.user.id for member in self.staff.here if self.reads(session, row, member)}
                    assert can == {member.user.id for member in self.staff.here if member.desk in life.readers}
                    assert not any(self.reads(session, row, member) for member in self.staff.gone)
                    assert lines(self.faro, row) == life.lines

    def reads(self, session: Session, report: Report, member: Member) -> bool:
        try:
            private = desk_keys.private_of(session, report, member.held)
        except desk_keys.NotHeld:
            return False
        return bool(boxes.take(private, report.words_boxed)["words"])

    def teardown(self) -> None:
        with self.faro.sessions.begin() as session:
            session.execute(delete(Report).where(Report.id.in_(self.lives)))
        self.staff.all_go()


@pytest.fixture
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with campaign(runtime, tmp_path_factory.mktemp("states")) as made:
        yield made


def test_in_any_order_a_report_has_one_desk_that_reads_it_and_goes_only_forward(
    faro: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_up, "MEMORY", 64 * 1024)  # bytes: nobody tries receipts here
    with jobs.queue(faro.settings.database).open() as queue:
        Reports.faro, Reports.staff = faro, Staff(faro)
        Reports.work = Work(faro, queue, lambda: Reports.staff.acting)
        Reports.moving = Moving(Reports.work)
        run_state_machine_as_test(Reports, settings=FEW)
    with faro.sessions() as session:
        assert audit.verify(session).number > FEW.max_examples
