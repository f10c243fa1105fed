"""The worker's slots: a crowd is served as fast as its provider answers, and a slow provider holds up nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from bot import slots


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> float:
    """What is slow, made short."""
    monkeypatch.setattr(slots, "SLOW", 0.3)
    return 0.3


def _asks(provider: object, patient: bool = True) -> tuple[float, float]:
    """What one of three that may hold two slots is told, and after how long."""
    began = time.monotonic()
    with slots.one(provider, 2, patient) as wait:
        return wait, time.monotonic() - began


@contextmanager
def _holding(provider: object, many: int = 2) -> Iterator[threading.Event]:
    """So many slots are held, until the event is set or the block ends."""
    done, held = threading.Event(), threading.Barrier(many + 1)

    def hold() -> None:
        with slots.one(provider, 2) as wait:
            assert wait == 0
            held.wait(5)
            done.wait(5)

    with ThreadPoolExecutor(many) as pool:
        calls = [pool.submit(hold) for _ in range(many)]
        held.wait(5)
        try:
            yield done
        finally:
            done.set()
            for call in calls:
                call.result()


def test_a_crowd_waits_for_the_next_free_slot_and_not_for_the_next_look_at_the_queue() -> None:
    provider = object()
    with _holding(provider) as done, ThreadPoolExecutor(1) as pool:
        asks = pool.submit(_asks, provider)
        time.sleep(0.05)
        assert not asks.done()
        done.set()
        told, after = asks.result(5)
    assert told == 0 and after < slots.SOON


def test_who_is_not_patient_is_told_to_come_back_soon() -> None:
    provider = object()
    with _holding(provider):
        told, after = _asks(provider, patient=False)
    assert told == slots.SOON and after < slots.SOON


def test_a_slow_provider_is_waited_for_once_and_then_by_nobody(slow: float) -> None:
    provider = object()
    with _holding(provider):
        first, second = _asks(provider), _asks(provider)
    assert first[0] == second[0] == slots.LATER
    assert slow * 0.8 < first[1] < 3 * slow and second[1] < slow / 2
    with _holding(provider):  # the next calls may be as slow, so the worker is not made to wait for them
        told, after = _asks(provider)
        assert told == slots.LATER and after < slow / 2


def test_one_quick_call_makes_a_slow_provider_a_quick_one(slow: float) -> None:
    provider = object()
    with _holding(provider):
        time.sleep(slow * 1.5)
    assert _asks(provider)[0] == 0
    with _holding(provider) as done, ThreadPoolExecutor(1) as pool:
        asks = pool.submit(_asks, provider)
        time.sleep(0.05)
        assert not asks.done()
        done.set()
        assert asks.result(5)[0] == 0


def test_a_slow_provider_does_not_hold_up_another_and_alerts_have_one_slot(slow: float) -> None:
    one, other = object(), object()
    with _holding(one):
        assert _asks(other)[0] == 0 and _asks(None)[0] == 0
        with slots.one(other, 1) as first, slots.one(other, 1) as second:
            assert (first, second) == (0.0, slots.SOON)
