"""What bench/results/segments.md says is what the content costs today."""

from __future__ import annotations

from bench.segments import ROOT, answers, cost, table
from bot.content import read


def test_an_answer_by_sms_costs_at_most_half_of_what_it_would_as_written_and_the_table_is_today_s() -> None:
    content = read(ROOT / "content")
    costs = [cost(words, topic) for words, topic in answers(content)]
    assert all(c.sent <= 2 for c in costs)
    assert sum(c.sent for c in costs) <= sum(c.written for c in costs) / 2
    made = table(costs, len({topic for _, topic in answers(content)}))
    assert (ROOT / "bench/results/segments.md").read_text("utf-8") == made, "run python -m bench.segments"
