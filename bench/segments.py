"""What the answers cost by SMS, before and after: ``python -m bench.segments`` writes bench/results/segments.md.

Every topic in every language, for nobody's country and for each that has texts of its own; and every phrase.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from bot import sms
from bot.channels.rendering import for_sms
from bot.content import LANGUAGES, Content, read
from bot.replies import Part, Person, Reply, Wording, write
from bot.replies.wording import ROUTE

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Segments per answer

Made by `.venv/bin/python -m bench.segments` over all of content/. A segment is what a carrier bills: 153 letters of
GSM-7, or 67 of UCS-2 as soon as one letter is outside it. Means over {answers} answers ({topics} topics).

- **as written**: the whole answer as other channels show it, in one SMS, accents kept.
- **same words**: the same, but letters replaced where a reader loses nothing (á → a).
- **sent**: what Faro sends: the short form and the contacts first, two segments at most; the rest after "MORE".
- **read to the end**: all pages, for somebody who asks for each.

| | answers | as written | same words | ratio | sent | ratio | read to the end | ratio |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Cost:
    """Segments of one answer."""

    language: str
    written: int
    fitted: int
    sent: int
    whole: int


def answers(content: Content) -> Iterator[tuple[Wording, str]]:
    # Not today's date: the table must not change by itself when a text lapses.
    checked = max(text.checked_on for topic in content.topics.values() for text in topic.texts.values())
    noon = datetime.combine(checked, time(12), UTC)
    for language in LANGUAGES:
        for country in (None, *ROUTE):
            words = Wording(content, Person(language, country, country, brief=True), noon)
            yield from ((words, topic) for topic, found in content.topics.items() if found.texts)


def cost(words: Wording, topic: str) -> Cost:
    full = Wording(words.content, Person(words.person.language, words.person.country, words.person.country), words.at)
    text = "\n".join(_lines(part) for part in write(full, Reply("topic", {"topic": topic})))
    rendered = for_sms(write(words, Reply("topic", {"topic": topic})), words.say)
    pages = [*(part.text for part in rendered.parts), *rendered.rest]
    return Cost(
        words.person.language,
        sms.measure(text).segments,
        sms.measure(sms.fit(text)).segments,
        sum(sms.measure(part.text).segments for part in rendered.parts),
        sum(sms.measure(page).segments for page in pages),
    )


def _lines(part: Part) -> str:
    return "\n".join([part.text, *(f"{option.number} {option.label}" for option in part.options)])


def table(costs: list[Cost], topics: int) -> str:
    rows = [_row(language, [c for c in costs if c.language == language]) for language in LANGUAGES]
    return HEAD.format(answers=len(costs), topics=topics) + "\n".join([*rows, _row("**all**", costs)]) + "\n"


def _row(name: str, costs: list[Cost]) -> str:
    def mean(field: str) -> float:
        return sum(getattr(c, field) for c in costs) / len(costs)

    before = mean("written")
    cells = [f"{before:.1f}"]
    for field in ("fitted", "sent", "whole"):
        cells += [f"{mean(field):.1f}", f"{mean(field) / before:.2f}"]
    return f"| {name} | {len(costs)} | " + " | ".join(cells) + " |"


def main() -> None:
    content = read(ROOT / "content")
    costs = [cost(words, topic) for words, topic in answers(content)]
    made = table(costs, len({topic for _, topic in answers(content)}))
    (ROOT / "bench/results/segments.md").write_text(made, "utf-8")
    print(made)


if __name__ == "__main__":
    main()
